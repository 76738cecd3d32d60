"""Some platforms of an image that is built for more."""

import json
from collections.abc import Callable, Sequence

from ..digest import Digest
from ..errors import PlatformMissing
from ..manifest import Descriptor, Manifest, Platform, parse_config
from ..store import BlobReader, ImageStore, OpenSource, read_blob

# Configs are read whole, and anyone can write a descriptor of any size.
_CONFIG_LIMIT = 8 * 1024 * 1024
# How BuildKit ties an attestation to the image that it is about.
_ABOUT = "vnd.docker.reference.digest"


class PlatformFilter:
    """A store in which an index has the wanted platforms only; one image stands for itself.

    Implements `ImageStore`, for reading. A filtered index is another document, so it has a digest
    of its own; the images keep theirs.
    """

    def __init__(self, store: ImageStore, wanted: Sequence[Platform]) -> None:
        self._store = store
        self._wanted = wanted

    def get_manifest(self, reference: str | Digest) -> Manifest:
        """Return the manifest; an index by its tag is filtered.

        Raises:
            PlatformMissing: the image is built for none of the platforms.
        """
        manifest = self._store.get_manifest(reference)
        # A digest names exactly one document, so only a tag's index is filtered.
        if isinstance(reference, Digest) or not self._wanted:
            return manifest
        if not manifest.is_index:
            self._check(manifest)
            return manifest

        filtered = filtered_index(manifest, self._is_chosen, self._store.get_manifest)
        if filtered is None:
            platforms = [child.platform for child in manifest.children if child.platform]
            offered = [str(platform) for platform in platforms if platform.is_known]
            raise self._missing(offered)
        return filtered

    def head_manifest(self, reference: str | Digest) -> Descriptor | None:
        """Return the descriptor of the unfiltered manifest; None where there is none."""
        return self._store.head_manifest(reference)

    def has_blob(self, descriptor: Descriptor) -> bool:
        """Return whether the store has the blob."""
        return self._store.has_blob(descriptor)

    def open_blob(self, descriptor: Descriptor, offset: int = 0) -> BlobReader:
        """Open the store's blob."""
        return self._store.open_blob(descriptor, offset)

    def put_manifest(self, manifest: Manifest, reference: str | Digest) -> None:
        """Refuse: the store is for reading."""
        raise NotImplementedError

    def write_blob(self, descriptor: Descriptor, open_source: OpenSource) -> None:
        """Refuse: the store is for reading."""
        raise NotImplementedError

    def mount_blob(self, descriptor: Descriptor, repository: str) -> bool:
        """Return False: the store is for reading."""
        return False

    def _is_chosen(self, child: Descriptor) -> bool:
        return child.platform is not None and any(
            child.platform.satisfies(wanted) for wanted in self._wanted
        )

    def _check(self, manifest: Manifest) -> None:
        if manifest.config is None:
            return

        # A single image says in its config for which platform it is (image spec, "config").
        actual = Platform.from_document(
            parse_config(read_blob(self._store, manifest.config, limit=_CONFIG_LIMIT))
        )
        if actual is not None and not any(actual.satisfies(wanted) for wanted in self._wanted):
            raise self._missing([str(actual)])

    def _missing(self, offered: list[str]) -> PlatformMissing:
        wanted = [str(platform) for platform in self._wanted]
        return PlatformMissing("platform_missing", wanted=wanted, offered=offered)


def filtered_index(
    index: Manifest, keep: Callable[[Descriptor], bool], fetch: Callable[[Digest], Manifest]
) -> Manifest | None:
    """Return an index with fewer images, and with their attestations.

    Returns:
        The index itself where all images are kept, the image where one is, None where none is.
    """

    images = [
        child for child in index.children if child.platform is None or child.platform.is_known
    ]

    kept = {child.digest for child in images if keep(child)}
    if len(kept) == len({child.digest for child in images}):
        return index
    if not kept:
        return None
    # One image is copied without an index around it, as `docker pull` does.
    if len(kept) == 1:
        return fetch(kept.pop())

    # The entries stay as they were written, with members that this package does not know.
    document = json.loads(index.raw)
    digests = kept | {
        child.digest
        for child in index.children
        if child.annotations.get(_ABOUT) in {str(digest) for digest in kept}
    }
    document["manifests"] = [
        entry for entry in document["manifests"] if Digest.parse(entry["digest"]) in digests
    ]

    # JSON can carry lone surrogates, which plain UTF-8 would refuse.
    raw = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
    return Manifest.parse(raw, index.media_type, algorithm=index.digest.algorithm)
