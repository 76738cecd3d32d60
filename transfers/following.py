"""The command line's wait for a transfer: the row is read until it ends, and drawn."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from django.db import connection
from django.utils.translation import gettext as _

from . import services
from .models import State, Transfer
from .queueing import TRANSFERS
from .situation import Situation
from .terminal import Screen, progress_lines
from .waiting import position_words, waited_for

_LOOK_SECONDS = 0.25
_PATIENCE = 3.0
_STOP_SECONDS = 20.0


def follow(
    transfer: Transfer, screen: Screen, *, is_alive: Callable[[], bool] = lambda: True
) -> Transfer:
    """Draw the transfer until it has ended, and return its row as it is then.

    Args:
        is_alive: whether whoever runs it in this process still does; the row is trusted for the others.
    """
    waiter = _Waiter(screen)
    while True:
        alive = is_alive()
        row = Transfer.objects.get(pk=transfer.pk)
        if row.is_terminal or not alive:
            screen.draw(
                progress_lines(Situation(row), columns=screen.columns, live=False), keep=True
            )
            return row
        if row.state == State.QUEUED:
            waiter.wait(row)
        else:
            screen.draw(
                progress_lines(Situation(row), columns=screen.columns, live=screen.is_terminal)
            )
        time.sleep(_LOOK_SECONDS)


def run_beside(transfer: Transfer, screen: Screen) -> Transfer:
    """Run a queued transfer in a thread of this process, and draw it meanwhile."""
    thread = threading.Thread(target=_run, args=(transfer,), name="transfer", daemon=True)
    thread.start()
    ended = follow(transfer, screen, is_alive=thread.is_alive)
    # The index is told after the row has ended: a process that ends at once would take that away.
    thread.join(_STOP_SECONDS)
    return ended


def stop(transfer: Transfer) -> Transfer:
    """Cancel it and wait until it has stopped, which takes about a second. A second Ctrl-C waits no longer."""
    services.cancel(transfer, None)
    deadline = time.monotonic() + _STOP_SECONDS
    row = Transfer.objects.get(pk=transfer.pk)
    with suppress(KeyboardInterrupt):
        while not row.is_terminal and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
            row.refresh_from_db()
    return row


def _run(transfer: Transfer) -> None:
    try:
        services.run_here(transfer)
    finally:
        connection.close()


class _Waiter:
    """What is said while no worker has taken the transfer."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._since = time.monotonic()
        self._said = ""

    def wait(self, row: Transfer) -> None:
        waited = time.monotonic() - self._since
        if waited >= _PATIENCE:
            self._since = time.monotonic()
            self._say(TRANSFERS.trouble())
            running, ahead = waited_for(row)
            position = position_words(running=running.count(), ahead=ahead.count())
            self._screen.draw([_("Waiting: %(position)s") % {"position": position}])

    def _say(self, trouble: str) -> None:
        if trouble and trouble != self._said:
            self._screen.say(trouble)
            self._screen.say(
                _("With --now the command does the work itself. Ctrl-C cancels the transfer.")
            )
        self._said = trouble
