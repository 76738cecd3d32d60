"""Uploads of archives: the row says whose it is and how long it will be, the file how far it is.

What was refused, brought in or forgotten leaves nothing behind.
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
from registry_ui.oci.archive.limits import ArchiveLimits
from registry_ui.oci.archive.reading import ArchivedImage, ArchiveStore
from registry_ui.oci.errors import InvalidArchive, OciError
from registry_ui.oci.store import BUFFER_SIZE, Cancellation

from ..models import ArchiveUpload
from .incoming import IncomingFolder

logger = logging.getLogger(__name__)

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME_LENGTH = 255


class OffsetConflict(OciError):
    """A piece that does not begin where the upload ends.

    Args:
        received: bytes that are here.
    """

    def __init__(self, received: int) -> None:
        super().__init__(_("The upload goes on at byte %(offset)d.") % {"offset": received})
        self.received = received


def incoming_folder() -> IncomingFolder:
    return IncomingFolder(settings.IMAGES_DIRECTORY, free_space_floor=settings.FREE_SPACE_FLOOR)


def archive_limits() -> ArchiveLimits:
    return ArchiveLimits(
        total=settings.ARCHIVE_LIMIT, members=settings.ARCHIVE_MEMBERS, ratio=settings.ARCHIVE_RATIO
    )


def begin_upload(
    *, team: Team, user: User | None, name: str, size: int, sha256: str = "", modified: int = 0
) -> ArchiveUpload:
    """A new upload, or the person's own of the same file that was cut off.

    Args:
        name: the file's; shown to people and used for nothing else.
        sha256: what the person expects, in hex; empty where nobody knows.
        modified: the file's time as the browser tells it; 0 where nobody knows, and then nothing is gone on with.

    Raises:
        InvalidArchive: empty, too large, or the checksum is none.
        StorageFull: there is no room for it.
    """
    check_size(size)
    about = {
        "team": team,
        "created_by": user,
        "name": _plain(name),
        "size": size,
        "modified": modified,
        "sha256": checked_sha256(sha256),
    }
    earlier = (
        ArchiveUpload.objects.filter(**about, found__isnull=True, place="").first()
        if modified
        else None
    )
    if earlier is not None:
        touch(earlier)
        return earlier
    upload = ArchiveUpload(**about)
    incoming_folder().check_room(size)
    upload.save()
    return upload


def upload_on_disk(*, team: Team, path: Path, sha256: str = "") -> ArchiveUpload:
    """A file of this machine, named on the command line: it is read where it lies, and stays.

    Raises:
        InvalidArchive
    """
    check_size(path.stat().st_size)
    return ArchiveUpload.objects.create(
        team=team,
        name=_plain(path.name),
        size=path.stat().st_size,
        sha256=checked_sha256(sha256),
        place=str(path.resolve()),
    )


def spooled(*, team: Team, read: Callable[[int], bytes], sha256: str = "") -> ArchiveUpload:
    """What a pipe gives, to its end.

    Raises:
        InvalidArchive: nothing came, or more than the limit.
    """
    upload, folder = (
        ArchiveUpload(team=team, name=_("standard input"), sha256=checked_sha256(sha256)),
        incoming_folder(),
    )
    try:
        upload.size = folder.append(upload.pk, 0, settings.ARCHIVE_LIMIT + 1, read)
        check_size(upload.size)
        upload.save()
    except BaseException:
        folder.remove(upload.pk)
        raise
    return upload


def check_size(size: int) -> None:
    """
    Raises:
        InvalidArchive
    """
    if size <= 0:
        raise InvalidArchive(_("The file is empty."), advice=_("Choose the archive again."))
    if size > settings.ARCHIVE_LIMIT:
        limit = f"{settings.ARCHIVE_LIMIT / 1024**3:.4g}"
        raise InvalidArchive(
            _("The file is larger than %(limit)s GiB, which is the limit here.") % {"limit": limit},
            advice=_(
                "Export fewer images at once, or have the limit raised (REGISTRY_UI_ARCHIVE_LIMIT_GIB)."
            ),
        )


def checked_sha256(text: str) -> str:
    """The checksum in lower case; of a whole `.sha256` line only that.

    Raises:
        InvalidArchive
    """
    words = text.split()
    checksum = words[0].lower().removeprefix("sha256:") if words else ""
    if checksum and _SHA256.fullmatch(checksum) is None:
        raise InvalidArchive(
            _("“%(text)s” is not a SHA-256 checksum.") % {"text": checksum[:70]},
            advice=_("It has 64 characters of 0–9 and a–f."),
        )
    return checksum


def receive(upload: ArchiveUpload, offset: int, read: Callable[[int], bytes]) -> int:
    """Take the next piece of an upload, and say how many bytes are here then.

    Raises:
        OffsetConflict: it does not begin where the upload ends.
        StorageError
    """
    folder = incoming_folder()
    received = folder.received(upload.pk)
    if offset != received:
        raise OffsetConflict(received)
    touch(upload)
    return folder.append(upload.pk, offset, upload.size, read)


def received(upload: ArchiveUpload) -> int:
    return upload.size if upload.place else incoming_folder().received(upload.pk)


def touch(upload: ArchiveUpload) -> None:
    """It is in use: the collector keeps away from it for as long as the setting says."""
    ArchiveUpload.objects.filter(pk=upload.pk).update(used_at=timezone.now())


def look(upload: ArchiveUpload) -> None:
    """Find out what a complete upload holds, and keep that in its row. One that is refused is gone afterwards.

    Raises:
        InvalidArchive
    """
    if received(upload) < upload.size:
        raise OffsetConflict(received(upload))
    try:
        with opened(upload) as store:
            upload.found = [_as_row(image) for image in store.images]
    except InvalidArchive:
        discard(upload)
        raise
    upload.used_at = timezone.now()
    upload.save(update_fields=["found", "used_at"])


@contextmanager
def opened(
    upload: ArchiveUpload, cancellation: Cancellation | None = None
) -> Iterator[ArchiveStore]:
    """The images of an upload.

    Raises:
        InvalidArchive
    """
    check = cancellation.check if cancellation else lambda: None
    limits = archive_limits()
    with incoming_folder().opened(upload.pk, _place(upload), limits, check) as file:
        yield ArchiveStore(file, limits)


def check_checksum(upload: ArchiveUpload, cancellation: Cancellation) -> None:
    """
    Raises:
        InvalidArchive: the file is not the one whose SHA-256 the person gave.
    """
    if not upload.sha256:
        return
    hasher, offset = hashlib.sha256(), 0
    with incoming_folder().original(upload.pk, _place(upload)) as file:
        while piece := file.read(offset, BUFFER_SIZE):
            cancellation.check()
            hasher.update(piece)
            offset += len(piece)
    if hasher.hexdigest() != upload.sha256:
        raise InvalidArchive(
            _("The file's SHA-256 is %(found)s, and not %(wanted)s, as it should be.")
            % {"found": hasher.hexdigest(), "wanted": upload.sha256},
            advice=_(
                "It was damaged or changed on its way: bring it here again. Nothing of it was kept."
            ),
        )


def discard(upload: ArchiveUpload) -> None:
    """Forget an upload with its files; one that lies elsewhere on the disk stays there."""
    incoming_folder().remove(upload.pk)
    ArchiveUpload.objects.filter(pk=upload.pk).delete()


def collect_uploads() -> int:
    """Discard what nobody has touched for as long as the setting says, and files that belong to no row; how many."""
    expired = timezone.now() - timedelta(seconds=settings.ARCHIVE_KEEP_SECONDS)
    old = list(ArchiveUpload.objects.filter(used_at__lt=expired))
    for upload in old:
        discard(upload)
    folder = incoming_folder()
    known = set(ArchiveUpload.objects.values_list("pk", flat=True))
    strangers = [
        pk for pk, written_at in folder if pk not in known and written_at < expired.timestamp()
    ]
    for pk in strangers:
        folder.remove(pk)
    if old or strangers:
        logger.info("Discarded %d uploads that nobody went on with.", len(old) + len(strangers))
    return len(old) + len(strangers)


def _place(upload: ArchiveUpload) -> Path | None:
    return Path(upload.place) if upload.place else None


def _plain(name: str) -> str:
    """A file's name as a person reads it: no folder, nothing invisible."""
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
