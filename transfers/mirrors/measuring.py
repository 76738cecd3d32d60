"""What a plan would move: the bytes that the target lacks, each blob counted once however many tags want it."""

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from registry_ui.oci.copying import survey_image
from registry_ui.oci.crews import Crew
from registry_ui.oci.errors import OciError
from registry_ui.oci.holdings import Holdings
from registry_ui.oci.listing import is_digest_tag
from registry_ui.oci.manifest import Descriptor
from registry_ui.oci.platforms import PlatformChoice

from ..models import ItemAction, ItemState
from .ends import Ends
from .moving import Group, grouped
from .parking import Budget
from .work import Work

_AT_ONCE = 16


@dataclass(slots=True)
class _Count:
    """What is counted across all tags of the plan."""

    holdings: Holdings
    new_repositories: frozenset[str]
    lock: threading.Lock = field(default_factory=threading.Lock)
    seen: set[str] = field(default_factory=set)
    bytes: int = 0
    pulls: int = 0
    unmeasured: int = 0

    def is_first(self, blob: Descriptor) -> bool:
        with self.lock:
            if str(blob.digest) in self.seen:
                return False
            self.seen.add(str(blob.digest))
            return True


def measure(work: Work, ends: Ends, holdings: Holdings, new_repositories: frozenset[str]) -> None:
    """Fill in the bytes of each tag that would be moved. Where the registry counts pulls and has few left, some stay unknown.

    Raises:
        Cancelled
    """
    moving = [
        item
        for item in work.ledger.items
        if item.action in (ItemAction.NEW, ItemAction.CHANGED) and item.state == ItemState.WAITING
    ]
    count = _Count(holdings, new_repositories)
    budget = Budget(work.mirror.source_registry.host)
    crew = Crew.of(metadata=_AT_ONCE, large=1)
    try:
        with ThreadPoolExecutor(_AT_ONCE, "measure") as pool:
            futures = [
                pool.submit(_measure, group, work, ends, count, budget, crew)
                for group in grouped(moving)
            ]
            for future in as_completed(futures):
                future.result()
                work.tick()
    finally:
        crew.close()
    for item in moving:
        work.ledger.touch(item)
    work.ledger.counts.update(bytes=count.bytes, pulls=count.pulls, unmeasured=count.unmeasured)


def _measure(
    group: Group, work: Work, ends: Ends, count: _Count, budget: Budget, crew: Crew
) -> None:
    for item in group.items[1:]:
        item.bytes_total = 0  # one more name of what the first brings
    if not budget.take(ends.source_client(group.source).rate_limit):
        with count.lock:
            count.unmeasured += len(group.items)
        return
    try:
        work.cancellation.check()
        whole = is_digest_tag(group.items[0].tag) or ":" in group.items[0].tag
        choice = PlatformChoice.keeping(() if whole else work.mirror.platforms)
        found = survey_image(
            ends.source(group.source),
            group.digest,
            platform=choice,
            cancellation=work.cancellation,
            crew=crew,
        )
        group.items[0].bytes_total = sum(
            blob.size for blob in found.blobs if _is_missing(blob, group, ends, count)
        )
    except OciError as exc:
        work.cancellation.check()
        group.items[0].reason = exc.message[:500]
        with count.lock:
            count.unmeasured += 1
        return
    finally:
        budget.give_back()
    with count.lock:
        count.bytes += group.items[0].bytes_total or 0
        count.pulls += found.manifests


def _is_missing(blob: Descriptor, group: Group, ends: Ends, count: _Count) -> bool:
    """Whether it would be sent: nobody else brings it, and the target neither has it nor can mount it."""
    if (
        not count.is_first(blob)
        or count.holdings.holds(group.target, blob.digest)
        or count.holdings.neighbours(group.target, blob.digest)
    ):
        return False
    return group.target in count.new_repositories or not ends.target(group.target).has_blob(blob)
