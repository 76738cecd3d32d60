"""Frees what no image needs: mark from the rows, then sweep what has not been used for the grace period.

Safe while transfers run. A transfer sets `used_at` of every blob it finds or writes, before it relies on it; so a blob in
use is younger than the grace period, which has to be longer than the longest job. Rows go first, by a conditional delete;
a file goes only under its lock, when at that moment no row of any team names it.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from registry_ui.oci.digest import Digest

from .blobs import BlobDirectory
from .models import LocalImage, TeamBlob
from .store import blob_directory

Marks = Callable[[], Iterable[tuple[int, Iterable[str]]]]
"""Teams with digests of theirs that stay although no name leads to them."""

_CHUNK = 500
_more_marks: list[Marks] = []
_NO_DIGESTS: frozenset[str] = frozenset()


def register_marks(marks: Marks) -> None:
    if marks not in _more_marks:
        _more_marks.append(marks)


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection removed: blobs, and partial or quarantined files, with their bytes."""

    count: int = 0
    bytes: int = 0
    leftovers: int = 0
    leftover_bytes: int = 0


def collect(
    *, grace_seconds: float | None = None, protect: Collection[str] = _NO_DIGESTS
) -> Collected:
    """Remove what no image has needed for `grace_seconds`.

    Args:
        grace_seconds: None takes the setting COLLECT_GRACE_SECONDS.
        protect: digests that stay, whatever the rows say.
    """
    grace = settings.COLLECT_GRACE_SECONDS if grace_seconds is None else grace_seconds
    blobs = blob_directory()
    started_at = time.time()
    _release_rows(timezone.now() - timedelta(seconds=grace), protect)
    removed = list(_sweep(blobs, protect, started_at - grace))
    leftovers, leftover_bytes = blobs.remove_stale(started_at - grace)
    return Collected(len(removed), sum(removed), leftovers, leftover_bytes)


def collectable_bytes(team_id: int) -> int:
    """Bytes of the team's blobs that no image of it needs: what a collection frees once the grace period is over."""
    needed = marked_digests().get(team_id, set())
    rows = TeamBlob.objects.filter(team_id=team_id).values_list("digest", "size")
    return sum(size for digest, size in rows if digest not in needed)


def marked_digests() -> dict[int, set[str]]:
    """Team → everything its images need, and what is kept besides. One query for the images, so one moment: a name being
    copied is seen before or after."""
    marked: dict[int, set[str]] = defaultdict(set)
    for team_id, manifests, blobs in LocalImage.objects.values_list(
        "team_id", "manifests", "blobs"
    ):
        marked[team_id].update(entry["digest"] for entry in (*manifests, *blobs))
    for marks in _more_marks:
        for team_id, digests in marks():
            marked[team_id].update(digests)
    return marked


def _release_rows(cutoff: datetime, protect: Collection[str]) -> None:
    old = TeamBlob.objects.filter(used_at__lt=cutoff)
    # Read before the marks: a blob that gets its image in between is marked.
    candidates = list(old.values_list("pk", "team_id", "digest"))
    marked = marked_digests()
    unneeded = [
        pk
        for pk, team_id, digest in candidates
        if digest not in marked.get(team_id, _NO_DIGESTS) and digest not in protect
    ]
    for start in range(0, len(unneeded), _CHUNK):
        # Conditional once more: whoever has used it meanwhile keeps it.
        old.filter(pk__in=unneeded[start : start + _CHUNK]).delete()


def _sweep(blobs: BlobDirectory, protect: Collection[str], written_before: float) -> Iterator[int]:
    """Remove the files that no row names, and yield their sizes.

    A young file stays even so: a database that was restored from an older backup may be corrected yet.
    """
    needed = set().union(
        *marked_digests().values(),
        TeamBlob.objects.values_list("digest", flat=True).distinct(),
        protect,
    )
    for digest, _size in blobs:
        if str(digest) in needed or not _is_older(blobs, digest, written_before):
            continue
        with blobs.hold(digest):
            if not TeamBlob.objects.filter(digest=str(digest)).exists() and _is_older(
                blobs, digest, written_before
            ):
                yield blobs.remove(digest)


def _is_older(blobs: BlobDirectory, digest: Digest, time_written: float) -> bool:
    written_at = blobs.written_at(digest)
    return written_at is not None and written_at <= time_written
