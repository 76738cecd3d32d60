"""The copy of an image from any `ImageStore` to any other.

The steps: resolve the tag to a manifest; select the platforms; look up the target's blobs; mount
what another repository of the target has; send the rest; then store the manifests: children,
index, and the tag last, so that a tag never names an incomplete image (distribution spec,
"Pushing manifests": a registry may refuse a manifest whose blobs or children are missing).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .blob_copy import BlobCopy, CopyTarget
from .copy_session import CopySession
from .copy_tasks import CopyTasks
from .digest import Digest
from .errors import BlobUnknown, ManifestUnknown
from .image_tree import ImageTree, ImageTreeReader
from .manifest import Descriptor, Manifest, Platform
from .platform_choice import PlatformChoice
from .progress import Progress
from .store import Cancellation, ImageStore
from .worker_pools import WorkerPools

__all__ = [
    "CopiedImage",
    "CopySession",
    "PlatformChoice",
    "SurveyedImage",
    "copy_image",
    "survey_image",
]


@dataclass(frozen=True, slots=True)
class CopiedImage:
    """A copy's result.

    Args:
        manifest: the root as it stands in the target.
        source_digest: the digest behind the source's tag: the index's, even where one platform of
            it was copied.
        moved: bytes that passed; those sent twice count twice.
        manifests: the digests of all manifests that were stored, the root first.
    """

    manifest: Manifest
    source_digest: Digest
    moved: int
    manifests: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True)
class SurveyedImage:
    """An image's blobs, each once, and the number of manifests fetched to know them."""

    blobs: tuple[Descriptor, ...]
    manifests: int


def copy_image(
    source: ImageStore,
    source_reference: str | Digest,
    target: ImageStore,
    target_reference: str | Digest | None,
    session: CopySession,
    *,
    platform: PlatformChoice,
) -> CopiedImage:
    """Copy one image, or every image of an index.

    Args:
        source_reference: a tag or a digest.
        target_reference: the tag to point at it; None stores it under its digest only.

    Raises:
        OciError: any of them. Blobs that arrived stay, so a retry sends only the rest; the target's
            tag is not changed.
    """
    copy_target = CopyTarget(target, session.repository, session.presence, session.mount_from)
    progress = session.progress
    with session.open_tasks() as tasks:
        progress.enter("resolving")
        resolved = source.get_manifest(source_reference)
        tree = _read_tree(source, resolved, platform, tasks, progress)

        progress.enter("transferring")
        blobs = BlobCopy(source, copy_target, tasks, progress)
        blobs.run(tree.blobs.values())

        progress.enter("finishing")
        root_reference = tree.root.digest if target_reference is None else target_reference
        _ManifestWriter(copy_target, tasks, blobs).store_tree(tree, root_reference)

    digests = (tree.root.digest, *(child.digest for child in tree.children))
    return CopiedImage(tree.root, resolved.digest, progress.moved, digests)


def survey_image(
    source: ImageStore,
    reference: str | Digest,
    *,
    platform: PlatformChoice,
    cancellation: Cancellation,
    pools: WorkerPools,
) -> SurveyedImage:
    """Return what a copy would send at most. No blob is fetched but a config of one image.

    Raises:
        OciError: as the source raises; PlatformMissing, InvalidManifest.
    """
    tasks = CopyTasks(pools, cancellation)
    resolved = source.get_manifest(reference)
    tree = _read_tree(source, resolved, platform, tasks, Progress())
    return SurveyedImage(tuple(tree.blobs.values()), 1 + len(tree.children))


def _read_tree(
    source: ImageStore,
    resolved: Manifest,
    choice: PlatformChoice,
    tasks: CopyTasks,
    progress: Progress,
) -> ImageTree:
    def expect(blob: Descriptor, kind: str, platform: Platform | None) -> None:
        name = str(platform) if platform and platform.is_known else ""
        progress.expect(blob, kind=kind, platform=name)

    reader = ImageTreeReader(source, tasks, expect)
    return reader.read(reader.select(resolved, choice))


class _ManifestWriter:
    """The storing of an image's manifests, after its blobs."""

    def __init__(self, target: CopyTarget, tasks: CopyTasks, blobs: BlobCopy) -> None:
        self._target = target
        self._tasks = tasks
        self._blobs = blobs

    def store_tree(self, tree: ImageTree, reference: str | Digest) -> None:
        """Store every manifest, the root last; if a child vanished meanwhile, all again, once."""
        self._store_children(tree.children)
        try:
            self._store(tree.root, reference)
        except ManifestUnknown:
            # A garbage collection of the target can remove a child that no tag names yet.
            self._store_children(tree.children)
            self._store(tree.root, reference)

    def _store_children(self, children: Sequence[Manifest]) -> None:
        """Store images concurrently, then the indexes, each after what it names."""
        images = [child for child in children if not child.is_index]
        indexes = [child for child in children if child.is_index]
        answers = self._tasks.run_metadata(self._try_store, images)
        incomplete = [image for image, stored in zip(images, answers, strict=True) if not stored]
        # An index is stored after its children: registries refuse it otherwise.
        for child in (*incomplete, *indexes):
            self._store(child, child.digest)

    def _store(self, manifest: Manifest, reference: str | Digest) -> None:
        """Store a manifest; if the target lacks a blob of it, send that and try once more.

        Blobs that are known from earlier runs are not looked up, so this is where a wrong
        `BlobPresence` is repaired (PROTOCOL.md, "Speed": repair on MANIFEST_BLOB_UNKNOWN).
        """
        self._tasks.check()
        try:
            self._target.store.put_manifest(manifest, reference)
        except BlobUnknown:
            self._target.invalidate(manifest.blobs)
            self._blobs.run(manifest.blobs)
            self._target.store.put_manifest(manifest, reference)

    def _try_store(self, manifest: Manifest) -> bool:
        self._tasks.check()
        # A missing blob is sent in `_store`, outside of the metadata pool.
        try:
            self._target.store.put_manifest(manifest, manifest.digest)
        except BlobUnknown:
            return False
        return True
