"""Pages of one credential with its uses and grants, and the list of a team's credentials."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from registry_ui.accounts.models import Role, Team
from registry_ui.accounts.permissions import may_here, require_admin
from registry_ui.accounts.requests import TeamRequest
from registry_ui.accounts.sign_in.confirmation import needs_recent_sign_in
from registry_ui.oci.errors import OciError

from .. import services
from ..forms import RotateForm, ShareForm
from ..login_test import is_unreachable, log_in
from ..models import Credential, CredentialGrant
from ..sharing import find_grant
from ..summary import SharedCredential, credentials_shared_with, find_all_dependents, recent_uses
from .credentials import row_context

_form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def team_credentials(request: TeamRequest) -> HttpResponse:
    team = request.team
    own = (
        Credential.objects.filter(team=team)
        .select_related("registry")
        .order_by("registry__name", "label")
    )
    # One query for the counts of all credentials.
    own = own.annotate(share_count=Count("grants", filter=Q(grants__revoked_at=None)))
    context = {
        "own": own if team else [],
        "shared": credentials_shared_with(team) if team else [],
        "may_edit": may_here(request, Role.ADMIN),
    }
    return render(request, "registries/team_credentials.html", context)


@require_safe
def credential(request: TeamRequest, pk: str) -> HttpResponse:
    """Show the whole page to the owner's team, and a shorter one to a team it is shared with."""
    rows = Credential.objects.select_related("registry", "team", "created_by")
    # Members of the owner's team and of the other team use the same address.
    own = rows.filter(pk=pk).visible_to(request.user).first()
    if own is not None:
        context = {
            **row_context(request, own),
            "registry": own.registry,
            "grants": own.grants.filter(revoked_at=None).select_related("team", "credential"),
            "uses": recent_uses(own),
            "dependents": find_all_dependents(own),
        }
        return render(request, "registries/credential.html", context)

    # The other team sees neither the owner's jobs nor other grants.
    shared, team = _shared_credential(request, pk)
    dependents = find_all_dependents(shared.credential, team=team)
    context = {
        "shared": shared,
        "credential": shared.credential,
        "team": team,
        "dependents": dependents,
    }
    return render(request, "registries/credential_shared.html", context)


@sensitive_post_parameters("secret")
@_form_methods
@needs_recent_sign_in
def rotate(request: TeamRequest, pk: str) -> HttpResponseBase:
    credential = _get_editable(request, pk)
    form = RotateForm(request.POST or None, credential=credential)
    if form.is_valid() and _rotate(request, form, credential):
        url = resolve_url("registries:credential", credential.pk)
        return HttpResponseClientRedirect(url) if _is_fragment(request) else redirect(url)

    template = (
        "registries/_rotate_form.html"
        if _is_fragment(request)
        else "registries/credential_rotate.html"
    )
    context = {
        "form": form,
        "credential": credential,
        "registry": credential.registry,
        "provider": form.provider,
    }
    return render(request, template, context, status=422 if form.is_bound else 200)


@_form_methods
@needs_recent_sign_in
def grant_add(request: TeamRequest, pk: str) -> HttpResponse:
    credential = _get_editable(request, pk)
    form = ShareForm(request.POST or None, credential=credential)
    if form.is_valid():
        team: Team = form.cleaned_data["team"]
        try:
            services.share_credential(
                credential=credential, team=team, user=request.user, terms=form.terms()
            )
        except ValidationError as exc:
            form.add_error(None, exc)
        else:
            messages.success(
                request,
                _("“%(label)s” is shared with %(team)s.")
                % {"label": credential.label, "team": team},
            )
            return redirect("registries:credential", credential.pk)

    return _share_page(request, form)


@_form_methods
@needs_recent_sign_in
def grant_edit(request: TeamRequest, pk: str) -> HttpResponse:
    grant = _get_editable_grant(request, pk)
    form = ShareForm(request.POST or None, credential=grant.credential, grant=grant)
    if form.is_valid():
        try:
            services.change_grant(grant=grant, user=request.user, terms=form.terms())
        except ValidationError as exc:
            form.add_error(None, exc)
        else:
            messages.success(
                request, _("The share with %(team)s is changed.") % {"team": grant.team}
            )
            return redirect("registries:credential", grant.credential_id)

    return _share_page(request, form)


@_form_methods
@needs_recent_sign_in
def grant_revoke(request: TeamRequest, pk: str) -> HttpResponse:
    grant = _get_editable_grant(request, pk)
    if request.method != "POST":
        dependents = find_all_dependents(grant.credential, team=grant.team)
        context = {
            "grant": grant,
            "credential": grant.credential,
            "registry": grant.credential.registry,
            "dependents": dependents,
        }
        return render(request, "registries/grant_revoke.html", context)

    stopped = services.revoke_grant(grant=grant, user=request.user)
    parameters = {"label": grant.credential.label, "team": grant.team, "count": stopped}
    sentence = _("“%(label)s” is taken back from %(team)s.") % parameters
    if stopped:
        sentence += (
            " "
            + ngettext(
                "%(count)d job of theirs was stopped.",
                "%(count)d jobs of theirs were stopped.",
                stopped,
            )
            % parameters
        )

    messages.success(request, sentence)
    return redirect("registries:credential", grant.credential_id)


def _get_editable(request: TeamRequest, pk: str) -> Credential:
    """Return a credential of a team of which the user is an admin.

    Raises:
        Http404, PermissionDenied
    """
    credential = get_object_or_404(
        Credential.objects.visible_to(request.user).select_related("registry", "team"), pk=pk
    )
    require_admin(request.user, credential)
    return credential


def _get_editable_grant(request: TeamRequest, pk: str) -> CredentialGrant:
    """Return a grant by a team of which the user is an admin.

    Raises:
        Http404: also for a team that the credential is shared with.
        PermissionDenied
    """
    rows = CredentialGrant.objects.granted_by(request.user).select_related(
        "team", "credential__team", "credential__registry"
    )
    grant = get_object_or_404(rows, pk=pk)
    require_admin(request.user, grant.credential)
    return grant


def _shared_credential(request: TeamRequest, pk: str) -> tuple[SharedCredential, Team]:
    """Return a credential shared with a team of the user (the current team first), and the team.

    Raises:
        Http404
    """
    for team in sorted(request.teams, key=lambda team: team != request.team):
        credential = Credential.objects.usable_by(team).filter(pk=pk).first()
        grant = find_grant(credential, team) if credential is not None else None
        if credential is not None and grant is not None:
            return SharedCredential(credential, grant), team
    raise Http404


def _rotate(request: TeamRequest, form: RotateForm, credential: Credential) -> bool:
    """Save the new secret; return False if the form has an error and the old one is kept."""
    try:
        sentence = _test_login(request, form)
        values = {
            "secret": form.cleaned_data["secret"],
            "expires_at": form.cleaned_data["expires_at"],
        }
        services.rotate_credential(
            credential=credential, user=request.user, is_verified=bool(sentence), **values
        )
    except OciError as exc:
        form.add_failure(exc)
        return False
    except ValidationError as exc:
        form.add_error(None, exc)
        return False

    messages.success(
        request,
        _("The new secret of “%(label)s” is in place.") % {"label": credential.label}
        + f" {sentence}",
    )
    if not sentence:
        messages.warning(request, _("Its login is not tested yet."))

    return True


def _test_login(request: TeamRequest, form: RotateForm) -> str:
    """Log in with the new secret and return the sentence about it.

    Empty if the registry does not answer and the user saves the secret untested.

    Raises:
        OciError: the registry refuses it, or does not answer.
    """
    try:
        return log_in(form.registry, form.login())
    except OciError as exc:
        # Only an unreachable registry allows an untested secret; a refused one is never saved.
        if is_unreachable(exc) and "save_anyway" in request.POST:
            return ""
        raise


def _share_page(request: TeamRequest, form: ShareForm) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "credential": form.credential,
        "registry": form.credential.registry,
        "grant": form.grant,
    }
    return render(
        request, "registries/grant_form.html", context, status=422 if form.is_bound else 200
    )


def _is_fragment(request: TeamRequest) -> bool:
    return bool(request.htmx and not request.htmx.boosted)
