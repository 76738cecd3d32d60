"""A new archive: an `ImageStore` that records what is copied to it, and all its bytes.

It is an OCI layout with docker's `manifest.json`, so that `docker load`, `podman load` and skopeo
read it, and a list of digests. The same images always give the same bytes, so a download has a
known length and can be resumed.
"""

import hashlib
import json
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..digest import Digest
from ..errors import ContentMismatch, ManifestUnknown
from ..manifest import CONFIG_TYPES, OCI_INDEX, Descriptor, Manifest, Platform
from ..reference import Reference
from ..store import BUFFER_SIZE, BlobReader, OpenSource
from .documents import (
    DIGESTS_FILE,
    DOCKER_FILE,
    INDEX_FILE,
    LAYOUT_FILE,
    NAME_ANNOTATION,
    REF_ANNOTATION,
    blob_path,
)

OpenBlob = Callable[[Descriptor, int], BlobReader]

_BLOCK = 512
_END = bytes(2 * _BLOCK)
_DOCUMENT_VERSION = 1


class ArchivePlan:
    """The future content of an archive.

    Args:
        platform: the one that `docker load` gets of an image for several platforms; it knows no
            indexes.
    """

    def __init__(self, platform: Platform | None = None) -> None:
        self._platform = platform or Platform.of_this_machine()
        self._manifests: dict[Digest, Manifest] = {}
        self._blobs: dict[Digest, int] = {}
        self._roots: dict[Reference, Manifest] = {}

    def store_for(self, name: Reference) -> "PlannedImage":
        """Return the `ImageStore` to which an image is copied under a name."""
        return PlannedImage(self, name)

    def add_blob(self, descriptor: Descriptor) -> None:
        """Add a blob to the archive."""
        self._blobs[descriptor.digest] = descriptor.size

    def add_manifest(self, manifest: Manifest, name: Reference | None) -> None:
        """Add a manifest to the archive; with a name, as an image of its own."""
        self._manifests[manifest.digest] = manifest
        if name is not None:
            self._roots[name] = manifest

    def manifest(self, digest: Digest) -> Manifest:
        """Return a manifest that was added.

        Raises:
            ManifestUnknown
        """
        if digest not in self._manifests:
            raise ManifestUnknown("archive_manifest_missing", digest=digest)
        return self._manifests[digest]

    def build(self) -> "PlannedArchive":
        """Return the archive; what is added later is not in it."""
        names = sorted(self._roots, key=str)
        documents = {
            LAYOUT_FILE: {"imageLayoutVersion": "1.0.0"},
            INDEX_FILE: {
                "schemaVersion": 2,
                "mediaType": OCI_INDEX,
                "manifests": [self._entry(name) for name in names],
            },
            DOCKER_FILE: self._docker_entries(names),
            DIGESTS_FILE: self._digests(names),
        }

        archive = PlannedArchive()
        for path, document in documents.items():
            archive.add(
                path,
                json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "replace")
                + b"\n",
            )

        # Sorted, so that the same images give the same bytes.
        for digest in sorted(self._manifests):
            archive.add(blob_path(digest), self._manifests[digest].raw)
        for digest in sorted(self._blobs.keys() - self._manifests.keys()):
            archive.add_blob(digest, self._blobs[digest])

        archive.end()
        return archive

    def _entry(self, name: Reference) -> dict[str, Any]:
        root = self._roots[name]
        # containerd and podman each read a name from another one of these.
        annotations = {NAME_ANNOTATION: str(name), REF_ANNOTATION: str(name)}
        return {
            "mediaType": root.media_type,
            "digest": str(root.digest),
            "size": root.size,
            "annotations": annotations,
        }

    def _docker_entries(self, names: Sequence[Reference]) -> list[dict[str, Any]]:
        entries: dict[Digest, dict[str, Any]] = {}
        for name in names:
            image = self._for_docker(self._roots[name])
            if image is None or image.config is None:
                continue
            layers = [blob_path(layer.digest) for layer in image.layers]
            entry = entries.setdefault(
                image.digest,
                {"Config": blob_path(image.config.digest), "RepoTags": [], "Layers": layers},
            )
            # docker refuses a name without a tag here.
            entry["RepoTags"] += [str(name)] if name.tag else []
        return list(entries.values())

    def _for_docker(self, root: Manifest) -> Manifest | None:
        """Return the one image that docker loads; None for an artifact or foreign layers."""
        if root.is_index:
            images = [
                child
                for child in root.children
                if child.is_manifest and child.platform and child.platform.is_known
            ]
            fitting = [
                child
                for child in images
                if child.platform and child.platform.satisfies(self._platform)
            ] or images
            return self._for_docker(self._manifests[fitting[0].digest]) if fitting else None

        # docker loads neither artifacts nor images whose layers are elsewhere.
        usable = (
            root.config is not None
            and root.config.media_type in CONFIG_TYPES
            and not any(layer.is_foreign for layer in root.layers)
        )
        return root if usable else None

    def _digests(self, names: Sequence[Reference]) -> dict[str, Any]:
        blobs = {
            **self._blobs,
            **{digest: manifest.size for digest, manifest in self._manifests.items()},
        }
        return {
            "version": _DOCUMENT_VERSION,
            "images": [
                {"name": str(name), "digest": str(self._roots[name].digest)} for name in names
            ],
            "blobs": [{"digest": str(digest), "size": blobs[digest]} for digest in sorted(blobs)],
        }


class PlannedImage:
    """A target that records an image. Implements `ImageStore`, for writing.

    No blob is sent, because each one counts as present.
    """

    def __init__(self, plan: ArchivePlan, name: Reference) -> None:
        self._plan = plan
        self._name = name

    def head_manifest(self, reference: str | Digest) -> Descriptor | None:
        """Return None: no manifest is there yet."""
        return None

    def get_manifest(self, reference: str | Digest) -> Manifest:
        """Return a manifest that was recorded.

        Raises:
            ManifestUnknown
        """
        return self._plan.manifest(
            reference if isinstance(reference, Digest) else Digest.parse(reference)
        )

    def put_manifest(self, manifest: Manifest, reference: str | Digest) -> None:
        """Record the manifest; a text stands for the name's own tag, or for its digest."""
        # A descendant is named by its digest only; the root has the image's name.
        name = self._name if self._name.tag else self._name.with_digest(manifest.digest)
        self._plan.add_manifest(manifest, name if isinstance(reference, str) else None)

    def has_blob(self, descriptor: Descriptor) -> bool:
        """Record the blob, and return True: its bytes are read when the archive is."""
        self._plan.add_blob(descriptor)
        return True

    def open_blob(self, descriptor: Descriptor, offset: int = 0) -> BlobReader:
        """Refuse: the store is for writing."""
        raise NotImplementedError

    def write_blob(self, descriptor: Descriptor, open_source: OpenSource) -> None:
        """Refuse: no blob is ever missing."""
        raise NotImplementedError

    def mount_blob(self, descriptor: Descriptor, repository: str) -> bool:
        """Return False: no blob is ever missing."""
        return False


@dataclass(frozen=True, slots=True)
class _Part:
    """Some bytes of the archive from `start` on: given ones, or those of a blob."""

    start: int
    size: int
    content: bytes = b""
    blob: Descriptor | None = None


@dataclass(slots=True)
class PlannedArchive:
    """All bytes of an archive, those of its blobs by digest. `size` is its length in bytes."""

    size: int = 0
    _parts: list[_Part] = field(default_factory=list)

    @property
    def tag(self) -> str:
        """The entity tag without quotes (RFC 9110, "ETag"): equal for equal bytes."""
        hasher = hashlib.sha256()
        # The digests stand for the blobs, whose bytes need not be read.
        for part in self._parts:
            hasher.update(str(part.blob.digest).encode() if part.blob else part.content)
        return hasher.hexdigest()[:32]

    @property
    def blobs(self) -> list[Descriptor]:
        """The blobs that the store must have from which the archive is read."""
        return [part.blob for part in self._parts if part.blob]

    def add(self, path: str, content: bytes) -> None:
        """Add a file with its header and padding."""
        self._append(_header(path, len(content)) + content + _padding(len(content)))

    def add_blob(self, digest: Digest, size: int) -> None:
        """Add a blob's file with its header and padding."""
        self._append(_header(blob_path(digest), size))
        self._parts.append(_Part(self.size, size, blob=Descriptor("", digest, size)))
        self.size += size
        self._append(_padding(size))

    def end(self) -> None:
        """Add the two empty blocks that end a tar."""
        self._append(_END)

    def read(self, open_blob: OpenBlob, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` up to `end`, in pieces of at most 1 MiB.

        Raises:
            ContentMismatch: a blob that was read whole is not what its digest names. The
                recipient's download then ends early.
            OciError: as the store of the blobs raises.
        """
        end = self.size if end is None else end

        for part in self._parts:
            # The parts lie one after another, so each one knows its range of the archive.
            first, last = max(start - part.start, 0), min(end - part.start, part.size)
            if first >= last:
                continue
            if part.blob is None:
                yield part.content[first:last]
            else:
                yield from _blob_bytes(part.blob, open_blob, first, last)

    def sha256(self, open_blob: OpenBlob) -> str:
        """Return the hash of the whole archive in hex; every blob is read for it."""
        hasher = hashlib.sha256()
        for piece in self.read(open_blob):
            hasher.update(piece)
        return hasher.hexdigest()

    def _append(self, content: bytes) -> None:
        if content:
            self._parts.append(_Part(self.size, len(content), content))
            self.size += len(content)


def _blob_bytes(blob: Descriptor, open_blob: OpenBlob, first: int, last: int) -> Iterator[bytes]:
    hasher, offset = blob.digest.hasher(), first
    buffer = memoryview(bytearray(BUFFER_SIZE))
    with open_blob(blob, first) as reader:
        while offset < last and (
            count := reader.readinto(buffer[: min(BUFFER_SIZE, last - offset)])
        ):
            hasher.update(buffer[:count])
            offset += count
            yield bytes(buffer[:count])

    # A part cannot be verified: its digest covers the whole blob.
    is_whole = first == 0 and last == blob.size
    if offset < last or (is_whole and not blob.digest.matches(hasher)):
        raise ContentMismatch("local_blob_damaged", digest=blob.digest)


def _header(path: str, size: int) -> bytes:
    """Return a header that is always the same: no owner, no time.

    GNU's format has room for long names and any size.
    """
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = size, 0o644
    return entry.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _padding(size: int) -> bytes:
    # Members begin at multiples of a block.
    return bytes(-size % _BLOCK)
