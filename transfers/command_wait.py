"""The command line's wait for a transfer: it reads the row until the transfer ends."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from django.db import connection
from django.utils.translation import gettext as _

from . import services
from .models import State, Transfer
from .presenter import TransferPresenter
from .queue_status import position_text, transfers_ahead
from .queues import TRANSFERS
from .terminal import Screen, progress_lines

_POLL_SECONDS = 0.25
_QUEUE_MESSAGE_SECONDS = 3.0
_STOP_SECONDS = 20.0


def wait_for_end(
    transfer: Transfer, screen: Screen, *, is_alive: Callable[[], bool] = lambda: True
) -> Transfer:
    """Draw the transfer until it has ended, and return its row.

    Args:
        is_alive: return whether the thread that runs it in this process is alive.
    """
    queue_messages = _QueueMessages(screen)
    while True:
        # Read before the row: a thread that ends in between has written its end state.
        alive = is_alive()
        row = Transfer.objects.get(pk=transfer.pk)
        presenter = TransferPresenter(row)

        if row.is_terminal or not alive:
            screen.draw(progress_lines(presenter, columns=screen.columns, live=False), keep=True)
            return row
        if row.state == State.QUEUED:
            queue_messages.update(row)
        else:
            screen.draw(progress_lines(presenter, columns=screen.columns, live=screen.is_terminal))
        time.sleep(_POLL_SECONDS)


def run_in_thread(transfer: Transfer, screen: Screen) -> Transfer:
    """Run a queued transfer in a thread of this process, and draw it meanwhile."""
    thread = threading.Thread(target=_run, args=(transfer,), name="transfer", daemon=True)
    thread.start()
    ended = wait_for_end(transfer, screen, is_alive=thread.is_alive)
    # The index is updated after the row has ended; a daemon thread would not finish that.
    thread.join(_STOP_SECONDS)
    return ended


def cancel_and_wait(transfer: Transfer) -> Transfer:
    """Cancel the transfer and wait until it has stopped, or until a second Ctrl-C."""
    # A worker reads the request with its next heartbeat.
    services.cancel(transfer, None)
    deadline = time.monotonic() + _STOP_SECONDS
    row = Transfer.objects.get(pk=transfer.pk)
    with suppress(KeyboardInterrupt):
        while not row.is_terminal and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
            row.refresh_from_db()
    return row


def _run(transfer: Transfer) -> None:
    try:
        services.run_in_process(transfer)
    finally:
        # Django closes connections at the end of a request only; this thread has its own.
        connection.close()


class _QueueMessages:
    """The messages while no worker has claimed the transfer."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._last_message_at = time.monotonic()
        self._last_problem = ""

    def update(self, row: Transfer) -> None:
        if time.monotonic() - self._last_message_at < _QUEUE_MESSAGE_SECONDS:
            return

        self._last_message_at = time.monotonic()
        self._show_problem(TRANSFERS.problem())
        running, ahead = transfers_ahead(row)
        position = position_text(running=running.count(), ahead=ahead.count())
        self._screen.draw([_("Waiting: %(position)s") % {"position": position}])

    def _show_problem(self, problem: str) -> None:
        if problem and problem != self._last_problem:
            self._screen.print(problem)
            self._screen.print(
                _("With --now the command does the work itself. Ctrl-C cancels the transfer.")
            )
        self._last_problem = problem
