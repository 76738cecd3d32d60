"""The drift of each repository pair, kept from the latest comparison."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import Q
from django.utils import timezone

from ...models import State
from ..models import (
    ItemAction,
    ItemState,
    MirrorItem,
    MirrorRun,
    RepositoryDrift,
    VerificationResult,
)
from .repository_pairs import RepositoryPair

_COLUMNS = (
    "up_to_date",
    "missing",
    "differing",
    "extra",
    "failed",
    "mismatched",
    "compared_at",
    "verified_at",
)


def update_pairs(
    run: MirrorRun, pairs: Sequence[RepositoryPair], items: Iterable[MirrorItem]
) -> None:
    """Update the pairs of a mirror from a run or plan.

    A run of some tags is merged into the latest comparison of the whole repository.
    """
    if run.is_local_pull:
        return

    by_target: dict[str, list[MirrorItem]] = defaultdict(list)
    for item in items:
        by_target[item.target_repository].append(item)

    known = {
        (pair.source_repository, pair.target_repository): pair for pair in run.mirror.pairs.all()
    }
    full = [pair for pair in pairs if not pair.tags]
    rows = [
        _update_pair(run, known.get((pair.source, pair.target)), pair, by_target[pair.target])
        for pair in full
    ]

    # A run of some tags saw a part of the repository: it updates the earlier counts.
    for pair in pairs:
        row = known.get((pair.source, pair.target))
        if pair.tags and row is not None:
            rows.append(
                _update_pair(run, row, pair, _merge_items(run, pair, by_target[pair.target]))
            )

    RepositoryDrift.objects.bulk_create([row for row in rows if row.pk is None])
    RepositoryDrift.objects.bulk_update(
        [row for row in rows if row.pk is not None], _COLUMNS, batch_size=100
    )

    # Repositories that no longer match the mirror have no drift.
    if not run.limited_to and run.based_on is None:
        present = {(pair.source, pair.target) for pair in pairs}
        RepositoryDrift.objects.filter(
            pk__in=[row.pk for key, row in known.items() if key not in present]
        ).delete()


def _merge_items(
    run: MirrorRun, pair: RepositoryPair, items: Sequence[MirrorItem]
) -> list[MirrorItem]:
    """Return the items of the latest full comparison, updated by later runs of some tags."""
    runs = MirrorRun.objects.filter(
        mirror=run.mirror, is_local_pull=False, created_at__lt=run.created_at
    ).order_by("-created_at")

    # A failed run counts if single tags failed: its comparison was complete.
    compared = Q(state=State.SUCCEEDED) | Q(state=State.FAILED, totals__failed__gt=0)
    full = runs.filter(compared, limited_to=[], based_on=None).first()
    if full is None:
        return list(items)
    earlier = MirrorItem.objects.filter(run__in=runs.filter(created_at__gte=full.created_at))
    rows = earlier.filter(target_repository=pair.target).order_by("run__created_at", "id")
    return list({item.tag: item for item in (*rows, *items)}.values())


def _update_pair(
    run: MirrorRun, row: RepositoryDrift | None, pair: RepositoryPair, items: Sequence[MirrorItem]
) -> RepositoryDrift:
    row = row or RepositoryDrift(
        mirror=run.mirror, source_repository=pair.source, target_repository=pair.target
    )
    counts = Counter(_tag_status(item) for item in items)
    row.up_to_date, row.missing, row.differing, row.extra = (
        counts[name] for name in ("up_to_date", "missing", "differing", "extra")
    )
    row.failed = sum(item.state == ItemState.FAILED for item in items)
    row.compared_at = timezone.now()

    # A run without verification keeps the results of the previous one.
    if any(item.verification for item in items):
        row.verified_at = row.compared_at
        row.mismatched = sum(
            item.verification in (VerificationResult.DIFFERS, VerificationResult.MISSING)
            for item in items
        )

    return row


def _tag_status(item: MirrorItem) -> str:
    """Return the column that counts a tag now; empty if it was skipped."""
    if item.action == ItemAction.EXTRA:
        # A deleted extra is no drift any more.
        return "" if item.state == ItemState.DONE else "extra"

    # A kept tag is still a difference; an unselected one is none.
    if item.action == ItemAction.SKIPPED:
        return "differing" if item.target_digest and item.source_digest else ""

    if item.action == ItemAction.UP_TO_DATE or (
        item.state == ItemState.DONE and item.verification != VerificationResult.OUTDATED
    ):
        return "up_to_date"

    return (
        "differing"
        if item.target_digest or item.verification == VerificationResult.OUTDATED
        else "missing"
    )
