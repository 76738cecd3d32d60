"""Import of logins from a docker configuration in three pages. None sends the text back."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from registry_ui.accounts.models import Role, Team
from registry_ui.accounts.permissions import needs_role
from registry_ui.accounts.requests import TeamRequest
from registry_ui.accounts.sign_in.confirmation import needs_recent_sign_in

from ..docker_config import Login, Skipped
from ..docker_config_import import (
    ImportResult,
    chosen_logins,
    decrypt_draft,
    encrypt_draft,
    import_logins,
    plan_import,
)
from ..forms import DockerConfigForm, LoginSelection
from ..models import Credential

_form_methods = require_http_methods(["GET", "HEAD", "POST"])
_DRAFT = "docker_config_draft"
_SKIPPED = "docker_config_skipped"
_IMPORTED = "docker_config_imported"


@sensitive_post_parameters("text")
@_form_methods
@needs_role(Role.ADMIN)
@needs_recent_sign_in
def paste(request: TeamRequest) -> HttpResponseBase:
    assert request.team is not None
    form = DockerConfigForm(request.POST or None)
    is_fragment = request.htmx and not request.htmx.boosted
    if not form.is_valid():
        template = "registries/import.html#form" if is_fragment else "registries/import.html"
        return render(request, template, {"form": form}, status=422 if form.is_bound else 200)

    # The session is in the database or cache, so the draft is encrypted.
    request.session[_DRAFT] = encrypt_draft(
        user=request.user, team=request.team, logins=form.config.logins
    )
    # The session stores JSON, which has neither dataclasses nor lazy translations.
    request.session[_SKIPPED] = [[entry.name, str(entry.reason)] for entry in form.config.skipped]
    if is_fragment:
        return HttpResponseClientRedirect(resolve_url("registries:import_choose"))

    return redirect("registries:import_choose")


@_form_methods
@needs_role(Role.ADMIN)
def choose(request: TeamRequest) -> HttpResponse:
    assert request.team is not None
    logins = decrypt_draft(request.session.get(_DRAFT), user=request.user, team=request.team)
    if logins is None:
        _delete_draft(request)
        messages.warning(
            request, _("What was pasted is kept for fifteen minutes only. Paste it again.")
        )
        return redirect("registries:import_docker_config")
    # The secrets are deleted at once, not only after the draft's expiry.
    if request.method == "POST" and "discard" in request.POST:
        _delete_draft(request)
        messages.info(request, _("Nothing was imported."))
        return redirect("registries:list")

    form = LoginSelection(
        request.POST if request.method == "POST" else None,
        planned=plan_import(request.team, logins),
    )
    if form.is_valid():
        return _import(request, request.team, chosen_logins(logins, form.cleaned_data["login"]))

    context = {
        "form": form,
        "skipped": [Skipped(*entry) for entry in request.session.get(_SKIPPED, [])],
    }
    return render(
        request, "registries/import_choose.html", context, status=422 if form.is_bound else 200
    )


@require_safe
@needs_role(Role.ADMIN)
def done(request: TeamRequest) -> HttpResponse:
    # Filtered again: the person may have lost the role since the import.
    imported = Credential.objects.visible_to(request.user).filter(
        pk__in=request.session.get(_IMPORTED, [])
    )
    context = {
        "credentials": imported.select_related("registry"),
        "may_edit": True,
        "may_test": True,
    }
    return render(request, "registries/import_done.html", context)


def _import(request: TeamRequest, team: Team, logins: list[Login]) -> HttpResponse:
    result = import_logins(team=team, user=request.user, logins=logins)
    # A draft can be imported once only.
    _delete_draft(request)
    # The next page offers to test these credentials.
    request.session[_IMPORTED] = [str(credential.pk) for credential in result.credentials]
    messages.success(request, _summary(result))
    return redirect("registries:import_done")


def _summary(result: ImportResult) -> str:
    added, replaced, registries = (
        len(result.added),
        len(result.replaced),
        len(result.new_registries),
    )

    parts = [
        ngettext("%(count)d new credential", "%(count)d new credentials", added) % {"count": added}
        if added
        else "",
        ngettext("%(count)d new secret", "%(count)d new secrets", replaced) % {"count": replaced}
        if replaced
        else "",
        ngettext("%(count)d new registry", "%(count)d new registries", registries)
        % {"count": registries}
        if registries
        else "",
    ]

    return _("Imported: %(what)s.") % {"what": ", ".join(part for part in parts if part)}


def _delete_draft(request: TeamRequest) -> None:
    for key in (_DRAFT, _SKIPPED):
        request.session.pop(key, None)
