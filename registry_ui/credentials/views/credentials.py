"""Pages that add, edit, test and remove credentials. No page sends a secret back."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from registry_ui.accounts.models import Role
from registry_ui.accounts.permissions import allows, require_admin, require_operator, role_on
from registry_ui.accounts.requests import TeamRequest
from registry_ui.accounts.sign_in.confirmation import needs_recent_sign_in
from registry_ui.oci.errors import OciError
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe

from .. import services
from ..forms import CredentialForm
from ..login_test import log_in
from ..models import Credential
from ..summary import find_all_dependents

_form_methods = require_http_methods(["GET", "HEAD", "POST"])


@sensitive_post_parameters("secret")
@_form_methods
@needs_recent_sign_in
def add(request: TeamRequest, pk: str) -> HttpResponseBase:
    registry = get_object_or_404(Registry.objects.visible_to(request.user), pk=pk)
    require_admin(request.user, registry)
    services.refuse_builtin_registry(registry)
    form = CredentialForm(request.POST or None, registry=registry)
    if form.is_valid():
        saved = _save(request, form)
        if saved is not None:
            return _redirect_to(request, registry)
    return _form_page(request, form, "registries/credential_add.html")


@sensitive_post_parameters("secret")
@_form_methods
@needs_recent_sign_in
def edit(request: TeamRequest, pk: str) -> HttpResponseBase:
    credential = get_object_or_404(
        Credential.objects.visible_to(request.user).select_related("registry"), pk=pk
    )
    require_admin(request.user, credential)
    form = CredentialForm(request.POST or None, registry=credential.registry, credential=credential)
    if form.is_valid():
        saved = _save(request, form)
        if saved is not None:
            return _redirect_to(request, credential.registry)
    return _form_page(request, form, "registries/credential_edit.html")


@_form_methods
@needs_recent_sign_in
def remove(request: TeamRequest, pk: str) -> HttpResponse:
    credential = get_object_or_404(
        Credential.objects.visible_to(request.user).select_related("registry"), pk=pk
    )
    require_admin(request.user, credential)
    if request.method != "POST":
        context = {
            "credential": credential,
            "registry": credential.registry,
            "dependents": find_all_dependents(credential),
        }
        context["grants"] = credential.grants.filter(revoked_at=None).select_related("team")
        return render(request, "registries/credential_remove.html", context)

    services.remove_credential(credential=credential, user=request.user)
    messages.success(
        request, _("The credential “%(label)s” is removed.") % {"label": credential.label}
    )
    return redirect("registries:detail", credential.registry_id)


@require_POST
def test(request: TeamRequest, pk: str) -> HttpResponse:
    """Test the login. Answer htmx with a table of one row, others with a redirect."""
    credential = get_object_or_404(
        Credential.objects.visible_to(request.user).select_related("registry"), pk=pk
    )
    require_operator(request.user, credential)

    try:
        messages.success(request, services.check_login(credential))
    except OciError as exc:
        messages.error(request, str(describe(exc)))
    if request.htmx and not request.htmx.boosted:
        context = {"credentials": [credential], **row_context(request, credential)}
        return render(request, "registries/_credentials_table.html", context)
    # The button is on two pages.
    if request.POST.get("back") == "credential":
        return redirect("registries:credential", credential.pk)

    return redirect("registries:detail", credential.registry_id)


def row_context(request: TeamRequest, credential: Credential) -> dict[str, Any]:
    role = role_on(request, credential)
    return {
        "credential": credential,
        "may_edit": allows(role, Role.ADMIN),
        "may_test": allows(role, Role.OPERATOR),
    }


def _save(request: TeamRequest, form: CredentialForm) -> Credential | None:
    """Test and save the credential; return None if the form has an error."""
    try:
        # The login is tested before anything is saved.
        sentence = _test(request, form)
        credential = _store(request, form, is_verified=bool(sentence))
    except OciError as exc:
        form.add_failure(exc)
        return None
    except ValidationError as exc:
        form.add_error(None, exc)
        return None

    messages.success(
        request, sentence or _("The credential “%(label)s” is saved.") % {"label": credential.label}
    )
    if not sentence and form.is_new_login:
        messages.warning(request, _("Its login is not tested yet."))

    return credential


def _test(request: TeamRequest, form: CredentialForm) -> str:
    """Log in with the entered values and return the sentence about it.

    Empty if there is nothing new to test, or if the admin saves it untested.

    Raises:
        OciError
    """
    if not form.is_new_login or "save_anyway" in request.POST:
        return ""
    return log_in(form.registry, form.login())


def _store(request: TeamRequest, form: CredentialForm, *, is_verified: bool) -> Credential:
    arguments: dict[str, Any] = {
        "user": request.user,
        "values": form.values(),
        "secret": form.cleaned_data["secret"],
        "is_verified": is_verified,
    }
    if form.credential is None:
        return services.add_credential(registry=form.registry, **arguments)
    return services.change_credential(credential=form.credential, **arguments)


def _form_page(request: TeamRequest, form: CredentialForm, template: str) -> HttpResponse:
    is_fragment = request.htmx and not request.htmx.boosted
    context = {
        "form": form,
        "registry": form.registry,
        "provider": form.provider,
        "credential": form.credential,
    }
    # htmx replaces the form only; 422 tells it that the form has errors.
    template = "registries/_credential_form.html" if is_fragment else template
    return render(request, template, context, status=422 if form.is_bound else 200)


def _redirect_to(request: TeamRequest, registry: Registry) -> HttpResponseBase:
    if request.htmx and not request.htmx.boosted:
        # An htmx request follows a 302 itself and would insert the page into the form.
        return HttpResponseClientRedirect(resolve_url("registries:detail", registry.pk))
    return redirect("registries:detail", registry.pk)
