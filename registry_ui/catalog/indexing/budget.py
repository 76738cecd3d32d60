"""A budget of manifest requests for registries that count pulls.

Docker Hub counts each GET of a manifest as a pull and sends the number of remaining pulls with each
answer; a HEAD is free (PROTOCOL.md, "Providers").
"""

from registry_ui.oci.client import RateLimit
from registry_ui.oci.errors import OciError

# Docker Hub's limits are 100 and 200 pulls in hours. A larger limit is one for minutes, which
# recovers soon.
_SMALL_LIMIT = 1000


class FetchSkipped(OciError):
    """A manifest was not fetched, to leave the remaining pulls to people."""


class Budget:
    """The decision for each manifest whether it may be fetched now. Not thread-safe."""

    def __init__(self) -> None:
        self._in_flight = 0
        self._is_exhausted = False

    def acquire(self, limit: RateLimit | None, *, is_child: bool) -> None:
        """Reserve the request for one manifest; `release` it when the answer has arrived.

        Args:
            is_child: it belongs to an index that was fetched already.

        Raises:
            FetchSkipped: too few pulls are left.
        """
        if self._is_exhausted or (limit is not None and self._is_low(limit, is_child=is_child)):
            raise FetchSkipped("fetch_skipped")
        self._in_flight += 1

    def _is_low(self, limit: RateLimit, *, is_child: bool) -> bool:
        # The limit is of the last answer: it does not count the requests that are in flight.
        remaining = limit.remaining - self._in_flight
        # An index without its children is worth nothing, so children may use half of the reserve.
        return remaining <= _reserve(limit) // (2 if is_child else 1)

    def release(self) -> None:
        self._in_flight -= 1

    def exhaust(self) -> None:
        """Refuse all further requests: the registry has refused one."""
        self._is_exhausted = True


def _reserve(limit: RateLimit) -> int:
    """Return how many pulls are left to people: half of a small limit, a tenth of a large one."""
    return limit.limit // (2 if limit.limit <= _SMALL_LIMIT else 10)
