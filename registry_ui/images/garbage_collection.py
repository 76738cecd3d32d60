"""The garbage collector of blobs: mark from the rows, then sweep.

A blob that no image needs is removed after the grace period. This is safe while transfers run:
a transfer sets `used_at` of every blob that it finds or writes before it relies on the blob, so
a blob in use is younger than the grace period, which has to be longer than the longest job.
Rows are deleted first, by a conditional delete. A file is removed under its lock, if no row of
any team names it at that time.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from registry_ui.oci.digest import Digest
from registry_ui.web.extension import Extension

from .blobs import BlobDirectory
from .models import LocalImage, TeamBlob
from .store import blob_directory

logger = logging.getLogger(__name__)

MarkSource = Callable[[], Iterable[tuple[int, Iterable[str]]]]
"""A function that yields a team's id with digests to keep, besides those of its images."""

_CHUNK = 500
MARK_SOURCES: Extension[MarkSource] = Extension()
_NO_DIGESTS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CollectionResult:
    """The result of a collection.

    Attributes:
        count: removed blobs, and `bytes` their size.
        leftovers: removed partial or quarantined files, and `leftover_bytes` their size.
    """

    count: int = 0
    bytes: int = 0
    leftovers: int = 0
    leftover_bytes: int = 0


def collect(
    *, grace_seconds: float | None = None, protect: Collection[str] = _NO_DIGESTS
) -> CollectionResult:
    """Remove blobs that no image has needed for `grace_seconds`.

    Args:
        grace_seconds: None takes the setting COLLECT_GRACE_SECONDS.
        protect: digests that are kept, whatever the rows say.
    """
    grace = settings.COLLECT_GRACE_SECONDS if grace_seconds is None else grace_seconds
    blobs = blob_directory()
    started_at = time.time()

    # Rows first: a file is removed only once no row names it.
    _release_rows(timezone.now() - timedelta(seconds=grace), protect)
    removed = list(_sweep(blobs, protect, started_at - grace))

    # Partial files use the same grace period: a running download writes to its file.
    leftovers, leftover_bytes = blobs.remove_stale(started_at - grace)
    return CollectionResult(len(removed), sum(removed), leftovers, leftover_bytes)


def collect_blobs() -> None:
    """Remove unused blobs, and log how much that freed (scheduled task)."""
    collected = collect()
    if collected.count:
        logger.info("Collected %d unused blobs, %d bytes.", collected.count, collected.bytes)


def marked_digests() -> dict[int, set[str]]:
    """Return the digests to keep, by team.

    One query reads all images, at one time: a name that is being copied is seen before or after.
    """
    marked: dict[int, set[str]] = defaultdict(set)
    for team_id, manifests, blobs in LocalImage.objects.values_list(
        "team_id", "manifests", "blobs"
    ):
        marked[team_id].update(entry["digest"] for entry in (*manifests, *blobs))

    # Referrers and cached images have no name of their own.
    for marks in MARK_SOURCES:
        for team_id, digests in marks():
            marked[team_id].update(digests)
    return marked


def _release_rows(cutoff: datetime, protect: Collection[str]) -> None:
    old = TeamBlob.objects.filter(used_at__lt=cutoff)
    # They are read before the marks, so that a blob which gets its image in between is marked.
    candidates = list(old.values_list("pk", "team_id", "digest"))
    marked = marked_digests()
    unneeded = [
        pk
        for pk, team_id, digest in candidates
        if digest not in marked.get(team_id, _NO_DIGESTS) and digest not in protect
    ]

    for start in range(0, len(unneeded), _CHUNK):
        # The condition is checked again: a blob that was used meanwhile stays.
        old.filter(pk__in=unneeded[start : start + _CHUNK]).delete()


def _sweep(blobs: BlobDirectory, protect: Collection[str], written_before: float) -> Iterator[int]:
    """Remove the files that no row names, and yield their sizes.

    A young file is kept even then: a database that was restored from an older backup may still be
    corrected.
    """
    # A file that any team has a row for stays, whatever its images need.
    needed = set().union(
        *marked_digests().values(),
        TeamBlob.objects.values_list("digest", flat=True).distinct(),
        protect,
    )
    for digest, _size in blobs:
        # The first check is without the lock; it decides for nearly all blobs.
        if str(digest) in needed or not _is_older(blobs, digest, written_before):
            continue
        with blobs.locked(digest):
            # A transfer may have added a row since the marks were read; under the lock, none can.
            if not TeamBlob.objects.filter(digest=str(digest)).exists() and _is_older(
                blobs, digest, written_before
            ):
                yield blobs.remove(digest)


def _is_older(blobs: BlobDirectory, digest: Digest, cutoff: float) -> bool:
    written_at = blobs.written_at(digest)
    return written_at is not None and written_at <= cutoff
