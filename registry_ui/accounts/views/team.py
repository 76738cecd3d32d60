"""Pages of the current team: members, name and invitations."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from .. import services
from ..mail import send_invitation
from ..member_forms import ActiveJobsForm, InviteForm, RoleForm, TeamNameForm
from ..member_lists import administrators, members_of, successors_of
from ..models import Invitation, Membership, Role
from ..offboarding import OffboardingResult, active_jobs_of
from ..permissions import may_here, needs_role, require_admin
from ..redirects import local_url
from ..requests import TeamRequest
from ..sign_in.confirmation import needs_recent_sign_in, needs_recent_sign_in_for

_form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def members(request: TeamRequest) -> HttpResponse:
    # A person in no team sees a page that says so.
    if request.team is None:
        return render(request, "accounts/team.html", {})
    may_edit = may_here(request, Role.ADMIN)
    invitations = Invitation.objects.open().filter(team=request.team).select_related("created_by")
    context = {
        "members": members_of(request.team),
        "administrators": administrators(),
        "invitations": invitations if may_edit else Invitation.objects.none(),
        "may_edit": may_edit,
    }
    return render(request, "accounts/team.html", context)


@_form_methods
@needs_role(Role.ADMIN)
@needs_recent_sign_in
def edit(request: TeamRequest) -> HttpResponse:
    assert request.team is not None
    form = TeamNameForm(
        request.POST or None, team=request.team, initial={"name": request.team.name}
    )

    if form.is_valid():
        try:
            services.rename_team(team=request.team, name=form.cleaned_data["name"], by=request.user)
        # Another request took the name after the form had looked.
        except IntegrityError:
            form.add_error("name", _("Another team has this name."))
        else:
            messages.success(
                request, _("The team is called %(name)s now.") % {"name": form.cleaned_data["name"]}
            )
            return redirect("accounts:team")
    return _form_page(request, "accounts/team_edit.html", form, team=request.team)


@_form_methods
@needs_recent_sign_in
def member_role(request: TeamRequest, pk: int) -> HttpResponse:
    membership = _visible(request, pk)
    require_admin(request.user, membership)
    form = RoleForm(request.POST or None, initial={"role": membership.role})
    if form.is_valid():
        try:
            services.change_role(
                membership=membership, role=form.cleaned_data["role"], by=request.user
            )
        except services.Refused as exc:
            form.add_error(None, str(exc))
        else:
            params = {
                "name": membership.user.get_username(),
                "role": form.cleaned_data["role"].label,
            }
            messages.success(request, _("%(name)s is %(role)s now.") % params)
            return redirect(_return_url(request))

    context = {
        "membership": membership,
        "is_last": services.is_last_admin(membership),
        "back": _return_url(request),
    }
    return _form_page(request, "accounts/member_role.html", form, **context)


@_form_methods
@needs_recent_sign_in
def member_remove(request: TeamRequest, pk: int) -> HttpResponse:
    """Remove a member, as an admin, or leave the team."""
    membership = _visible(request, pk)
    leaves = membership.user == request.user
    if not leaves:
        require_admin(request.user, membership)

    # Only an admin decides about jobs; those of a person who leaves are cancelled.
    running = active_jobs_of(membership.user, membership.team)
    successors = successors_of(membership, request.user)
    form = ActiveJobsForm(
        request.POST if request.method == "POST" else None,
        running=[] if leaves else running,
        successors=successors,
        me=request.user,
    )

    if request.method == "POST" and (form.is_valid() or not form.fields):
        try:
            result = services.remove_member(
                membership=membership, by=request.user, successor=form.successor
            )
        except services.Refused as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, _removal_message(membership, result, leaves=leaves))
            return redirect(_return_url(request))

    context = {
        "membership": membership,
        "running": running,
        "leaves": leaves,
        "is_last": services.is_last_admin(membership),
        "back": _return_url(request),
    }
    return _form_page(request, "accounts/member_remove.html", form, **context)


@_form_methods
@needs_role(Role.ADMIN)
@needs_recent_sign_in
def invite(request: TeamRequest) -> HttpResponse:
    """Create an invitation and show its link.

    The answer is no redirect: the link is not stored, so only this page can show it.
    """
    assert request.team is not None
    form = InviteForm(request.POST or None, sends_mail=settings.EMAIL_CONFIGURED)
    if not form.is_valid():
        return _form_page(request, "accounts/team_invite.html", form)

    values = form.cleaned_data
    invitation, token = services.invite(
        team=request.team,
        role=values["role"],
        email=values["email"],
        lifetime=form.lifetime,
        by=request.user,
    )

    link = request.build_absolute_uri(reverse("accounts:join", args=[token]))
    wants_mail = settings.EMAIL_CONFIGURED and bool(invitation.email)
    context = {
        "invitation": invitation,
        "link": link,
        "wants_mail": wants_mail,
        "was_sent": wants_mail and send_invitation(invitation, link),
    }
    return render(request, "accounts/team_invited.html", context)


@require_POST
@needs_recent_sign_in_for("accounts:team")
def invitation_revoke(request: TeamRequest, pk: str) -> HttpResponse:
    invitation = get_object_or_404(
        Invitation.objects.visible_to(request.user).select_related("team"), pk=pk
    )
    require_admin(request.user, invitation)
    if services.revoke_invitation(invitation=invitation, by=request.user):
        messages.success(request, _("The invitation is revoked: its link opens nothing any more."))
    else:
        messages.info(request, _("The invitation was not open any more."))
    return redirect("accounts:team")


def _visible(request: TeamRequest, pk: int) -> Membership:
    return get_object_or_404(
        Membership.objects.visible_to(request.user).select_related("team", "user"), pk=pk
    )


def _form_page(request: TeamRequest, template: str, form: Any, **context: Any) -> HttpResponse:
    return render(
        request, template, {"form": form, **context}, status=422 if form.is_bound else 200
    )


def _return_url(request: TeamRequest) -> str:
    """Return the URL of the page with the button: the team's or a person's."""
    target = request.POST.get("next", request.GET.get("next", ""))
    return local_url(request, target) or reverse("accounts:team")


def _removal_message(membership: Membership, result: OffboardingResult, *, leaves: bool) -> str:
    params = {"name": membership.user.get_username(), "team": membership.team.name}
    message = _("%(name)s is removed from the team %(team)s.")
    if leaves:
        message = _("You have left the team %(team)s.")
    return " ".join([message % params, *result.sentences])
