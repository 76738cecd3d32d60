"""The JSON documents inside an archive, read with limits."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..digest import Digest
from ..errors import InvalidArchive, InvalidReference, OciError
from ..manifest import Manifest
from ..reference import DEFAULT_REGISTRY, Reference
from .archive_file import ArchiveFile
from .tar import Member

LAYOUT_FILE = "oci-layout"
INDEX_FILE = "index.json"
DOCKER_FILE = "manifest.json"
DIGESTS_FILE = "digests.json"

# containerd's annotation holds a complete name; the spec's one is meant for a tag only.
NAME_ANNOTATION = "io.containerd.image.name"
REF_ANNOTATION = "org.opencontainers.image.ref.name"

# Documents of full size that one archive may have: an attacker could name thousands.
_MOST_FULL = 16


@dataclass(frozen=True, slots=True)
class ArchiveRoot:
    """An image of an archive, before its content was checked.

    Args:
        names: the complete names that the archive gives it.
        tag: a tag, where the archive gives no name.
        is_rebuilt: the archive has no complete manifest of the image: this one was built from it.
    """

    manifest: Manifest
    names: tuple[Reference, ...]
    tag: str = ""
    is_rebuilt: bool = False


class Documents:
    """The archive's small files.

    Args:
        members: the archive's files by name.
        limit: the most bytes of one document; all together may have 16 times as many.
    """

    def __init__(self, file: ArchiveFile, members: Mapping[str, Member], limit: int) -> None:
        self._file = file
        self._limit = limit
        self._read_names: set[str] = set()
        self._total = 0
        self.members = members

    def read(self, name: str) -> bytes:
        """Return a document's bytes.

        Raises:
            InvalidArchive: it is missing, or too large.
        """
        member = self.members.get(name)
        if member is None:
            raise InvalidArchive("archive_member_missing", name=name[:100])

        if member.size > self._limit:
            raise InvalidArchive(
                "archive_document_too_large", name=name[:100], limit_bytes=self._limit
            )

        # A document that is read again counts once.
        if name not in self._read_names:
            self._read_names.add(name)
            self._total += member.size
        if self._total > self._limit * _MOST_FULL:
            raise InvalidArchive(
                "archive_manifests_too_large", limit_bytes=self._limit * _MOST_FULL
            )

        return self._file.read(member.offset, member.size)

    def json(self, name: str) -> Any:
        """Return a parsed document.

        Raises:
            InvalidArchive: missing, too large, or not JSON.
        """
        # Deep nesting exhausts the parser's recursion.
        try:
            return json.loads(self.read(name))
        except (ValueError, RecursionError) as exc:
            raise unreadable(name) from exc

    def blob(self, digest: Digest) -> Member | None:
        """Return the member that holds a blob of an OCI layout; None where it is missing."""
        return self.members.get(blob_path(digest))

    def manifest(self, digest: Digest, media_type: str | None = None) -> Manifest:
        """Return a manifest of an OCI layout, compared with its digest.

        Raises:
            InvalidArchive, InvalidManifest
        """
        raw = self.read(blob_path(digest))
        # The name of a blob in an archive proves nothing.
        if Digest.of(raw, digest.algorithm) != digest:
            raise wrong_content(digest)
        return Manifest.parse(raw, media_type, algorithm=digest.algorithm)


def blob_path(digest: Digest) -> str:
    """Return a blob's path in an OCI layout (image spec, "image-layout")."""
    return f"blobs/{digest.algorithm}/{digest.hex}"


def complete_name(text: Any) -> Reference | None:
    """Return a name with its repository; None for anything else, such as a tag alone."""
    # A bare word such as "latest" is a tag in the annotations of OCI layouts.
    if not isinstance(text, str) or not ("/" in text or ":" in text):
        return None
    try:
        return Reference.parse(text)
    except OciError:
        return None


def checked_tag(text: Any) -> str:
    """Return a valid tag; empty for anything else."""
    # A complete reference around the tag, so that the same rules apply.
    try:
        return (
            Reference(DEFAULT_REGISTRY, "library/x").with_tag(text).tag or ""
            if isinstance(text, str)
            else ""
        )
    except InvalidReference:
        return ""


def unreadable(name: str) -> InvalidArchive:
    """Return the error for a document that cannot be parsed."""
    return InvalidArchive("archive_document_unreadable", name=name)


def wrong_content(digest: Digest) -> InvalidArchive:
    """Return the error for content that is not what its digest names."""
    return InvalidArchive("archive_content_damaged", digest=digest)
