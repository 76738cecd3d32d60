"""Reads every blob again: finds what the disk has damaged, and where files and rows have drifted apart."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import BlobUnknown

from .blobs import BlobDirectory
from .collecting import marked_digests
from .models import LocalImage, TeamBlob
from .store import blob_directory


@dataclass(slots=True)
class ScrubReport:
    """What a scrub found.

    `damaged` blobs were taken out of sight. `missing` are named by rows but have no file: also those that were damaged
    before. `unowned` are files without a row, which the collector removes; `strangers` are no blobs at all. `hit` maps a
    damaged or missing digest to the names that need it.
    """

    checked: int = 0
    checked_bytes: int = 0
    damaged: list[Digest] = field(default_factory=list)
    missing: list[Digest] = field(default_factory=list)
    unowned: list[Digest] = field(default_factory=list)
    strangers: list[Path] = field(default_factory=list)
    hit: dict[Digest, list[LocalImage]] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        return not (self.damaged or self.missing or self.strangers)


def scrub(
    *, repair: bool = False, on_blob: Callable[[Digest, int], None] = lambda digest, size: None
) -> ScrubReport:
    """Hash every blob and compare it with its name.

    Args:
        repair: also remove the damaged files for good, and the rows of teams whose blob has no file, so that the next pull
            fetches them. Without it damaged files stay in quarantine for the collector's grace period.
        on_blob: called after each blob, with its bytes.
    """
    blobs = blob_directory()
    report = ScrubReport()
    for digest, size in blobs:
        sound = _is_sound(blobs, digest)
        if sound is None:
            continue
        if not sound:
            report.damaged.append(digest)
        report.checked += 1
        report.checked_bytes += size
        on_blob(digest, size)
    _compare_with_rows(blobs, report)
    report.hit = _images_hit({*report.damaged, *report.missing})
    if repair:
        _repair(blobs, report)
    return report


def _is_sound(blobs: BlobDirectory, digest: Digest) -> bool | None:
    """None where it went away meanwhile."""
    try:
        if blobs.is_sound(digest):
            return True
        with blobs.hold(digest):
            # It may have been repaired since it was read.
            if blobs.is_sound(digest):
                return True
            blobs.quarantine(digest)
    except BlobUnknown:
        return None
    return False


def _compare_with_rows(blobs: BlobDirectory, report: ScrubReport) -> None:
    named = {
        Digest.parse(text) for text in TeamBlob.objects.values_list("digest", flat=True).distinct()
    }
    named |= {Digest.parse(text) for digests in marked_digests().values() for text in digests}
    report.missing = sorted(
        digest for digest in named - set(report.damaged) if blobs.size(digest) is None
    )
    report.unowned = sorted(digest for digest, _size in blobs if digest not in named)
    report.strangers = sorted(blobs.strangers())


def _images_hit(digests: Iterable[Digest]) -> dict[Digest, list[LocalImage]]:
    wanted = {str(digest): digest for digest in digests}
    hit: dict[Digest, list[LocalImage]] = defaultdict(list)
    if wanted:
        for image in LocalImage.objects.select_related("team").order_by(
            "team", "registry", "repository", "tag"
        ):
            for text in sorted(image.digests & wanted.keys()):
                hit[wanted[text]].append(image)
    return dict(hit)


def _repair(blobs: BlobDirectory, report: ScrubReport) -> None:
    for digest in report.damaged:
        blobs.remove_quarantined(digest)
    for digest in (*report.damaged, *report.missing):
        with blobs.hold(digest):
            if blobs.size(digest) is None:
                TeamBlob.objects.filter(digest=str(digest)).delete()
