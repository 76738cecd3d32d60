"""An archive as an `ImageStore` to copy from.

Opening it reads headers and small documents; `verify` reads the rest.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..digest import Digest
from ..errors import BlobUnknown, InvalidArchive, InvalidDigest, InvalidManifest, ManifestUnknown
from ..image_facts import ImageFacts, gather_facts
from ..manifest import Descriptor, Manifest
from ..reference import Reference
from ..store import BUFFER_SIZE, BlobReader, OpenSource
from .archive_file import ArchiveFile, SliceReader
from .docker import DockerSave
from .documents import (
    DIGESTS_FILE,
    DOCKER_FILE,
    INDEX_FILE,
    ArchiveRoot,
    Documents,
    blob_path,
    unreadable,
    wrong_content,
)
from .layout import images_of_layout
from .limits import ArchiveLimits
from .tar import Member, members_of


@dataclass(frozen=True, slots=True)
class ArchivedImage:
    """One image of an archive.

    Args:
        names: the complete names that the archive gives it; none where it has only a tag, or
            nothing.
        platforms: as `os/architecture[/variant]`.
        size: bytes of its blobs.
        is_rebuilt: its manifest was built here, so the digest is a new one; the image id is the
            same.
    """

    digest: Digest
    image_id: Digest
    names: tuple[Reference, ...]
    tag: str
    platforms: tuple[str, ...]
    size: int
    is_rebuilt: bool


class ArchiveStore:
    """An archive's images, by digest. Implements `ImageStore`, for reading; for all threads.

    Raises:
        InvalidArchive: anything that is wrong with it, as far as that can be told without reading
            every blob.
    """

    def __init__(self, file: ArchiveFile, limits: ArchiveLimits | None = None) -> None:
        self._limits = limits or ArchiveLimits()
        self._file = file
        file.check_kind()

        self._documents = Documents(file, members_of(file, self._limits), self._limits.document)
        self._manifests: dict[Digest, Manifest] = {}
        self._blobs: dict[Digest, Member] = {}

        # Everything is looked up now, so that an archive is good or refused as a whole.
        try:
            roots = self._roots()
            self._facts = [self._read_facts(root) for root in roots]
        except (InvalidManifest, InvalidDigest, ManifestUnknown, BlobUnknown) as exc:
            raise InvalidArchive("archive_image_unusable", cause=exc) from exc

        self.images = [
            _describe(root, facts) for root, facts in zip(roots, self._facts, strict=True)
        ]
        self._check_digests()

    @property
    def size(self) -> int:
        """The bytes of all blobs, each once: those that `verify` reads."""
        return sum(self._sizes().values())

    def blobs_of(self, digests: Sequence[Digest]) -> Iterator[tuple[Descriptor, str, str]]:
        """Yield each blob of some images, with `config` or `layer`, and its platform.

        A blob may come more than once.
        """
        for facts in self._facts:
            if facts.root.digest not in digests:
                continue
            platforms = {image.digest: image.platform for image in facts.platforms}
            for digest in facts.manifests:
                manifest = self.get_manifest(digest)
                for blob in manifest.blobs:
                    yield (
                        blob,
                        "config" if blob is manifest.config else "layer",
                        platforms.get(digest, ""),
                    )

    def verify(self, advance: Callable[[int], None] = lambda count: None) -> None:
        """Read every blob and compare it with its digest.

        Args:
            advance: called with the bytes of each piece; it may raise to stop.

        Raises:
            InvalidArchive: one is not what its digest names.
        """
        # One buffer for all blobs: the archive may have gigabytes.
        buffer = memoryview(bytearray(BUFFER_SIZE))
        for digest, size in self._sizes().items():
            hasher = digest.hasher()
            with self.open_blob(Descriptor("", digest, size)) as reader:
                while count := reader.readinto(buffer):
                    hasher.update(buffer[:count])
                    advance(count)
            if not digest.matches(hasher):
                raise wrong_content(digest)

    def head_manifest(self, reference: str | Digest) -> Descriptor | None:
        """Return the manifest's descriptor; None where the archive does not have it."""
        try:
            return self.get_manifest(reference).descriptor
        except ManifestUnknown:
            return None

    def get_manifest(self, reference: str | Digest) -> Manifest:
        """Return the manifest behind a digest.

        Raises:
            ManifestUnknown: the archive does not have it.
            InvalidArchive, InvalidManifest: it is damaged.
        """
        digest = reference if isinstance(reference, Digest) else Digest.parse(reference)
        # The manifests that were built from a `docker save` archive are in no member.
        if digest in self._manifests:
            return self._manifests[digest]
        if self._documents.blob(digest) is None:
            raise ManifestUnknown("archive_manifest_missing", digest=digest)
        return self._documents.manifest(digest)

    def has_blob(self, descriptor: Descriptor) -> bool:
        """Return whether the archive has the blob with the promised size."""
        member = self._member(descriptor.digest)
        return member is not None and member.size == descriptor.size

    def open_blob(self, descriptor: Descriptor, offset: int = 0) -> BlobReader:
        """Open the blob's bytes from `offset` on.

        Raises:
            BlobUnknown: the archive does not have it.
        """
        member = self._member(descriptor.digest)
        if member is None:
            raise BlobUnknown("archive_blob_missing", digest=descriptor.digest)
        return SliceReader(self._file, member.offset + offset, max(member.size - offset, 0))

    def put_manifest(self, manifest: Manifest, reference: str | Digest) -> None:
        """Refuse: the store is for reading."""
        raise NotImplementedError

    def write_blob(self, descriptor: Descriptor, open_source: OpenSource) -> None:
        """Refuse: the store is for reading."""
        raise NotImplementedError

    def mount_blob(self, descriptor: Descriptor, repository: str) -> bool:
        """Return False: the store is for reading."""
        return False

    def _roots(self) -> list[ArchiveRoot]:
        members = self._documents.members
        # docker 25 writes both; the layout has the manifests, so it comes first.
        if INDEX_FILE in members:
            roots = images_of_layout(self._documents)
        elif DOCKER_FILE in members:
            saved = DockerSave(self._file, self._documents)
            roots, self._blobs = saved.images(), saved.blobs
        else:
            raise InvalidArchive("archive_without_index")

        if not roots:
            raise InvalidArchive("archive_empty")
        if len(roots) > self._limits.images:
            raise InvalidArchive("archive_too_many_images", limit=self._limits.images)

        self._manifests = {root.manifest.digest: root.manifest for root in roots}
        return roots

    def _read_facts(self, root: ArchiveRoot) -> ImageFacts:
        """Read an image's manifests and configs, and check the presence and size of its blobs."""
        facts = gather_facts(root.manifest, self.get_manifest, self._config)

        for digest, size in facts.blobs.items():
            member = self._member(digest)
            if member is None:
                raise InvalidArchive("archive_layer_missing", digest=digest)
            if member.size != size:
                raise wrong_content(digest)
        return facts

    def _config(self, descriptor: Descriptor) -> bytes:
        member = self._member(descriptor.digest)

        raw = self._documents.read(member.name if member else blob_path(descriptor.digest))
        if Digest.of(raw, descriptor.digest.algorithm) != descriptor.digest:
            raise wrong_content(descriptor.digest)
        return raw

    def _member(self, digest: Digest) -> Member | None:
        # Of a `docker save` archive, blobs have other paths than in a layout.
        return self._blobs.get(digest) or self._documents.blob(digest)

    def _sizes(self) -> dict[Digest, int]:
        return {digest: size for facts in self._facts for digest, size in facts.blobs.items()}

    def _check_digests(self) -> None:
        """Compare the images with the list of digests that an export writes into its archive."""
        # Archives of other tools have no such list.
        if DIGESTS_FILE not in self._documents.members:
            return

        document = self._documents.json(DIGESTS_FILE)
        entries = document.get("images") if isinstance(document, dict) else None
        if not isinstance(entries, list):
            raise unreadable(DIGESTS_FILE)

        listed = {(_text(entry, "name"), _text(entry, "digest")) for entry in entries}
        actual = {(str(name), str(image.digest)) for image in self.images for name in image.names}
        if listed != actual:
            raise InvalidArchive("archive_digests_differ")


def _describe(root: ArchiveRoot, facts: ImageFacts) -> ArchivedImage:
    # Each platform once; attestations have none.
    platforms = dict.fromkeys(image.platform for image in facts.platforms if image.platform)
    return ArchivedImage(
        digest=root.manifest.digest,
        image_id=facts.image_id,
        names=root.names,
        tag=root.tag,
        platforms=tuple(platforms),
        size=facts.size,
        is_rebuilt=root.is_rebuilt,
    )


def _text(entry: Any, key: str) -> str:
    return str(entry.get(key)) if isinstance(entry, dict) else ""
