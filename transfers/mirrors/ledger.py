"""The rows of one run: read when it begins, made as tags are found, written at most once a second."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from registry_ui.oci.errors import Cancelled

from ..models import ItemAction, ItemState, KnownBlob, MirrorItem, MirrorRun, State

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
    "verified",
)
_MOST_KNOWN = 100_000

_Key = tuple[str, str, str]
"""Repository of the source and of the target, tag."""


class Ledger:
    """The items of a run. `touch` may be called from any thread, all else from the one that leads the run."""

    def __init__(self, run: MirrorRun) -> None:
        self.run = run
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._touched: dict[_Key, MirrorItem] = {}
        self._written_at = time.monotonic()
        kept = (
            {}
            if run.is_plan
            else {self._key(item): item for item in MirrorItem.objects.filter(run=run)}
        )
        if run.is_plan:
            MirrorItem.objects.filter(run=run).delete()
        self._items: dict[_Key, MirrorItem] = kept

    @property
    def items(self) -> Sequence[MirrorItem]:
        return list(self._items.values())

    def is_done(self, source_repository: str, target_repository: str, tag: str) -> bool:
        """Whether an earlier worker of this run has finished a tag."""
        found = self._items.get((source_repository, target_repository, tag))
        return found is not None and found.state == ItemState.DONE

    def put(self, found: Iterable[MirrorItem]) -> list[MirrorItem]:
        """Write what was found about tags; a row that an earlier worker made is brought up to date."""
        kept, made = [], []
        for item in found:
            item.run = self.run
            earlier = self._items.get(self._key(item))
            if earlier is not None:
                item.pk, item.bytes_done, item.attempt = (
                    earlier.pk,
                    earlier.bytes_done,
                    earlier.attempt,
                )
                self.touch(item)
            else:
                made.append(item)
            self._items[self._key(item)] = item
            kept.append(item)
        with transaction.atomic():
            self._check_mine()
            MirrorItem.objects.bulk_create(made, batch_size=_CHUNK)
        return kept

    def touch(self, item: MirrorItem) -> None:
        """It has changed: write it with the next batch."""
        with self._lock:
            # By its key: a tag that is looked at again has a new object, and one statement must not write a row twice.
            self._touched[self._key(item)] = item

    def flush(self, *, force: bool = False) -> None:
        """Write what has changed, if it is time."""
        if not force and time.monotonic() - self._written_at < _WRITE_SECONDS:
            return
        with self._lock:
            changed, self._touched = list(self._touched.values()), {}
        self._written_at = time.monotonic()
        if changed:
            with transaction.atomic():
                self._check_mine()
                # Not bulk_update: its CASE for every column costs more than all else that a run does.
                MirrorItem.objects.bulk_create(
                    changed,
                    batch_size=_CHUNK,
                    update_conflicts=True,
                    unique_fields=["id"],
                    update_fields=_COLUMNS,
                )

    def totals(self) -> dict[str, int]:
        """For the run's row: by action, by state of what moves, and what else was counted."""
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
        """(repository, digest) that the target was seen to hold: of the run's own repositories first, then of neighbours."""
        registry = self.run.target_registry
        if registry is None:
            return []
        rows = KnownBlob.objects.filter(registry=registry)
        own = list(
            rows.filter(repository__in=list(repositories)[:_CHUNK]).values_list(
                "repository", "digest"
            )[:_MOST_KNOWN]
        )
        others = rows.exclude(repository__in=list(repositories)[:_CHUNK]).order_by("-pk")
        return own + list(others.values_list("repository", "digest")[:_MOST_KNOWN])

    def remember_blobs(
        self, learnt: Sequence[tuple[str, str]], forgotten: Sequence[tuple[str, str]]
    ) -> None:
        registry = self.run.target_registry
        if registry is None or not (learnt or forgotten):
            return
        for repository, digest in forgotten:
            KnownBlob.objects.filter(
                registry=registry, repository=repository, digest=digest
            ).delete()
        rows = [
            KnownBlob(registry=registry, repository=repository, digest=digest)
            for repository, digest in learnt
        ]
        KnownBlob.objects.bulk_create(rows, batch_size=_CHUNK, ignore_conflicts=True)

    def _check_mine(self) -> None:
        """
        Raises:
            Cancelled: another worker has taken the run over.
        """
        if not MirrorRun.objects.filter(
            pk=self.run.pk, claim=self.run.claim, state=State.RUNNING
        ).exists():
            raise Cancelled("Another worker has taken this run over.")

    @staticmethod
    def _key(item: MirrorItem) -> _Key:
        return (item.source_repository, item.target_repository, item.tag)


def describe(exc: Any) -> dict[str, str]:
    """An item's or a run's `error`."""
    return {"kind": type(exc).__name__, "message": exc.message, "advice": exc.advice}
