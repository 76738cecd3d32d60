"""The list of the current team's transfers, newest first."""

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
from registry_ui.accounts.permissions import may_here
from registry_ui.accounts.requests import TeamRequest
from registry_ui.web.polling import STOP_POLLING

from .. import overview
from ..forms import FilterForm
from ..models import ACTIVE_STATES, State, Transfer
from ..presenter import TransferPresenter
from ..queue_status import add_queue_positions
from ..queues import TRANSFERS
from ..transfer_progress import load_progress

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class Page:
    """A page of transfers; `older` is the key of the next page, empty on the last one."""

    rows: list[TransferPresenter]
    older: str
    is_first: bool

    @property
    def is_live(self) -> bool:
        return any(row.transfer.state in ACTIVE_STATES for row in self.rows)


@require_safe
def transfers(request: TeamRequest) -> HttpResponse:
    requesters = _requesters(request.team)
    form = FilterForm(request.GET, requesters=requesters)
    if not form.is_valid():
        raise BadRequest(_("There is no such filter."))

    page = _page(_filter(_team_transfers(request.team), form), request.GET.get("before", ""))
    has_queued = any(presenter.transfer.state == State.QUEUED for presenter in page.rows)
    context = {
        "form": form,
        "page": page,
        "has_any": bool(requesters),
        "address": _address(request, form),
        "query": urlencode({name: value for name, value in form.cleaned_data.items() if value}),
        "can_operate": may_here(request, Role.OPERATOR),
        "queue_problem": TRANSFERS.problem() if has_queued else "",
    }

    # A changed filter and the poll replace the rows only; the poll stops when nothing runs.
    if request.htmx and not request.htmx.boosted:
        is_poll = "poll" in request.GET
        status = STOP_POLLING if is_poll and not page.is_live else 200
        return render(request, "transfers/list.html#rows", context, status=status)
    return render(request, "transfers/list.html", context)


@require_safe
def active_transfers(request: TeamRequest) -> HttpResponse:
    """Show the overview's card of active transfers, which the page polls."""
    context = overview.overview_context(request)
    status = 200 if context["active"] else STOP_POLLING
    return render(request, "transfers/_active.html", context, status=status)


def _address(request: TeamRequest, form: FilterForm) -> str:
    """Return the query for the poll: the filters, the position, and `poll`."""
    values = {name: value for name, value in form.cleaned_data.items() if value}
    if before := request.GET.get("before"):
        values["before"] = before
    return urlencode({**values, "poll": "1"})


def _team_transfers(team: Team | None) -> QuerySet[Transfer]:
    if team is None:
        return Transfer.objects.none()
    rows = Transfer.objects.filter(team=team).select_related(
        "team", "user", "source_credential__team", "target_credential__team"
    )
    # Running transfers alone show their progress; the layers of a page would be megabytes.
    return rows.defer("progress", "options")


def _requesters(team: Team | None) -> list[str]:
    """Return the name of each user with a transfer; the command line has an empty one, last."""
    rows = _team_transfers(team).order_by()
    names = set(rows.values_list("requested_by", flat=True).distinct())
    return sorted(names, key=lambda name: (not name, name))


def _filter(rows: QuerySet[Transfer], form: FilterForm) -> QuerySet[Transfer]:
    kind, state = form.cleaned_data["kind"], form.cleaned_data["state"]
    person = form.cleaned_data["person"]
    if kind:
        rows = rows.filter(kind=kind)
    if state:
        rows = rows.filter(state__in=ACTIVE_STATES if state == FilterForm.ACTIVE else [state])
    if person:
        rows = rows.filter(requested_by="" if person == FilterForm.COMMAND_LINE else person)
    return rows


def _page(rows: QuerySet[Transfer], before: str) -> Page:
    # Pages by key and not by number: new transfers do not shift the rows of the next page.
    if before:
        created_at, pk = _parse_page_key(before)
        rows = rows.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=pk))

    # One row more than a page tells whether there is an older page.
    transfers = list(rows.order_by("-created_at", "-pk")[: PAGE_SIZE + 1])
    has_older = len(transfers) > PAGE_SIZE
    transfers = transfers[:PAGE_SIZE]
    older = f"{transfers[-1].created_at.isoformat()}_{transfers[-1].pk}" if has_older else ""

    load_progress(transfers)
    presenters = [TransferPresenter(transfer) for transfer in transfers]
    add_queue_positions(presenters)
    return Page(presenters, older, is_first=not before)


def _parse_page_key(text: str) -> tuple[datetime, uuid.UUID]:
    # The key comes from the address, so it can be anything.
    timestamp, _underscore, pk = text.partition("_")
    try:
        created_at = parse_datetime(timestamp)
        if created_at is None or created_at.tzinfo is None:
            raise BadRequest(_("There is no such page."))
        return created_at.astimezone(UTC), uuid.UUID(pk)
    except (ValueError, OverflowError) as exc:
        raise BadRequest(_("There is no such page.")) from exc
