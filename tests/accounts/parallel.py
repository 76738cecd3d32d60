"""Several at once, each in a thread with a connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def all_at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each returned, or the exception that it raised."""
    outcomes: list[Any] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(number: int, act: Callable[[], Any]) -> None:
        start.wait()
        try:
            outcomes[number] = act()
        except Exception as exc:
            outcomes[number] = exc
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
