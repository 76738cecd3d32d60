"""Bytes of a blob that somebody pushes in pieces: kept under the upload's own name until their digest is known.

They lie in `partial/uploads/`, so the collector clears away what nobody has gone on with.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

from django.utils import timezone

from registry_ui.accounts.models import Team
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ContentMismatch, OciError
from registry_ui.oci.store import BUFFER_SIZE

from .blobs import BlobDirectory
from .disk import check_room, is_named, storage_error, storage_errors, try_lock
from .models import TeamBlob

_OWNER = "uploads"
_OPEN = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
_CHECK_STEP = 8 * 1024 * 1024


class UploadUnknown(OciError):
    """There is no such upload, or nothing is left of it."""


class UploadBusy(OciError):
    """Another request writes it at this moment."""

    temporary_by_default = True


class UploadTooLarge(OciError):
    """More than one blob may have."""


class UploadFile:
    """One upload while this request has it for itself. Made by `open_upload`."""

    def __init__(self, blobs: BlobDirectory, folder: int, name: str, descriptor: int) -> None:
        self._blobs = blobs
        self._folder = folder
        self._name = name
        self._descriptor = descriptor
        self._checked_at = 0
        self.digest: Digest

    @property
    def size(self) -> int:
        """The bytes that are here."""
        return os.fstat(self._descriptor).st_size

    def append(self, read: Callable[[int], bytes], *, limit: int, hasher: Any = None) -> None:
        """Take bytes until there are no more. Those that came before an error stay, and `size` counts them.

        Args:
            read: gives at most so many bytes; none at the end.
            limit: the most bytes that the upload may have.
            hasher: fed with what is kept.

        Raises:
            UploadTooLarge, StorageFull, StorageError
        """
        with storage_errors(self._blobs.root):
            offset = os.lseek(self._descriptor, 0, os.SEEK_END)
            check_room(self._blobs.root, 0, self._blobs.floor)
        while chunk := read(BUFFER_SIZE):
            if offset + len(chunk) > limit:
                raise UploadTooLarge(
                    f"A blob may have at most {limit} bytes here.",
                    advice="Ask the administrator of this server.",
                )
            self._write(chunk)
            if hasher is not None:
                hasher.update(chunk)
            offset += len(chunk)

    def verify(self, digest: Digest, hasher: Any = None) -> None:
        """Bring everything to the disk, and check it.

        Args:
            hasher: fed with all of it already; None reads it again.

        Raises:
            ContentMismatch
        """
        hasher = self._hashed(digest) if hasher is None else hasher
        if not digest.matches(hasher):
            raise ContentMismatch(
                f"What was uploaded is not what the digest {digest.short} names.",
                advice="Push it again.",
            )
        with storage_errors(self._blobs.root):
            os.fsync(self._descriptor)
        self.digest = digest

    def move_to(self, folder: int) -> None:
        """Give it the name of its digest. For `BlobDirectory.publish`."""
        os.rename(self._name, self.digest.hex, src_dir_fd=self._folder, dst_dir_fd=folder)
        os.fsync(folder)

    def discard(self) -> None:
        with storage_errors(self._blobs.root), suppress(FileNotFoundError):
            os.unlink(self._name, dir_fd=self._folder)

    def _write(self, chunk: bytes) -> None:
        view = memoryview(chunk)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as exc:
            raise storage_error(exc, self._blobs.root) from exc
        self._checked_at += len(chunk)
        if self._checked_at >= _CHECK_STEP:
            self._checked_at = 0
            check_room(self._blobs.root, 0, self._blobs.floor)

    def _hashed(self, digest: Digest) -> Any:
        hasher, offset = digest.hasher(), 0
        buffer = memoryview(bytearray(BUFFER_SIZE))
        with storage_errors(self._blobs.root):
            while count := os.preadv(self._descriptor, [buffer], offset):
                hasher.update(buffer[:count])
                offset += count
        return hasher


def make_upload(blobs: BlobDirectory, key: UUID) -> None:
    """An empty one."""
    with storage_errors(blobs.root), blobs.folder("partial", _OWNER, make=True) as folder:
        check_room(blobs.root, 0, blobs.floor)
        os.close(os.open(key.hex, _OPEN | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder))


def upload_size(blobs: BlobDirectory, key: UUID) -> int:
    """The bytes that are on the disk.

    Raises:
        UploadUnknown
    """
    try:
        with blobs.folder("partial", _OWNER) as folder:
            return os.stat(key.hex, dir_fd=folder, follow_symlinks=False).st_size
    except FileNotFoundError as exc:
        raise _unknown() from exc


@contextmanager
def open_upload(blobs: BlobDirectory, key: UUID) -> Iterator[UploadFile]:
    """
    Raises:
        UploadUnknown, UploadBusy
    """
    with _found(), blobs.folder("partial", _OWNER) as folder:
        descriptor = os.open(key.hex, _OPEN, dir_fd=folder)
        kept = os.dup(folder)
    try:
        if not try_lock(descriptor):
            raise UploadBusy(
                "Another request writes this upload.",
                advice="Ask for its state, then go on from there.",
            )
        if not is_named(descriptor, key.hex, kept):
            raise _unknown()
        yield UploadFile(blobs, kept, key.hex, descriptor)
    finally:
        os.close(descriptor)
        os.close(kept)


@contextmanager
def _found() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as exc:
        raise _unknown() from exc


def _unknown() -> UploadUnknown:
    return UploadUnknown("There is no such upload.", advice="Begin a new one.")


def adopt(team: Team, blobs: BlobDirectory, upload: UploadFile) -> int:
    """A verified upload becomes a blob that the team has a right to: it brought the bytes. Returns how many."""
    size = upload.size
    with blobs.hold(upload.digest):
        blobs.publish(upload)
        values = {"size": size, "used_at": timezone.now()}
        TeamBlob.objects.update_or_create(team=team, digest=str(upload.digest), defaults=values)
    return size
