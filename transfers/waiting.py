"""What a queued transfer waits for, in a person's words."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.accounts.models import Team, User

from .models import State, Transfer
from .queueing import TRANSFERS
from .situation import Situation

_WAITING_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Queue:
    """What a queued transfer waits for. `visible` are those that the person may see, `others` counts the rest."""

    ahead: int
    running: int
    visible: list[Transfer]
    others: int
    trouble: str


def queue_for(transfer: Transfer, user: User) -> Queue:
    """What it waits behind, without telling anybody of another team's transfers more than that they are."""
    running, ahead = waited_for(transfer)
    own = [
        *_shown_to(user, running.order_by("started_at")),
        *_shown_to(user, ahead.order_by("queued_at")),
    ]
    visible = own[:_WAITING_SHOWN]
    counts = running.count(), ahead.count()
    return Queue(
        running=counts[0],
        ahead=counts[1],
        visible=visible,
        others=sum(counts) - len(visible),
        trouble=TRANSFERS.trouble(),
    )


def waited_for(transfer: Transfer) -> tuple[QuerySet[Transfer], QuerySet[Transfer]]:
    """All that a queued transfer waits for, of every team: what runs now, and what was queued before it."""
    rows = Transfer.objects.all()
    return rows.filter(state=State.RUNNING), rows.filter(
        state=State.QUEUED, queued_at__lt=transfer.queued_at
    )


def _shown_to(user: User, rows: QuerySet[Transfer]) -> list[Transfer]:
    return list(
        rows.filter(team__in=Team.objects.visible_to(user)).defer("progress")[:_WAITING_SHOWN]
    )


def position_words(*, running: int, ahead: int) -> str:
    """“2 transfers run, 3 wait before this one.” in as few words as the case needs."""
    runs = ngettext("%(count)d transfer runs", "%(count)d transfers run", running) % {
        "count": running
    }
    if not ahead:
        return (
            _("%(runs)s; this one is next.") % {"runs": runs}
            if running
            else _("It is the next one.")
        )
    waits = ngettext("%(count)d waits before this one", "%(count)d wait before this one", ahead) % {
        "count": ahead
    }
    return f"{runs}, {waits}." if running else f"{waits}."


def with_positions(rows: list[Situation]) -> list[Situation]:
    """Tell each queued row what it waits behind: two questions for all of them."""
    if any(row.transfer.state == State.QUEUED for row in rows):
        running = Transfer.objects.filter(state=State.RUNNING).count()
        queued = (
            Transfer.objects.filter(state=State.QUEUED)
            .order_by("queued_at")
            .values_list("pk", flat=True)
        )
        places = {pk: place for place, pk in enumerate(queued)}
        for row in rows:
            if row.transfer.pk in places:
                row.position = position_words(running=running, ahead=places[row.transfer.pk])
    return rows
