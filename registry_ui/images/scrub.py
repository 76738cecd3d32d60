"""Verification of all blobs.

It finds blobs that the disk has damaged, and differences between files and rows.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import BlobUnknown

from .blobs import BlobDirectory
from .garbage_collection import marked_digests
from .models import LocalImage, TeamBlob
from .store import blob_directory


@dataclass(slots=True)
class ScrubReport:
    """The result of a scrub.

    Attributes:
        damaged: blobs that were moved to quarantine.
        missing: digests that rows name and that have no file, perhaps quarantined earlier.
        orphaned: files without a row, which the garbage collector removes.
        foreign_files: files that are no blobs.
        affected: the names that need a damaged or missing digest.
    """

    checked: int = 0
    checked_bytes: int = 0
    damaged: list[Digest] = field(default_factory=list)
    missing: list[Digest] = field(default_factory=list)
    orphaned: list[Digest] = field(default_factory=list)
    foreign_files: list[Path] = field(default_factory=list)
    affected: dict[Digest, list[LocalImage]] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        return not (self.damaged or self.missing or self.foreign_files)


def scrub(
    *, repair: bool = False, on_blob: Callable[[Digest, int], None] = lambda digest, size: None
) -> ScrubReport:
    """Hash every blob and compare it with its digest.

    Args:
        repair: also remove the damaged files, and the rows of blobs without a file, so that the
            next pull fetches them. Without it, damaged files stay in quarantine for the
            garbage collector's grace period.
        on_blob: called after each blob, with its size.
    """
    blobs = blob_directory()
    report = ScrubReport()

    for digest, size in blobs:
        is_intact = _check_blob(blobs, digest)
        if is_intact is None:
            continue

        if not is_intact:
            report.damaged.append(digest)
        report.checked += 1
        report.checked_bytes += size

        # A long scrub reports its progress.
        on_blob(digest, size)

    _compare_with_rows(blobs, report)
    report.affected = _affected_images({*report.damaged, *report.missing})
    if repair:
        _repair(blobs, report)

    return report


def _check_blob(blobs: BlobDirectory, digest: Digest) -> bool | None:
    """Return whether a blob is intact; None where it was removed meanwhile."""
    try:
        if blobs.is_intact(digest):
            return True
        with blobs.locked(digest):
            # A pull may have replaced it since it was read.
            if blobs.is_intact(digest):
                return True
            blobs.quarantine(digest)
    except BlobUnknown:
        return None

    return False


def _compare_with_rows(blobs: BlobDirectory, report: ScrubReport) -> None:
    named = {
        Digest.parse(text) for text in TeamBlob.objects.values_list("digest", flat=True).distinct()
    }

    # Marks name blobs that have no row any more, for example after a restored backup.
    named |= {Digest.parse(text) for digests in marked_digests().values() for text in digests}

    # The damaged blobs have no file any more; they are reported once.
    report.missing = sorted(
        digest for digest in named - set(report.damaged) if blobs.size(digest) is None
    )
    report.orphaned = sorted(digest for digest, _size in blobs if digest not in named)
    report.foreign_files = sorted(blobs.foreign_files())


def _affected_images(digests: Iterable[Digest]) -> dict[Digest, list[LocalImage]]:
    wanted = {str(digest): digest for digest in digests}
    affected: dict[Digest, list[LocalImage]] = defaultdict(list)
    if wanted:
        for image in LocalImage.objects.select_related("team").order_by(
            "team", "registry", "repository", "tag"
        ):
            for text in sorted(image.digests & wanted.keys()):
                affected[wanted[text]].append(image)
    return dict(affected)


def _repair(blobs: BlobDirectory, report: ScrubReport) -> None:
    for digest in report.damaged:
        blobs.remove_quarantined(digest)
    for digest in (*report.damaged, *report.missing):
        with blobs.locked(digest):
            if blobs.size(digest) is None:
                TeamBlob.objects.filter(digest=str(digest)).delete()
