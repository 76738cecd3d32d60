"""The items of one run: read at the start, created as tags are found.

Changes are written at most once a second.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import transaction

from registry_ui.oci.errors import Cancelled

from ...models import State
from ..models import ItemAction, ItemState, KnownBlob, MirrorItem, MirrorRun

_WRITE_SECONDS = 1.0
_CHUNK = 500
_COLUMNS = (
    "action",
    "reason",
    "state",
    "source_digest",
    "target_digest",
    "copied_digest",
    "bytes_total",
    "bytes_done",
    "attempt",
    "error",
    "verification",
)
_MAX_KNOWN_BLOBS = 100_000

_Key = tuple[str, str, str]
"""Repository of the source and of the target, tag."""


class ItemStore:
    """The items of a run.

    Any thread may call `mark_changed`; all other methods belong to the leading thread.
    """

    def __init__(self, run: MirrorRun) -> None:
        self.run = run
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._changed: dict[_Key, MirrorItem] = {}
        self._written_at = time.monotonic()

        # A plan starts anew; a run continues from the items of its earlier worker.
        items = (
            {}
            if run.is_plan
            else {self._key(item): item for item in MirrorItem.objects.filter(run=run)}
        )

        if run.is_plan:
            MirrorItem.objects.filter(run=run).delete()

        self._items: dict[_Key, MirrorItem] = items

    @property
    def items(self) -> Sequence[MirrorItem]:
        return list(self._items.values())

    def is_done(self, source_repository: str, target_repository: str, tag: str) -> bool:
        """Return whether an earlier worker of this run has finished a tag."""
        item = self._items.get((source_repository, target_repository, tag))
        return item is not None and item.state == ItemState.DONE

    def save(self, items: Iterable[MirrorItem]) -> list[MirrorItem]:
        """Write compared tags; the row of an earlier worker is updated."""
        saved, created = [], []
        for item in items:
            item.run = self.run

            # The unique constraint allows one row per tag, so an earlier row is reused.
            earlier = self._items.get(self._key(item))
            if earlier is not None:
                item.pk, item.bytes_done, item.attempt = (
                    earlier.pk,
                    earlier.bytes_done,
                    earlier.attempt,
                )
                self.mark_changed(item)
            else:
                created.append(item)

            self._items[self._key(item)] = item
            saved.append(item)

        with transaction.atomic():
            # In the same transaction as the write, so that no other worker can claim in between.
            self._check_claim()
            MirrorItem.objects.bulk_create(created, batch_size=_CHUNK)

        return saved

    def mark_changed(self, item: MirrorItem) -> None:
        """Mark an item for the next write."""
        with self._lock:
            # By key: a retried tag has a new object, and one statement must not write a row twice.
            self._changed[self._key(item)] = item

    def flush(self, *, force: bool = False) -> None:
        """Write the changed items, at most once a second unless forced."""
        if not force and time.monotonic() - self._written_at < _WRITE_SECONDS:
            return

        # The copying threads go on marking items while this one writes.
        with self._lock:
            changed, self._changed = list(self._changed.values()), {}

        self._written_at = time.monotonic()
        if changed:
            with transaction.atomic():
                self._check_claim()
                # Not bulk_update: its CASE for every column costs more than the rest of the run.
                MirrorItem.objects.bulk_create(
                    changed,
                    batch_size=_CHUNK,
                    update_conflicts=True,
                    unique_fields=["id"],
                    update_fields=_COLUMNS,
                )

    def totals(self) -> dict[str, int]:
        """Return the counts for the run's row.

        They are by action, by state of the tags to copy, and what else was counted.
        """
        items = self.items
        actions = Counter(item.action for item in items)
        states = Counter(
            item.state for item in items if item.action in (ItemAction.NEW, ItemAction.CHANGED)
        )
        failed = sum(item.state == ItemState.FAILED for item in items)
        totals: dict[str, int] = {action: actions[action] for action in ItemAction.values}
        totals |= {state: states[state] for state in ItemState.values}
        return {**totals, "failed": failed, **self.counts}

    def known_blobs(self, repositories: Iterable[str]) -> list[tuple[str, str]]:
        """Return (repository, digest) of blobs that the target is known to have.

        Those of the run's own repositories come first, then those of others, for mounts.
        """
        registry = self.run.target_registry
        if registry is None:
            return []

        rows = KnownBlob.objects.filter(registry=registry)
        own_blobs = list(
            rows.filter(repository__in=list(repositories)[:_CHUNK]).values_list(
                "repository", "digest"
            )[:_MAX_KNOWN_BLOBS]
        )

        # The newest first: they are the most likely sources of a mount.
        other_blobs = rows.exclude(repository__in=list(repositories)[:_CHUNK]).order_by("-pk")

        return own_blobs + list(other_blobs.values_list("repository", "digest")[:_MAX_KNOWN_BLOBS])

    def record_blobs(
        self, added: Sequence[tuple[str, str]], removed: Sequence[tuple[str, str]]
    ) -> None:
        registry = self.run.target_registry
        if registry is None or not (added or removed):
            return

        # The registry answered 404 for these, so a later run must not rely on them.
        for repository, digest in removed:
            KnownBlob.objects.filter(
                registry=registry, repository=repository, digest=digest
            ).delete()

        rows = [
            KnownBlob(registry=registry, repository=repository, digest=digest)
            for repository, digest in added
        ]

        # Another run may have recorded the same blob.
        KnownBlob.objects.bulk_create(rows, batch_size=_CHUNK, ignore_conflicts=True)

    def _check_claim(self) -> None:
        """Refuse to write for a run that another worker has claimed.

        Raises:
            Cancelled
        """
        if not MirrorRun.objects.filter(
            pk=self.run.pk, claim=self.run.claim, state=State.RUNNING
        ).exists():
            raise Cancelled("run_taken_over")

    @staticmethod
    def _key(item: MirrorItem) -> _Key:
        return (item.source_repository, item.target_repository, item.tag)
