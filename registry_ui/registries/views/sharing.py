"""A credential in full: its use, its shares, and a new secret. A team's list of all that it may use."""

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

from registry_ui.accounts.access import require_admin
from registry_ui.accounts.models import Role, Team
from registry_ui.accounts.recency import needs_recent_sign_in
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.errors import OciError

from .. import services
from ..checking import is_unreachable, log_in
from ..forms import RotateForm, ShareForm
from ..lending import grant_for
from ..models import Credential, CredentialGrant
from ..overseeing import Borrowed, borrowed_by, uses_of, would_stop
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
    own = own.annotate(share_count=Count("grants", filter=Q(grants__revoked_at=None)))
    context = {
        "own": own if team else [],
        "borrowed": borrowed_by(team) if team else [],
        "may_edit": request.role is not None and request.role.allows(Role.ADMIN),
    }
    return render(request, "registries/team_credentials.html", context)


@require_safe
def credential(request: TeamRequest, pk: str) -> HttpResponse:
    """In full for its own team; for one that it is shared with, only what that one needs to know."""
    rows = Credential.objects.select_related("registry", "team", "created_by")
    own = rows.filter(pk=pk).visible_to(request.user).first()
    if own is not None:
        context = {
            **row_context(request, own),
            "registry": own.registry,
            "grants": own.grants.filter(revoked_at=None).select_related("team", "credential"),
            "uses": uses_of(own),
            "dependents": would_stop(own),
        }
        return render(request, "registries/credential.html", context)
    borrowed, team = _borrowed(request, pk)
    dependents = would_stop(borrowed.credential, team=team)
    context = {
        "borrowed": borrowed,
        "credential": borrowed.credential,
        "team": team,
        "dependents": dependents,
    }
    return render(request, "registries/credential_lent.html", context)


@sensitive_post_parameters("secret")
@_form_methods
@needs_recent_sign_in
def rotate(request: TeamRequest, pk: str) -> HttpResponseBase:
    credential = _editable(request, pk)
    form = RotateForm(request.POST or None, credential=credential)
    if form.is_valid() and _rotated(request, form, credential):
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
        "facts": form.facts,
    }
    return render(request, template, context, status=422 if form.is_bound else 200)


@_form_methods
@needs_recent_sign_in
def grant_add(request: TeamRequest, pk: str) -> HttpResponse:
    credential = _editable(request, pk)
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
    grant = _editable_grant(request, pk)
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
    grant = _editable_grant(request, pk)
    if request.method != "POST":
        dependents = would_stop(grant.credential, team=grant.team)
        context = {
            "grant": grant,
            "credential": grant.credential,
            "registry": grant.credential.registry,
            "dependents": dependents,
        }
        return render(request, "registries/grant_revoke.html", context)
    stopped = services.revoke_grant(grant=grant, user=request.user)
    words = {"label": grant.credential.label, "team": grant.team, "count": stopped}
    sentence = _("“%(label)s” is taken back from %(team)s.") % words
    if stopped:
        sentence += (
            " "
            + ngettext(
                "%(count)d job of theirs was stopped.",
                "%(count)d jobs of theirs were stopped.",
                stopped,
            )
            % words
        )
    messages.success(request, sentence)
    return redirect("registries:credential", grant.credential_id)


def _editable(request: TeamRequest, pk: str) -> Credential:
    """
    Raises:
        Http404, PermissionDenied
    """
    credential = get_object_or_404(
        Credential.objects.visible_to(request.user).select_related("registry", "team"), pk=pk
    )
    require_admin(request.user, credential)
    return credential


def _editable_grant(request: TeamRequest, pk: str) -> CredentialGrant:
    """Only those who gave it: to the team that has it, it is not there to be changed.

    Raises:
        Http404, PermissionDenied
    """
    rows = CredentialGrant.objects.given_by(request.user).select_related(
        "team", "credential__team", "credential__registry"
    )
    grant = get_object_or_404(rows, pk=pk)
    require_admin(request.user, grant.credential)
    return grant


def _borrowed(request: TeamRequest, pk: str) -> tuple[Borrowed, Team]:
    """A credential that is shared with a team of the person, the current one first, and that team.

    Raises:
        Http404
    """
    for team in sorted(request.teams, key=lambda each: each != request.team):
        found = Credential.objects.usable_by(team).filter(pk=pk).first()
        grant = grant_for(found, team) if found is not None else None
        if found is not None and grant is not None:
            return Borrowed(found, grant), team
    raise Http404


def _rotated(request: TeamRequest, form: RotateForm, credential: Credential) -> bool:
    """Whether the new secret is in place; if not, the form says why, and the old one is."""
    try:
        sentence = _tested(request, form)
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


def _tested(request: TeamRequest, form: RotateForm) -> str:
    """Log in with it; empty where the registry does not answer, and the person has said that it is to be kept all the same.

    Raises:
        OciError: the registry refuses it, or does not answer.
    """
    try:
        return log_in(form.registry, form.login())
    except OciError as exc:
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
