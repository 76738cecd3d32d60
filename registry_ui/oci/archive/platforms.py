"""Some platforms of an image that has more."""

import json
from collections.abc import Callable, Sequence

from ..digest import Digest
from ..errors import PlatformMissing
from ..manifest import Descriptor, Manifest, Platform, parse_config
from ..store import BlobReader, ImageStore, OpenSource, read_blob

_CONFIG_LIMIT = 8 * 1024 * 1024
# How BuildKit ties an attestation to the image that it is about.
_ABOUT = "vnd.docker.reference.digest"


class ChosenPlatforms:
    """A store of which an index shows some platforms only: the one image itself, or an index of the chosen ones.

    Implements `ImageStore`, for reading. An index of fewer images is another document, so it has a digest of its own; the images
    keep theirs.
    """

    def __init__(self, store: ImageStore, wanted: Sequence[Platform]) -> None:
        self._store = store
        self._wanted = wanted

    def get_manifest(self, reference: str | Digest) -> Manifest:
        """
        Raises:
            PlatformMissing: the image has none of them.
        """
        found = self._store.get_manifest(reference)
        if isinstance(reference, Digest) or not self._wanted:
            return found
        if not found.is_index:
            self._check(found)
            return found
        narrowed = narrow(found, self._is_chosen, self._store.get_manifest)
        if narrowed is None:
            raise self._missing(
                ", ".join(
                    str(child.platform)
                    for child in found.children
                    if child.platform and child.platform.is_known
                )
            )
        return narrowed

    def head_manifest(self, reference: str | Digest) -> Descriptor | None:
        return self._store.head_manifest(reference)

    def has_blob(self, descriptor: Descriptor) -> bool:
        return self._store.has_blob(descriptor)

    def open_blob(self, descriptor: Descriptor, offset: int = 0) -> BlobReader:
        return self._store.open_blob(descriptor, offset)

    def put_manifest(self, manifest: Manifest, reference: str | Digest) -> None:
        raise NotImplementedError

    def write_blob(self, descriptor: Descriptor, open_source: OpenSource) -> None:
        raise NotImplementedError

    def mount_blob(self, descriptor: Descriptor, repository: str) -> bool:
        return False

    def _is_chosen(self, child: Descriptor) -> bool:
        return child.platform is not None and any(
            child.platform.satisfies(wanted) for wanted in self._wanted
        )

    def _check(self, manifest: Manifest) -> None:
        if manifest.config is None:
            return
        actual = Platform.from_document(
            parse_config(read_blob(self._store, manifest.config, limit=_CONFIG_LIMIT))
        )
        if actual is not None and not any(actual.satisfies(wanted) for wanted in self._wanted):
            raise self._missing(str(actual))

    def _missing(self, offered: str) -> PlatformMissing:
        wanted = ", ".join(str(platform) for platform in self._wanted)
        return PlatformMissing(
            f"The image is not built for {wanted}.",
            advice=f"Choose one of its platforms: {offered}.",
        )


def narrow(
    index: Manifest, keep: Callable[[Descriptor], bool], fetch: Callable[[Digest], Manifest]
) -> Manifest | None:
    """An index with fewer images: itself where all stay, the image itself where one stays, None where none does.

    What is attested of an image stays with it.
    """
    images = [
        child for child in index.children if child.platform is None or child.platform.is_known
    ]
    kept = {child.digest for child in images if keep(child)}
    if len(kept) == len({child.digest for child in images}):
        return index
    if not kept:
        return None
    if len(kept) == 1:
        return fetch(kept.pop())
    document = json.loads(index.raw)
    digests = kept | {
        child.digest
        for child in index.children
        if child.annotations.get(_ABOUT) in {str(digest) for digest in kept}
    }
    document["manifests"] = [
        entry for entry in document["manifests"] if Digest.parse(entry["digest"]) in digests
    ]
    raw = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
    return Manifest.parse(raw, index.media_type, algorithm=index.digest.algorithm)
