"""Blobs that a client uploads in chunks, stored by upload until their digest is known.

They are in `partial/uploads/`, so the garbage collector removes abandoned ones.
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
from .disk import check_free_space, is_same_file, storage_error, storage_errors, try_lock
from .models import TeamBlob

_OWNER = "uploads"
_OPEN = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
_SPACE_CHECK_STEP = 8 * 1024 * 1024


class UploadUnknown(OciError):
    """The error for an upload that does not exist any more."""


class UploadBusy(OciError):
    """The error for an upload that another request is writing."""

    temporary_by_default = True


class UploadTooLarge(OciError):
    """The error for an upload above the limit of one blob."""


class UploadFile:
    """One upload, locked for this request by `open_upload`."""

    def __init__(self, blobs: BlobDirectory, folder: int, name: str, descriptor: int) -> None:
        self._blobs = blobs
        self._folder = folder
        self._name = name
        self._descriptor = descriptor
        self._checked_at = 0
        self.digest: Digest

    @property
    def size(self) -> int:
        """The number of received bytes."""
        return os.fstat(self._descriptor).st_size

    def append(self, read: Callable[[int], bytes], *, limit: int, hasher: Any = None) -> None:
        """Append bytes until there are no more. Bytes received before an error are kept.

        Args:
            read: returns at most so many bytes; none at the end.
            limit: the maximum size of the upload.
            hasher: updated with the written bytes.

        Raises:
            UploadTooLarge, StorageFull, StorageError
        """
        with storage_errors(self._blobs.root):
            # A truncated body may have left bytes, so the file's end is the only true offset.
            offset = os.lseek(self._descriptor, 0, os.SEEK_END)
            check_free_space(self._blobs.root, 0, self._blobs.min_free_bytes)

        while chunk := read(BUFFER_SIZE):
            if offset + len(chunk) > limit:
                raise UploadTooLarge("upload_too_large", bytes=limit)
            self._write(chunk)
            if hasher is not None:
                hasher.update(chunk)
            offset += len(chunk)

    def verify(self, digest: Digest, hasher: Any = None) -> None:
        """Write everything to the disk and compare it with the digest.

        Args:
            hasher: the hash state of all bytes; None reads the file again.

        Raises:
            ContentMismatch
        """
        hasher = self._compute_hash(digest) if hasher is None else hasher
        if not digest.matches(hasher):
            raise ContentMismatch("upload_digest_differs", digest=digest)
        with storage_errors(self._blobs.root):
            os.fsync(self._descriptor)
        self.digest = digest

    def move_to(self, folder: int) -> None:
        """Rename the file to its digest, for `BlobDirectory.publish`."""
        os.rename(self._name, self.digest.hex, src_dir_fd=self._folder, dst_dir_fd=folder)
        os.fsync(folder)

    def discard(self) -> None:
        # It may be gone: the garbage collector removes abandoned uploads.
        with storage_errors(self._blobs.root), suppress(FileNotFoundError):
            os.unlink(self._name, dir_fd=self._folder)

    def _write(self, chunk: bytes) -> None:
        view = memoryview(chunk)
        try:
            while view:
                # write(2) may write less than it was given.
                view = view[os.write(self._descriptor, view) :]
        except OSError as exc:
            raise storage_error(exc, self._blobs.root) from exc

        # A check per chunk would be a system call more for each.
        self._checked_at += len(chunk)
        if self._checked_at >= _SPACE_CHECK_STEP:
            self._checked_at = 0
            check_free_space(self._blobs.root, 0, self._blobs.min_free_bytes)

    def _compute_hash(self, digest: Digest) -> Any:
        hasher, offset = digest.hasher(), 0
        buffer = memoryview(bytearray(BUFFER_SIZE))
        with storage_errors(self._blobs.root):
            while count := os.preadv(self._descriptor, [buffer], offset):
                hasher.update(buffer[:count])
                offset += count
        return hasher


def create_upload(blobs: BlobDirectory, key: UUID) -> None:
    """Create an empty upload."""
    with storage_errors(blobs.root), blobs.folder("partial", _OWNER, create=True) as folder:
        check_free_space(blobs.root, 0, blobs.min_free_bytes)

        # O_EXCL: an upload id is never used twice.
        os.close(os.open(key.hex, _OPEN | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder))


def upload_size(blobs: BlobDirectory, key: UUID) -> int:
    """Return the number of received bytes.

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
    """Open and lock an upload.

    Raises:
        UploadUnknown, UploadBusy
    """
    with _missing_as_unknown(), blobs.folder("partial", _OWNER) as folder:
        descriptor = os.open(key.hex, _OPEN, dir_fd=folder)
        folder_copy = os.dup(folder)

    try:
        if not try_lock(descriptor):
            raise UploadBusy("upload_busy")

        # The upload may have been finished or cancelled before the lock was taken.
        if not is_same_file(descriptor, key.hex, folder_copy):
            raise _unknown()
        yield UploadFile(blobs, folder_copy, key.hex, descriptor)
    finally:
        os.close(descriptor)
        os.close(folder_copy)


@contextmanager
def _missing_as_unknown() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as exc:
        raise _unknown() from exc


def _unknown() -> UploadUnknown:
    return UploadUnknown("upload_unknown")


def publish_upload(team: Team, blobs: BlobDirectory, upload: UploadFile) -> int:
    """Turn a verified upload into a blob of the team; return its size.

    The team has the right to the blob, because it uploaded the bytes.
    """
    size = upload.size

    # The file and its row appear under one lock, so the garbage collector sees both or none.
    with blobs.locked(upload.digest):
        blobs.publish(upload)
        values = {"size": size, "used_at": timezone.now()}
        TeamBlob.objects.update_or_create(team=team, digest=str(upload.digest), defaults=values)
    return size
