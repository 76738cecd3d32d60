"""The bytes that a plan would transfer.

They are the blobs that the target lacks, each counted once however many tags need it.
"""

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from registry_ui.oci.blob_presence import BlobPresence
from registry_ui.oci.errors import OciError
from registry_ui.oci.image_copy import survey_image
from registry_ui.oci.manifest import Descriptor
from registry_ui.oci.name_lists import is_digest_tag
from registry_ui.oci.platform_choice import PlatformChoice
from registry_ui.oci.worker_pools import WorkerPools

from ..models import ItemAction, ItemState
from .context import RunContext
from .endpoints import Endpoints
from .pull_budget import PullBudget
from .tag_copies import TagGroup, group_by_digest

_CONCURRENCY = 16


@dataclass(slots=True)
class _Totals:
    """The counts across all tags of the plan."""

    presence: BlobPresence
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


def measure_plan(
    context: RunContext,
    endpoints: Endpoints,
    presence: BlobPresence,
    new_repositories: frozenset[str],
) -> None:
    """Fill in the bytes of each tag that would be copied.

    Where the registry counts pulls and has few left, some sizes stay unknown.

    Raises:
        Cancelled
    """
    copying = [
        item
        for item in context.item_store.items
        if item.action in (ItemAction.NEW, ItemAction.CHANGED) and item.state == ItemState.WAITING
    ]

    # Groups run in threads, so shared blobs are counted under a lock.
    totals = _Totals(presence, new_repositories)
    budget = PullBudget(context.mirror.source_registry.host)
    pools = WorkerPools.create(metadata=_CONCURRENCY, large=1)

    try:
        with ThreadPoolExecutor(_CONCURRENCY, "measure") as pool:
            futures = [
                pool.submit(_measure, group, context, endpoints, totals, budget, pools)
                for group in group_by_digest(copying)
            ]
            for future in as_completed(futures):
                future.result()
                context.checkpoint()
    finally:
        pools.close()

    # The threads do not write to the database.
    for item in copying:
        context.item_store.mark_changed(item)

    context.item_store.counts.update(
        bytes=totals.bytes, pulls=totals.pulls, unmeasured=totals.unmeasured
    )


def _measure(
    group: TagGroup,
    context: RunContext,
    endpoints: Endpoints,
    totals: _Totals,
    budget: PullBudget,
    pools: WorkerPools,
) -> None:
    for item in group.items[1:]:
        # Another tag of the same image costs one manifest.
        item.bytes_total = 0

    if not budget.acquire(endpoints.source_client(group.source).rate_limit):
        # A manifest would cost a pull that people need; the plan says how many are missing.
        with totals.lock:
            totals.unmeasured += len(group.items)
        return

    try:
        context.cancellation.check()

        # Signatures and lists of referrers have no platforms to select.
        is_complete = is_digest_tag(group.items[0].tag) or ":" in group.items[0].tag
        choice = PlatformChoice.any_of(() if is_complete else context.mirror.platforms)
        survey = survey_image(
            endpoints.source(group.source),
            group.digest,
            platform=choice,
            cancellation=context.cancellation,
            pools=pools,
        )
        group.items[0].bytes_total = sum(
            blob.size for blob in survey.blobs if _is_missing(blob, group, endpoints, totals)
        )
    except OciError as exc:
        # A cancelled request may surface as any other error.
        context.cancellation.check()
        group.items[0].error = exc.stored()

        with totals.lock:
            totals.unmeasured += 1
        return
    finally:
        budget.release()

    with totals.lock:
        totals.bytes += group.items[0].bytes_total or 0
        totals.pulls += survey.manifests


def _is_missing(blob: Descriptor, group: TagGroup, endpoints: Endpoints, totals: _Totals) -> bool:
    """Return whether a blob would be sent.

    It would not where another tag sends it, or the target has it or can mount it.
    """
    # The cheap checks come first: the last one is a HEAD request.
    if (
        not totals.is_first(blob)
        or totals.presence.contains(group.target, blob.digest)
        or totals.presence.other_repositories(group.target, blob.digest)
    ):
        return False
    return group.target in totals.new_repositories or not endpoints.target(group.target).has_blob(
        blob
    )
