"""The position of a queued transfer in the queue."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.accounts.models import Team, User

from .models import State, Transfer
from .presenter import TransferPresenter
from .queues import TRANSFERS

_TRANSFERS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """The transfers that run or wait before a queued one.

    Args:
        ahead, running: their numbers, over all teams.
        visible: a few of them that the user may see.
        hidden_count: the number of the rest.
    """

    ahead: int
    running: int
    visible: list[Transfer]
    hidden_count: int
    problem: str


def queue_status(transfer: Transfer, user: User) -> QueueStatus:
    """Return the queue in front of a transfer.

    Transfers of other teams are counted and not shown.
    """
    # The workers serve all teams, so the transfers of all teams count.
    running, ahead = transfers_ahead(transfer)
    visible = [
        *_visible_to(user, running.order_by("started_at")),
        *_visible_to(user, ahead.order_by("queued_at")),
    ][:_TRANSFERS_SHOWN]
    running_count, ahead_count = running.count(), ahead.count()
    return QueueStatus(
        running=running_count,
        ahead=ahead_count,
        visible=visible,
        hidden_count=running_count + ahead_count - len(visible),
        problem=TRANSFERS.problem(),
    )


def transfers_ahead(transfer: Transfer) -> tuple[QuerySet[Transfer], QuerySet[Transfer]]:
    """Return all running transfers and those queued before this one, of every team."""
    rows = Transfer.objects.all()
    return rows.filter(state=State.RUNNING), rows.filter(
        state=State.QUEUED, queued_at__lt=transfer.queued_at
    )


def _visible_to(user: User, rows: QuerySet[Transfer]) -> list[Transfer]:
    visible = rows.filter(team__in=Team.objects.visible_to(user))
    return list(visible.defer("progress")[:_TRANSFERS_SHOWN])


def position_text(*, running: int, ahead: int) -> str:
    """Return the position, such as “2 transfers run, 3 wait before this one.”, as a text."""
    runs = ngettext("%(count)d transfer runs", "%(count)d transfers run", running) % {
        "count": running
    }
    if not ahead:
        if not running:
            return _("It is the next one.")
        return _("%(runs)s; this one is next.") % {"runs": runs}

    waiting = ngettext(
        "%(count)d waits before this one", "%(count)d wait before this one", ahead
    ) % {"count": ahead}
    return f"{runs}, {waiting}." if running else f"{waiting}."


def add_queue_positions(presenters: list[TransferPresenter]) -> None:
    """Set the queue position of each queued transfer, with two queries for all of them."""
    if not any(presenter.transfer.state == State.QUEUED for presenter in presenters):
        return

    # The order of the queue is the same for every row, so its positions are read once.
    running = Transfer.objects.filter(state=State.RUNNING).count()
    queued = Transfer.objects.filter(state=State.QUEUED).order_by("queued_at")
    positions = {pk: number for number, pk in enumerate(queued.values_list("pk", flat=True))}
    for presenter in presenters:
        position = positions.get(presenter.transfer.pk)
        if position is not None:
            presenter.queue_position = position_text(running=running, ahead=position)
