"""How far each pair's sides are apart: the drift board's rows, kept from the latest look."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import Q
from django.utils import timezone

from ..models import ItemAction, ItemState, MirrorItem, MirrorPair, MirrorRun, State, Verdict
from .listing import Pair

_COLUMNS = (
    "same",
    "missing",
    "differing",
    "extra",
    "failed",
    "mismatched",
    "looked_at",
    "verified_at",
)


def keep_pairs(run: MirrorRun, pairs: Sequence[Pair], items: Iterable[MirrorItem]) -> None:
    """Bring the board up to date with a run or plan. What it looked at in part only is laid over the latest look at the whole."""
    if run.is_staging:
        return
    by_target: dict[str, list[MirrorItem]] = defaultdict(list)
    for item in items:
        by_target[item.target_repository].append(item)
    known = {
        (pair.source_repository, pair.target_repository): pair for pair in run.mirror.pairs.all()
    }
    whole = [pair for pair in pairs if not pair.tags]
    rows = [
        _brought_up(run, known.get((pair.source, pair.target)), pair, by_target[pair.target])
        for pair in whole
    ]
    for pair in pairs:
        row = known.get((pair.source, pair.target))
        if pair.tags and row is not None:
            rows.append(_brought_up(run, row, pair, _laid_over(run, pair, by_target[pair.target])))
    MirrorPair.objects.bulk_create([row for row in rows if row.pk is None])
    MirrorPair.objects.bulk_update(
        [row for row in rows if row.pk is not None], _COLUMNS, batch_size=100
    )
    if not run.only and run.based_on is None:
        present = {(pair.source, pair.target) for pair in pairs}
        MirrorPair.objects.filter(
            pk__in=[row.pk for key, row in known.items() if key not in present]
        ).delete()


def _laid_over(run: MirrorRun, pair: Pair, items: Sequence[MirrorItem]) -> list[MirrorItem]:
    """The items of the latest look at all of the repository, each replaced by what later runs of some tags found and did."""
    runs = MirrorRun.objects.filter(
        mirror=run.mirror, is_staging=False, created_at__lt=run.created_at
    ).order_by("-created_at")
    compared = Q(state=State.SUCCEEDED) | Q(state=State.FAILED, totals__failed__gt=0)
    whole = runs.filter(compared, only=[], based_on=None).first()
    if whole is None:
        return list(items)
    earlier = MirrorItem.objects.filter(run__in=runs.filter(created_at__gte=whole.created_at))
    rows = earlier.filter(target_repository=pair.target).order_by("run__created_at", "id")
    return list({item.tag: item for item in (*rows, *items)}.values())


def _brought_up(
    run: MirrorRun, row: MirrorPair | None, pair: Pair, items: Sequence[MirrorItem]
) -> MirrorPair:
    row = row or MirrorPair(
        mirror=run.mirror, source_repository=pair.source, target_repository=pair.target
    )
    counts = Counter(_standing(item) for item in items)
    row.same, row.missing, row.differing, row.extra = (
        counts[name] for name in ("same", "missing", "differing", "extra")
    )
    row.failed = sum(item.state == ItemState.FAILED for item in items)
    row.looked_at = timezone.now()
    if any(item.verified for item in items):
        row.verified_at = row.looked_at
        row.mismatched = sum(item.verified in (Verdict.DIFFERS, Verdict.MISSING) for item in items)
    return row


def _standing(item: MirrorItem) -> str:
    """Where a tag stands by now; empty for what is left out."""
    if item.action == ItemAction.EXTRA:
        return "" if item.state == ItemState.DONE else "extra"
    if item.action == ItemAction.SKIPPED:
        return "differing" if item.target_digest and item.source_digest else ""
    if item.action == ItemAction.SAME or (
        item.state == ItemState.DONE and item.verified != Verdict.MOVED
    ):
        return "same"
    return "differing" if item.target_digest or item.verified == Verdict.MOVED else "missing"
