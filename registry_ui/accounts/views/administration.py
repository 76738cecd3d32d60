"""Administration pages: the installation's teams and people."""

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
from ..member_forms import NewTeamForm, RemoveTeamForm, TeamNameForm
from ..member_lists import STATES, page_of_people
from ..models import Role, Team, User
from ..offboarding import active_jobs_of, cancel_jobs
from ..permissions import needs_administrator
from ..requests import TeamRequest
from ..sign_in.confirmation import needs_recent_sign_in
from ..team_extensions import deletion_summary

_form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@needs_administrator
def teams(request: TeamRequest) -> HttpResponse:
    # Deactivated people keep their memberships, but cannot act in the team.
    active = Q(memberships__user__is_active=True)
    admins = Count("memberships", filter=active & Q(memberships__role=Role.ADMIN))
    rows = Team.objects.annotate(
        member_count=Count("memberships", filter=active), admin_count=admins
    )
    return render(request, "accounts/administration.html", {"rows": rows})


@_form_methods
@needs_administrator
@needs_recent_sign_in
def team_add(request: TeamRequest) -> HttpResponse:
    form = NewTeamForm(request.POST or None, initial={"admin": request.user.get_username()})
    if form.is_valid():
        values = form.cleaned_data
        try:
            services.create_team(name=values["name"], owner=values["admin"], by=request.user)
        # Another request took the name after the form had looked.
        except IntegrityError:
            form.add_error("name", _("Another team has this name."))
        else:
            messages.success(request, _("The team %(name)s is there.") % {"name": values["name"]})
            return redirect("accounts:administration")
    return _page(request, "accounts/administration_team_add.html", form)


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
            return redirect("accounts:administration")
    return _page(request, "accounts/team_edit.html", form, team=team, is_installation=True)


@_form_methods
@needs_administrator
@needs_recent_sign_in
def team_remove(request: TeamRequest, pk: int) -> HttpResponse:
    """Remove a team, in two steps: its active jobs are cancelled by a button of their own."""
    team = get_object_or_404(Team, pk=pk)
    if request.method == "POST" and "end" in request.POST:
        cancel_jobs(None, team, by=request.user)
        messages.info(request, _("What waits is ended. What runs stops within a few seconds."))
        return redirect("accounts:administration_team_remove", team.pk)

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
            return redirect("accounts:administration")
    return _page(
        request, "accounts/administration_team_remove.html", form, **_removal_context(team)
    )


@require_safe
@needs_administrator
def people(request: TeamRequest) -> HttpResponse:
    # PostgreSQL refuses NUL in text.
    text, state = request.GET.get("q", "").replace("\0", "")[:200], request.GET.get("state", "")
    if state and state not in STATES:
        raise BadRequest(_("There is no such filter."))

    page = page_of_people(
        text=text,
        state=state,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    filters = {"q": text, "state": state}
    query = urlencode({name: value for name, value in filters.items() if value})
    context = {"page": page, "text": text, "state": state, "query": query}
    if request.htmx and not request.htmx.boosted:
        return render(request, "accounts/administration_people.html#results", context)
    return render(request, "accounts/administration_people.html", context)


def _page(request: TeamRequest, template: str, form: Any, **context: Any) -> HttpResponse:
    return render(
        request, template, {"form": form, **context}, status=422 if form.is_bound else 200
    )


def _removal_context(team: Team) -> dict[str, Any]:
    return {
        "team": team,
        "deletion_summary": deletion_summary(team),
        "member_count": User.objects.filter(memberships__team=team).count(),
        "robot_count": team.api_tokens.filter(user=None).count(),
        "running": active_jobs_of(None, team),
        "is_only": not Team.objects.exclude(pk=team.pk).exists(),
    }
