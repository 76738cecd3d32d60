"""The manifests and blobs of one image, read from its source with limits.

An index of indexes can name any number of manifests and blobs, so depth, manifests, their bytes
and blobs are bounded before anything is copied (image spec, "image-index").
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from .copy_tasks import CopyTasks
from .digest import Digest
from .errors import InvalidManifest, PlatformMissing
from .manifest import CHILDREN_LIMIT, Descriptor, Manifest, Platform, parse_config
from .platform_choice import PlatformChoice, best_child, reduced_index
from .store import ImageStore, read_blob

_INDEX_DEPTH = 4

# The limits are far above real images, and far below what fills memory.
_CONFIG_LIMIT = 8 * 1024 * 1024
_MANIFESTS_LIMIT = 32 * 1024 * 1024
_BLOBS_LIMIT = 10_000

OnBlob = Callable[[Descriptor, str, Platform | None], None]
"""Receives each blob with its kind, `config` or `layer`, and the platform that it is for."""


@dataclass(slots=True)
class ImageTree:
    """An image's root manifest with all manifests and blobs below it.

    `children` are in the order in which they must be stored: an index after what it names.
    """

    root: Manifest
    children: list[Manifest] = field(default_factory=list)
    blobs: dict[Digest, Descriptor] = field(default_factory=dict)


class ImageTreeReader:
    """A reader of one image's manifests, several at a time.

    Args:
        on_blob: called for each blob as soon as a manifest names it.
    """

    def __init__(self, source: ImageStore, tasks: CopyTasks, on_blob: OnBlob) -> None:
        self._source = source
        self._tasks = tasks
        self._on_blob = on_blob
        self._lock = threading.Lock()
        self._count = self._bytes = 0

    def select(
        self, manifest: Manifest, choice: PlatformChoice, depth: int = _INDEX_DEPTH
    ) -> Manifest:
        """Return the manifest to copy: the whole index, a reduced one, or one image of it.

        Raises:
            PlatformMissing: the image is not built for the chosen platform.
            InvalidManifest: the index holds indexes too deep.
            OciError: as the source raises.
        """
        if choice.is_all:
            return manifest
        if not manifest.is_index:
            if choice.is_explicit:
                self._check_platform(manifest, choice)
            return manifest
        if choice.wanted is None:
            return reduced_index(manifest, choice)

        _check_depth(depth)
        child = best_child(manifest, choice.wanted)
        fetched = self._source.get_manifest(child.digest)
        return self.select(fetched, choice, depth - 1) if child.is_index else fetched

    def read(self, root: Manifest) -> ImageTree:
        """Fetch every manifest below the root.

        Raises:
            InvalidManifest: more than 1,000 manifests, 32 MiB of them or 10,000 blobs, or too deep.
            OciError: as the source raises.
        """
        tree = ImageTree(root)
        platform = root.config.platform if root.config else None
        self._descend(root, platform, tree, set(), _INDEX_DEPTH)
        return tree

    def _check_platform(self, manifest: Manifest, choice: PlatformChoice) -> None:
        # Only its config says for which platform a single image is (image spec, "config").
        if manifest.config is None:
            return
        config = parse_config(read_blob(self._source, manifest.config, limit=_CONFIG_LIMIT))
        actual = Platform.from_document(config)
        if actual is not None and not choice.accepts(actual):
            raise PlatformMissing("platform_differs", actual=actual, platform=choice.label)

    def _descend(
        self,
        manifest: Manifest,
        platform: Platform | None,
        tree: ImageTree,
        visited: set[Digest],
        depth: int,
    ) -> None:
        _check_depth(depth)
        for blob in manifest.blobs:
            kind = "config" if blob is manifest.config else "layer"
            self._add_blob(tree, blob, kind, platform)

        # A child of an unknown type is copied as a blob: clients may store anything in an index.
        children = [child for child in manifest.children if child.digest not in visited]
        visited.update(child.digest for child in children)
        for child in children:
            if not (child.is_index or child.is_manifest):
                self._add_blob(tree, child, "layer", child.platform)

        nested = [child for child in children if child.is_index or child.is_manifest]
        # Side by side: an index of twenty platforms would take twenty round trips.
        fetched = self._tasks.run_metadata(self._fetch, nested)
        for child, child_manifest in zip(nested, fetched, strict=True):
            self._descend(child_manifest, child.platform, tree, visited, depth - 1)
            tree.children.append(child_manifest)

    def _fetch(self, child: Descriptor) -> Manifest:
        """Fetch a manifest below the root, within the limits for all of them together."""
        with self._lock:
            self._count += 1
        if self._count > CHILDREN_LIMIT:
            raise InvalidManifest("too_many_manifests", limit=CHILDREN_LIMIT)

        manifest = self._source.get_manifest(child.digest)
        with self._lock:
            self._bytes += manifest.size
        if self._bytes > _MANIFESTS_LIMIT:
            raise InvalidManifest("manifests_too_large", limit_bytes=_MANIFESTS_LIMIT)
        return manifest

    def _add_blob(
        self, tree: ImageTree, blob: Descriptor, kind: str, platform: Platform | None
    ) -> None:
        # Platforms share layers, and each one is sent once.
        tree.blobs.setdefault(blob.digest, blob)
        if len(tree.blobs) > _BLOBS_LIMIT:
            raise InvalidManifest("too_many_blobs", limit=_BLOBS_LIMIT)
        self._on_blob(blob, kind, platform)


def _check_depth(left: int) -> None:
    if left == 0:
        raise InvalidManifest("index_too_deep")
