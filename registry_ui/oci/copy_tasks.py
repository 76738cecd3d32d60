"""The concurrent tasks of one copy."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from .errors import Cancelled
from .manifest import Descriptor
from .store import Cancellation
from .worker_pools import WorkerPools

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class CopyTasks:
    """One copy's tasks in worker pools that other copies may share.

    The first failure stops this copy's other tasks, and no other copy.
    """

    def __init__(self, pools: WorkerPools, cancellation: Cancellation) -> None:
        self.pools = pools
        self._cancellation = cancellation
        self._stopped = threading.Event()

    def check(self) -> None:
        """Return if the copy may go on.

        Raises:
            Cancelled: the transfer was cancelled, or another task of this copy failed.
        """
        # The user's cancellation first: it is the better explanation.
        self._cancellation.check()
        if self._stopped.is_set():
            raise Cancelled("other_part_failed")

    def stop(self) -> None:
        """Make every later `check` fail."""
        self._stopped.set()

    def run_metadata(
        self, function: Callable[[_Item], _Result], items: Sequence[_Item]
    ) -> list[_Result]:
        """Call the function for each item in the metadata pool; return the results in order.

        Raises:
            Exception: the first failure that is not only the echo of another one.
        """
        pool = self.pools.metadata
        return self._run([(pool, item) for item in items], function)

    def run_blobs(
        self, function: Callable[[Descriptor], _Result], blobs: Sequence[Descriptor]
    ) -> list[_Result]:
        """Call the function for each blob, in the pool for its size; return the results in order.

        Raises:
            Exception: as `run_metadata`.
        """
        return self._run([(self.pools.pool_for(blob), blob) for blob in blobs], function)

    def _run(
        self,
        work: Sequence[tuple[ThreadPoolExecutor, _Item]],
        function: Callable[[_Item], _Result],
    ) -> list[_Result]:
        futures = [pool.submit(function, item) for pool, item in work]
        done, running = wait(futures, return_when=FIRST_EXCEPTION)

        # The failure is final for the image, so what has not begun is dropped and the rest is
        # awaited.
        if running or any(future.exception() for future in done):
            self.stop()
            for future in running:
                future.cancel()
            # No task may still write when the caller reports the failure.
            wait(futures)
            raise _root_failure(futures)
        return [future.result() for future in futures]


def _root_failure(futures: Iterable[Future[_Result]]) -> BaseException:
    """Return the failure that stopped the other tasks, not a `Cancelled` that followed it."""
    failures = [
        failure
        for future in futures
        if not future.cancelled() and (failure := future.exception()) is not None
    ]
    return next(
        (failure for failure in failures if not isinstance(failure, Cancelled)), failures[0]
    )
