"""One person, as administrators of the installation see them."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from .. import services
from ..access import needs_administrator
from ..departures import running_of
from ..member_forms import AddToTeamForm, WorkForm
from ..models import ApiToken, Role, User
from ..recency import needs_recent_sign_in
from ..requests import TeamRequest
from ..roster import memberships_of, successors_everywhere, with_last_seen

_form_methods = require_http_methods(["GET", "HEAD", "POST"])


@_form_methods
@needs_administrator
@needs_recent_sign_in
def person(request: TeamRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(with_last_seen(User.objects.all()), pk=pk)
    form = AddToTeamForm(request.POST if "add" in request.POST else None, person=found)
    if request.method != "POST":
        return _page(request, found, form)
    try:
        done = _act(request, found, form)
    except services.Refused as exc:
        messages.error(request, str(exc))
        return _page(request, found, form, status=422)
    if not done:
        return _page(request, found, form, status=422)
    messages.success(request, done)
    return redirect("accounts:installation_person", found.pk)


@_form_methods
@needs_administrator
@needs_recent_sign_in
def deactivate(request: TeamRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(User, pk=pk)
    running = running_of(found)
    form = WorkForm(
        request.POST if request.method == "POST" else None,
        running=running,
        successors=successors_everywhere(found, request.user),
        me=request.user,
    )
    if request.method == "POST" and (form.is_valid() or not form.fields):
        try:
            settled = services.deactivate_person(
                person=found, by=request.user, successor=form.successor
            )
        except services.Refused as exc:
            form.add_error(None, str(exc))
        else:
            done = _("%(name)s is deactivated: signed out everywhere, and every token is dead.") % {
                "name": found.get_username()
            }
            messages.success(request, " ".join([done, *settled.words]))
            return redirect("accounts:installation_person", found.pk)
    context = {
        "person": found,
        "form": form,
        "running": running,
        "alone": _only_admin_of(found),
        "token_count": _tokens_of(found),
    }
    return render(
        request, "accounts/person_deactivate.html", context, status=422 if form.is_bound else 200
    )


def _act(request: TeamRequest, found: User, form: AddToTeamForm) -> str:
    """Do what the button asks for; what was done, in a sentence, or nothing where the form is not right."""
    for name, act in _ACTS.items():
        if name in request.POST:
            return act(request, found)
    if not form.is_valid():
        return ""
    values = form.cleaned_data
    services.add_member(team=values["team"], user=found, role=Role(values["role"]), by=request.user)
    return _("%(name)s is in the team %(team)s now.") % {
        "name": found.get_username(),
        "team": values["team"].name,
    }


def _activate(request: TeamRequest, found: User) -> str:
    services.activate_person(person=found, by=request.user)
    return _("%(name)s may sign in again, with the same teams. Tokens stay dead.") % {
        "name": found.get_username()
    }


def _promote(request: TeamRequest, found: User) -> str:
    services.set_administrator(person=found, value=True, by=request.user)
    return _("%(name)s administers the installation now.") % {"name": found.get_username()}


def _demote(request: TeamRequest, found: User) -> str:
    services.set_administrator(person=found, value=False, by=request.user)
    return _("%(name)s administers the installation no more.") % {"name": found.get_username()}


_ACTS: dict[str, Callable[[TeamRequest, User], str]] = {
    "activate": _activate,
    "promote": _promote,
    "demote": _demote,
}


def _page(
    request: TeamRequest, found: User, form: AddToTeamForm, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "person": found,
        "memberships": memberships_of(found),
        "form": form,
        "running": running_of(found),
        "token_count": _tokens_of(found),
    }
    return render(request, "accounts/person.html", context, status=status)


def _tokens_of(found: User) -> int:
    return ApiToken.objects.alive().filter(user=found).count()


def _only_admin_of(found: User) -> list[str]:
    """Teams that have no other admin: administrators of the installation keep them meanwhile."""
    return [each.team.name for each in memberships_of(found) if services.is_last_admin(each)]
