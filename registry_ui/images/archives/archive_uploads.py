"""Uploads of archives.

The row tells who owns an upload and its full size; the file tells how much has arrived. A
refused, imported or discarded upload leaves nothing behind.
"""

import hashlib
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team, User
from registry_ui.oci.archive.archive_store import ArchivedImage, ArchiveStore
from registry_ui.oci.archive.limits import ArchiveLimits
from registry_ui.oci.errors import InvalidArchive, OciError
from registry_ui.oci.store import BUFFER_SIZE, Cancellation

from ..models import ArchiveUpload
from .incoming_files import IncomingFolder

logger = logging.getLogger(__name__)

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME_LENGTH = 255


class OffsetConflict(OciError):
    """The error for a chunk that does not begin where the upload ends.

    Args:
        received_bytes: the number of received bytes.
    """

    def __init__(self, received_bytes: int) -> None:
        super().__init__("upload_offset_differs", offset=received_bytes)
        self.received_bytes = received_bytes


def incoming_folder() -> IncomingFolder:
    return IncomingFolder(settings.IMAGES_DIRECTORY, min_free_bytes=settings.FREE_SPACE_FLOOR)


def archive_limits() -> ArchiveLimits:
    return ArchiveLimits(
        total=settings.ARCHIVE_LIMIT, members=settings.ARCHIVE_MEMBERS, ratio=settings.ARCHIVE_RATIO
    )


def begin_upload(
    *, team: Team, user: User | None, name: str, size: int, sha256: str = "", modified: int = 0
) -> ArchiveUpload:
    """Return a new upload, or the person's own unfinished one of the same file.

    Args:
        name: the file's name, used for display only.
        sha256: the expected checksum in hex; empty where it is not known.
        modified: the file's time from the browser; 0 where it is not known, and then no earlier
            upload is continued.

    Raises:
        InvalidArchive: the file is empty or too large, or the checksum is malformed.
        StorageFull: there is no space for it.
    """
    check_size(size)
    values = {
        "team": team,
        "created_by": user,
        "name": _clean_file_name(name),
        "size": size,
        "modified": modified,
        "sha256": parse_sha256(sha256),
    }

    # Name, size and time identify the file; only the same person can continue its upload.
    earlier = (
        ArchiveUpload.objects.filter(**values, images__isnull=True, path="").first()
        if modified
        else None
    )
    if earlier is not None:
        touch_upload(earlier)
        return earlier

    # The space is checked before the row exists, so a refused upload leaves nothing.
    upload = ArchiveUpload(**values)
    incoming_folder().check_free_space(size)
    upload.save()

    return upload


def register_file(*, team: Team, path: Path, sha256: str = "") -> ArchiveUpload:
    """Return an upload for a file of this machine, named on the command line.

    The file is read in place and never removed.

    Raises:
        InvalidArchive
    """
    check_size(path.stat().st_size)
    return ArchiveUpload.objects.create(
        team=team,
        name=_clean_file_name(path.name),
        size=path.stat().st_size,
        sha256=parse_sha256(sha256),
        path=str(path.resolve()),
    )


def spool_upload(*, team: Team, read: Callable[[int], bytes], sha256: str = "") -> ArchiveUpload:
    """Return an upload with the bytes of a pipe, read to its end.

    Raises:
        InvalidArchive: there were no bytes, or more than the limit.
    """
    upload, folder = (
        ArchiveUpload(team=team, name=_("standard input"), sha256=parse_sha256(sha256)),
        incoming_folder(),
    )
    try:
        # One byte above the limit shows that there is more.
        upload.size = folder.append(upload.pk, 0, settings.ARCHIVE_LIMIT + 1, read)
        check_size(upload.size)
        upload.save()
    except BaseException:
        folder.remove(upload.pk)
        raise

    return upload


def check_size(size: int) -> None:
    """Refuse an empty file, and one above the limit.

    Raises:
        InvalidArchive
    """
    if size <= 0:
        raise InvalidArchive("archive_file_empty")
    if size > settings.ARCHIVE_LIMIT:
        raise InvalidArchive("archive_file_too_large", limit_bytes=settings.ARCHIVE_LIMIT)


def parse_sha256(text: str) -> str:
    """Return the checksum in lower case, also from a whole line of a `.sha256` file.

    Raises:
        InvalidArchive
    """
    # sha256sum writes `CHECKSUM  FILE`; others write `sha256:CHECKSUM`.
    parts = text.split()
    checksum = parts[0].lower().removeprefix("sha256:") if parts else ""
    if checksum and _SHA256.fullmatch(checksum) is None:
        raise InvalidArchive("checksum_invalid", text=checksum[:70])
    return checksum


def receive_chunk(upload: ArchiveUpload, offset: int, read: Callable[[int], bytes]) -> int:
    """Append the next chunk of an upload; return the number of received bytes.

    Raises:
        OffsetConflict: it does not begin where the upload ends.
        StorageError
    """
    folder = incoming_folder()

    # The script learns the right offset from the conflict and continues there.
    end = folder.received_bytes(upload.pk)
    if offset != end:
        raise OffsetConflict(end)
    touch_upload(upload)
    return folder.append(upload.pk, offset, upload.size, read)


def received_bytes(upload: ArchiveUpload) -> int:
    return upload.size if upload.path else incoming_folder().received_bytes(upload.pk)


def touch_upload(upload: ArchiveUpload) -> None:
    """Renew the time of use, so that the upload is kept for ARCHIVE_KEEP_SECONDS."""
    ArchiveUpload.objects.filter(pk=upload.pk).update(used_at=timezone.now())


def inspect_upload(upload: ArchiveUpload) -> None:
    """Read the images of a complete upload and store them in its row.

    A refused upload is discarded.

    Raises:
        InvalidArchive
    """
    # A person may finish an interrupted upload without the script.
    if received_bytes(upload) < upload.size:
        raise OffsetConflict(received_bytes(upload))
    try:
        with open_archive(upload) as store:
            upload.images = [_as_row(image) for image in store.images]

    # An archive that cannot be read is of no use later.
    except InvalidArchive:
        discard_upload(upload)
        raise
    upload.used_at = timezone.now()
    upload.save(update_fields=["images", "used_at"])


@contextmanager
def open_archive(
    upload: ArchiveUpload, cancellation: Cancellation | None = None
) -> Iterator[ArchiveStore]:
    """Open an upload as a store of images.

    Raises:
        InvalidArchive
    """
    # Decompression takes long, so it checks for a cancellation.
    check = cancellation.check if cancellation else lambda: None
    limits = archive_limits()
    with incoming_folder().open_tar(upload.pk, _file_path(upload), limits, check) as file:
        yield ArchiveStore(file, limits)


def check_checksum(upload: ArchiveUpload, cancellation: Cancellation) -> None:
    """Refuse an upload that does not have the expected SHA-256.

    Raises:
        InvalidArchive
    """
    if not upload.sha256:
        return

    # The checksum is that of the file as uploaded, before gzip was undone.
    hasher, offset = hashlib.sha256(), 0
    with incoming_folder().open_original(upload.pk, _file_path(upload)) as file:
        while chunk := file.read(offset, BUFFER_SIZE):
            cancellation.check()
            hasher.update(chunk)
            offset += len(chunk)

    if hasher.hexdigest() != upload.sha256:
        raise InvalidArchive("checksum_differs", found=hasher.hexdigest(), wanted=upload.sha256)


def discard_upload(upload: ArchiveUpload) -> None:
    """Delete an upload and its files, but never a file named on the command line."""
    incoming_folder().remove(upload.pk)
    ArchiveUpload.objects.filter(pk=upload.pk).delete()


def collect_uploads() -> int:
    """Discard expired uploads, and files without a row; return how many."""
    cutoff = timezone.now() - timedelta(seconds=settings.ARCHIVE_KEEP_SECONDS)
    expired = list(ArchiveUpload.objects.filter(used_at__lt=cutoff))

    for upload in expired:
        discard_upload(upload)

    folder = incoming_folder()

    # A form that ended early leaves a file without a row.
    known = set(ArchiveUpload.objects.values_list("pk", flat=True))
    orphans = [
        pk for pk, written_at in folder if pk not in known and written_at < cutoff.timestamp()
    ]

    for pk in orphans:
        folder.remove(pk)

    if expired or orphans:
        logger.info("Discarded %d uploads that nobody went on with.", len(expired) + len(orphans))

    return len(expired) + len(orphans)


def _file_path(upload: ArchiveUpload) -> Path | None:
    return Path(upload.path) if upload.path else None


def _clean_file_name(name: str) -> str:
    """Return a file's name for display: without folders and invisible characters."""
    # Old browsers send the whole path, on Windows with backslashes.
    name = name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in name if character.isprintable())[:_NAME_LENGTH] or _(
        "archive"
    )


def _as_row(image: ArchivedImage) -> dict[str, Any]:
    return {
        "digest": str(image.digest),
        "image_id": str(image.image_id),
        "names": [str(name) for name in image.names],
        "tag": image.tag,
        "platforms": list(image.platforms),
        "size": image.size,
        "is_rebuilt": image.is_rebuilt,
    }
