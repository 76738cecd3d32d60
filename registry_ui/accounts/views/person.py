"""Administration pages of one person."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from .. import services
from ..member_forms import ActiveJobsForm, AddToTeamForm
from ..member_lists import memberships_of, successors_in_all_teams, with_last_seen
from ..models import ApiToken, Role, User
from ..offboarding import active_jobs_of
from ..permissions import needs_administrator
from ..requests import TeamRequest
from ..sign_in.confirmation import needs_recent_sign_in

_form_methods = require_http_methods(["GET", "HEAD", "POST"])


@_form_methods
@needs_administrator
@needs_recent_sign_in
def person(request: TeamRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(with_last_seen(User.objects.all()), pk=pk)
    # The page has other buttons, which must not show errors in this form.
    form = AddToTeamForm(request.POST if "add" in request.POST else None, person=account)
    if request.method != "POST":
        return _page(request, account, form)

    try:
        message = _run_action(request, account, form)
    except services.Refused as exc:
        messages.error(request, str(exc))
        return _page(request, account, form, status=422)
    if not message:
        return _page(request, account, form, status=422)
    messages.success(request, message)
    return redirect("accounts:administration_person", account.pk)


@_form_methods
@needs_administrator
@needs_recent_sign_in
def deactivate(request: TeamRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(User, pk=pk)
    running = active_jobs_of(account)
    form = ActiveJobsForm(
        request.POST if request.method == "POST" else None,
        running=running,
        successors=successors_in_all_teams(account, request.user),
        me=request.user,
    )

    if request.method == "POST" and (form.is_valid() or not form.fields):
        try:
            result = services.deactivate_person(
                person=account, by=request.user, successor=form.successor
            )
        except services.Refused as exc:
            form.add_error(None, str(exc))
        else:
            message = _(
                "%(name)s is deactivated: signed out everywhere, and every token is dead."
            ) % {"name": account.get_username()}
            messages.success(request, " ".join([message, *result.sentences]))
            return redirect("accounts:administration_person", account.pk)

    context = {
        "person": account,
        "form": form,
        "running": running,
        "only_admin_of": _only_admin_of(account),
        "token_count": _token_count(account),
    }
    return render(
        request, "accounts/person_deactivate.html", context, status=422 if form.is_bound else 200
    )


def _run_action(request: TeamRequest, account: User, form: AddToTeamForm) -> str:
    """Run the action of the button and return a message, empty where the form is invalid."""
    for name, action in _ACTIONS.items():
        if name in request.POST:
            return action(request, account)

    # The remaining button adds the person to a team.
    if not form.is_valid():
        return ""
    values = form.cleaned_data
    services.add_member(
        team=values["team"], user=account, role=Role(values["role"]), by=request.user
    )
    return _("%(name)s is in the team %(team)s now.") % {
        "name": account.get_username(),
        "team": values["team"].name,
    }


def _activate(request: TeamRequest, account: User) -> str:
    services.activate_person(person=account, by=request.user)
    return _("%(name)s may sign in again, with the same teams. Tokens stay dead.") % {
        "name": account.get_username()
    }


def _promote(request: TeamRequest, account: User) -> str:
    services.set_administrator(person=account, value=True, by=request.user)
    return _("%(name)s administers the installation now.") % {"name": account.get_username()}


def _demote(request: TeamRequest, account: User) -> str:
    services.set_administrator(person=account, value=False, by=request.user)
    return _("%(name)s administers the installation no more.") % {"name": account.get_username()}


_ACTIONS: dict[str, Callable[[TeamRequest, User], str]] = {
    "activate": _activate,
    "promote": _promote,
    "demote": _demote,
}


def _page(
    request: TeamRequest, account: User, form: AddToTeamForm, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "person": account,
        "memberships": memberships_of(account),
        "form": form,
        "running": active_jobs_of(account),
        "token_count": _token_count(account),
    }
    return render(request, "accounts/person.html", context, status=status)


def _token_count(account: User) -> int:
    return ApiToken.objects.active().filter(user=account).count()


def _only_admin_of(account: User) -> list[str]:
    """Return the names of the teams that have no other admin."""
    return [
        membership.team.name
        for membership in memberships_of(account)
        if services.is_last_admin(membership)
    ]
