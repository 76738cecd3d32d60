"""The copy of an image's blobs into a target's repository (distribution spec, "Push")."""

import io
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from .blob_presence import BlobPresence
from .copy_tasks import CopyTasks
from .digest import Digest
from .manifest import Descriptor
from .progress import BlobState, Progress
from .store import BlobReader, ImageStore, OpenSource

_CANCELLATION_CHECK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class CopyTarget:
    """A copy's target: the store, its repository's name, and what is known of its blobs.

    Args:
        mount_from: the target's repositories that may have a blob, the likeliest first.
    """

    store: ImageStore
    repository: str
    presence: BlobPresence
    mount_from: Callable[[Digest], Sequence[str]]

    def contains(self, digest: Digest) -> bool:
        """Return whether the repository is known to have the blob."""
        return self.presence.contains(self.repository, digest)

    def add(self, digest: Digest) -> None:
        """Record that the repository has the blob now."""
        self.presence.add(self.repository, digest)

    def invalidate(self, blobs: Iterable[Descriptor]) -> None:
        """Forget blobs of which the target lacks at least one."""
        self.presence.invalidate(self.repository, (blob.digest for blob in blobs))

    def mount_candidates(self, digest: Digest) -> Iterable[str]:
        """Return the repositories to try a mount from, each once."""
        # Blobs that this run has stored come first: they are certainly there.
        others = self.presence.other_repositories(self.repository, digest)
        return dict.fromkeys((*others, *self.mount_from(digest)))


class BlobCopy:
    """The transfer of one image's blobs: those that the target lacks, large ones first."""

    def __init__(
        self, source: ImageStore, target: CopyTarget, tasks: CopyTasks, progress: Progress
    ) -> None:
        self._source = source
        self._target = target
        self._tasks = tasks
        self._progress = progress

    def run(self, blobs: Iterable[Descriptor]) -> None:
        """Transfer every blob that the target lacks.

        A blob that another copy has claimed is waited for and then looked up again, because that
        copy may have failed, or may have stored it in another repository.

        Raises:
            OciError: the first failure; other transfers of this copy are stopped.
        """
        unknown = self._unknown(blobs)
        while unknown:
            claims = {blob: self._target.presence.claim(blob.digest) for blob in unknown}
            self._transfer_claimed([blob for blob, other in claims.items() if other is None])

            others = [other for other in claims.values() if other is not None]
            while others and wait(others, timeout=_CANCELLATION_CHECK_SECONDS).not_done:
                self._tasks.check()
            unknown = self._unknown(blob for blob, other in claims.items() if other is not None)

    def _unknown(self, blobs: Iterable[Descriptor]) -> list[Descriptor]:
        """Return the blobs that the target is not known to have, and mark the others."""
        unknown = []
        for blob in blobs:
            if self._target.contains(blob.digest):
                self._progress.mark(blob.digest, BlobState.EXISTS)
            else:
                unknown.append(blob)
        return unknown

    def _transfer_claimed(self, blobs: Sequence[Descriptor]) -> None:
        """Look up the blobs that this copy has claimed, and send those that are missing."""
        claimed = {blob.digest for blob in blobs}

        def release(blob: Descriptor) -> None:
            claimed.discard(blob.digest)
            self._target.presence.release(blob.digest)

        def send(blob: Descriptor) -> None:
            self._send(blob)
            release(blob)

        try:
            uncertain = [blob for blob in blobs if not self._is_absent(blob)]
            answers = self._tasks.run_metadata(self._find_or_mount, uncertain)
            present = {
                blob for blob, is_present in zip(uncertain, answers, strict=True) if is_present
            }
            for blob in present:
                release(blob)

            # Large blobs first: one that starts last would run alone at the end.
            missing = sorted({*blobs} - present, key=lambda blob: blob.size, reverse=True)
            self._tasks.run_blobs(send, missing)
        finally:
            # Other copies wait for these, whatever stopped this one.
            for digest in claimed:
                self._target.presence.release(digest)

    def _is_absent(self, blob: Descriptor) -> bool:
        """Return whether neither a lookup nor a mount can find the blob."""
        # A repository that did not exist at the start has none of the blobs.
        is_absent = self._target.presence.is_absent(self._target.repository, blob.digest)
        return is_absent and not self._target.mount_candidates(blob.digest)

    def _find_or_mount(self, blob: Descriptor) -> bool:
        """Return whether the target has the blob, if need be by a mount from another repository."""
        presence, repository = self._target.presence, self._target.repository
        if not presence.is_absent(repository, blob.digest) and self._target.store.has_blob(blob):
            self._progress.mark(blob.digest, BlobState.EXISTS)
            self._target.add(blob.digest)
            return True

        # A mount costs one request and sends no bytes (distribution spec, "Mounting a blob").
        for candidate in self._target.mount_candidates(blob.digest):
            if self._target.store.mount_blob(blob, candidate):
                self._progress.mark(blob.digest, BlobState.MOUNTED, origin=candidate)
                self._target.add(blob.digest)
                return True
        return False

    def _send(self, blob: Descriptor) -> None:
        self._tasks.check()
        self._target.store.write_blob(blob, self._tracked_source(blob))
        self._progress.mark(blob.digest, BlobState.DONE)
        self._target.add(blob.digest)

    def _tracked_source(self, blob: Descriptor) -> OpenSource:
        def open_source(offset: int) -> BlobReader:
            self._tasks.check()
            # A manifest may carry the content itself (image spec, "descriptor", `data`).
            is_inline = blob.data is not None
            reader = _inline(blob, offset) if is_inline else self._source.open_blob(blob, offset)
            self._progress.begin(blob.digest, offset)
            return _TrackedReader(reader, blob.digest, self._progress, self._tasks.check)

        return open_source


def _inline(blob: Descriptor, offset: int) -> BlobReader:
    """Open content that the manifest itself carries."""
    return io.BytesIO((blob.data or b"")[offset:])


class _TrackedReader:
    """A reader that reports its progress and stops when the transfer does."""

    def __init__(
        self, reader: BlobReader, digest: Digest, progress: Progress, check: Callable[[], None]
    ) -> None:
        self._reader = reader
        self._digest = digest
        self._progress = progress
        self._check = check

    def readinto(self, buffer: memoryview, /) -> int:
        self._check()
        count = self._reader.readinto(buffer)
        self._progress.advance(self._digest, count)
        return count

    def close(self) -> None:
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
