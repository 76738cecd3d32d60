"""What administrators of the installation do: teams and people."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import IntegrityError
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from .. import services
from ..access import needs_administrator
from ..belongings import belongings_of
from ..departures import end_work, running_of
from ..member_forms import NewTeamForm, RemoveTeamForm, TeamNameForm
from ..models import Role, Team, User
from ..recency import needs_recent_sign_in
from ..requests import TeamRequest
from ..roster import STATES, page_of_people

_form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@needs_administrator
def teams(request: TeamRequest) -> HttpResponse:
    active = Q(memberships__user__is_active=True)
    admins = Count("memberships", filter=active & Q(memberships__role=Role.ADMIN))
    rows = Team.objects.annotate(
        member_count=Count("memberships", filter=active), admin_count=admins
    )
    return render(request, "accounts/installation.html", {"rows": rows})


@_form_methods
@needs_administrator
@needs_recent_sign_in
def team_add(request: TeamRequest) -> HttpResponse:
    form = NewTeamForm(request.POST or None, initial={"admin": request.user.get_username()})
    if form.is_valid():
        values = form.cleaned_data
        try:
            services.create_team(name=values["name"], owner=values["admin"], by=request.user)
        except IntegrityError:
            form.add_error("name", _("Another team has this name."))
        else:
            messages.success(request, _("The team %(name)s is there.") % {"name": values["name"]})
            return redirect("accounts:installation")
    return _page(request, "accounts/installation_team_add.html", form)


@_form_methods
@needs_administrator
@needs_recent_sign_in
def team_edit(request: TeamRequest, pk: int) -> HttpResponse:
    team = get_object_or_404(Team, pk=pk)
    form = TeamNameForm(request.POST or None, team=team, initial={"name": team.name})
    if form.is_valid():
        try:
            services.rename_team(team=team, name=form.cleaned_data["name"], by=request.user)
        except IntegrityError:
            form.add_error("name", _("Another team has this name."))
        else:
            messages.success(
                request, _("The team is called %(name)s now.") % {"name": form.cleaned_data["name"]}
            )
            return redirect("accounts:installation")
    return _page(request, "accounts/team_edit.html", form, team=team, is_installation=True)


@_form_methods
@needs_administrator
@needs_recent_sign_in
def team_remove(request: TeamRequest, pk: int) -> HttpResponse:
    """What waits or runs is ended first, and apart from that: nothing is pulled from under a job."""
    team = get_object_or_404(Team, pk=pk)
    if request.method == "POST" and "end" in request.POST:
        end_work(None, team, by=request.user)
        messages.info(request, _("What waits is ended. What runs stops within a few seconds."))
        return redirect("accounts:installation_team_remove", team.pk)
    form = RemoveTeamForm(request.POST or None, team=team)
    if form.is_valid():
        try:
            services.remove_team(team=team, by=request.user)
        except services.Refused as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(
                request,
                _("The team %(name)s is removed, with all that it had.")
                % {"name": form.cleaned_data["name"]},
            )
            return redirect("accounts:installation")
    return _page(request, "accounts/installation_team_remove.html", form, **_what_goes(team))


@require_safe
@needs_administrator
def people(request: TeamRequest) -> HttpResponse:
    text, state = request.GET.get("q", "").replace("\0", "")[:200], request.GET.get("state", "")
    if state and state not in STATES:
        raise BadRequest(_("There is no such filter."))
    page = page_of_people(
        text=text,
        state=state,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    query = urlencode({name: value for name, value in (("q", text), ("state", state)) if value})
    context = {"page": page, "text": text, "state": state, "query": query}
    if request.htmx and not request.htmx.boosted:
        return render(request, "accounts/installation_people.html#results", context)
    return render(request, "accounts/installation_people.html", context)


def _page(request: TeamRequest, template: str, form: Any, **context: Any) -> HttpResponse:
    return render(
        request, template, {"form": form, **context}, status=422 if form.is_bound else 200
    )


def _what_goes(team: Team) -> dict[str, Any]:
    return {
        "team": team,
        "belongings": belongings_of(team),
        "member_count": User.objects.filter(memberships__team=team).count(),
        "robot_count": team.api_tokens.filter(user=None).count(),
        "running": running_of(None, team),
        "is_only": not Team.objects.exclude(pk=team.pk).exists(),
    }
