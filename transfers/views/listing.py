"""All transfers of the current team, newest first."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from registry_ui.accounts.models import Role, Team
from registry_ui.accounts.requests import TeamRequest

from .. import overview
from ..forms import FilterForm
from ..models import ACTIVE_STATES, State, Transfer
from ..queueing import TRANSFERS
from ..situation import Situation, with_progress
from ..waiting import with_positions
from .watching import STOP_POLLING

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows; `older` is the key of the next one, empty on the last."""

    rows: list[Situation]
    older: str
    is_first: bool

    @property
    def is_live(self) -> bool:
        return any(row.transfer.state in ACTIVE_STATES for row in self.rows)


@require_safe
def transfers(request: TeamRequest) -> HttpResponse:
    persons = _persons(request.team)
    form = FilterForm(request.GET, persons=persons)
    if not form.is_valid():
        raise BadRequest(_("There is no such filter."))
    page = _page(_filtered(_of_team(request.team), form), request.GET.get("before", ""))
    context = {
        "form": form,
        "page": page,
        "has_any": bool(persons),
        "address": _address(request, form),
        "query": urlencode({name: value for name, value in form.cleaned_data.items() if value}),
        "can_operate": request.role is not None and request.role.allows(Role.OPERATOR),
        "trouble": TRANSFERS.trouble()
        if any(row.transfer.state == State.QUEUED for row in page.rows)
        else "",
    }
    if request.htmx and not request.htmx.boosted:
        polled = "poll" in request.GET
        status = STOP_POLLING if polled and not page.is_live else 200
        return render(request, "transfers/list.html#rows", context, status=status)
    return render(request, "transfers/list.html", context)


@require_safe
def now(request: TeamRequest) -> HttpResponse:
    """The overview's card of what runs; what ends there shows on the other cards after a reload."""
    context = overview.context(request)
    return render(
        request, "transfers/_now.html", context, status=200 if context["active"] else STOP_POLLING
    )


def _address(request: TeamRequest, form: FilterForm) -> str:
    """This page's own query, for the poll: filters and position, and the mark that it is a poll."""
    values = {name: value for name, value in form.cleaned_data.items() if value}
    if before := request.GET.get("before"):
        values["before"] = before
    return urlencode({**values, "poll": "1"})


def _of_team(team: Team | None) -> QuerySet[Transfer]:
    # Only what runs shows its progress; the layers of all the others would be megabytes to read.
    if team is None:
        return Transfer.objects.none()
    rows = Transfer.objects.filter(team=team).select_related(
        "team", "user", "source_credential__team", "target_credential__team"
    )
    return rows.defer("progress", "options")


def _persons(team: Team | None) -> list[str]:
    """Everybody who asked for a transfer; the command line, which has no name, last."""
    names = set(_of_team(team).order_by().values_list("requested_by", flat=True).distinct())
    return sorted(names, key=lambda name: (not name, name))


def _filtered(rows: QuerySet[Transfer], form: FilterForm) -> QuerySet[Transfer]:
    values = form.cleaned_data
    if values["kind"]:
        rows = rows.filter(kind=values["kind"])
    if values["state"]:
        rows = rows.filter(
            state__in=ACTIVE_STATES if values["state"] == FilterForm.ACTIVE else [values["state"]]
        )
    if values["person"]:
        rows = rows.filter(
            requested_by="" if values["person"] == FilterForm.COMMAND_LINE else values["person"]
        )
    return rows


def _page(rows: QuerySet[Transfer], before: str) -> Page:
    if before:
        created_at, pk = _key(before)
        rows = rows.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=pk))
    found = list(rows.order_by("-created_at", "-pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    older = f"{shown[-1].created_at.isoformat()}_{shown[-1].pk}" if len(found) > PAGE_SIZE else ""
    return Page(
        with_progress(with_positions([Situation(row) for row in shown])), older, is_first=not before
    )


def _key(text: str) -> tuple[datetime, uuid.UUID]:
    moment, _underscore, pk = text.partition("_")
    try:
        created_at = parse_datetime(moment)
        if created_at is None or created_at.tzinfo is None:
            raise BadRequest(_("There is no such page."))
        return created_at.astimezone(UTC), uuid.UUID(pk)
    except (ValueError, OverflowError) as exc:
        raise BadRequest(_("There is no such page.")) from exc
