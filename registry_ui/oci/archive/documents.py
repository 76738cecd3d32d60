"""The JSON inside an archive, read with limits, and the image that an archive holds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..digest import Digest
from ..errors import InvalidArchive, InvalidReference, OciError
from ..manifest import Manifest
from ..reference import Reference
from .container import ArchiveFile
from .tar import Member

LAYOUT_FILE = "oci-layout"
INDEX_FILE = "index.json"
DOCKER_FILE = "manifest.json"
DIGESTS_FILE = "digests.json"
NAME_ANNOTATION = "io.containerd.image.name"
REF_ANNOTATION = "org.opencontainers.image.ref.name"

_MOST_FULL = 16


@dataclass(frozen=True, slots=True)
class FoundRoot:
    """An image of an archive, before it was looked into.

    Args:
        names: those that the archive gives it, complete.
        tag: where it gives no name, but a tag.
        is_rebuilt: the archive keeps no manifest of it that is whole: this one was made here.
    """

    manifest: Manifest
    names: tuple[Reference, ...]
    tag: str = ""
    is_rebuilt: bool = False


class Documents:
    """The archive's small files.

    Args:
        limit: bytes of one that is read; all of them together may have `_MOST_FULL` times as many.
    """

    def __init__(self, file: ArchiveFile, members: Mapping[str, Member], limit: int) -> None:
        self._file = file
        self._limit = limit
        self._seen: set[str] = set()
        self._total = 0
        self.members = members

    def read(self, name: str) -> bytes:
        """
        Raises:
            InvalidArchive: it is missing, or too large.
        """
        member = self.members.get(name)
        if member is None:
            raise InvalidArchive(
                f"The archive lacks “{name[:100]}”, which it names.",
                advice="It was cut off, or made wrongly: make it anew.",
            )
        if member.size > self._limit:
            raise InvalidArchive(
                f"The archive's “{name[:100]}” has more than {self._limit // 1024 // 1024} MiB."
            )
        if name not in self._seen:
            self._seen.add(name)
            self._total += member.size
        if self._total > self._limit * _MOST_FULL:
            raise InvalidArchive(
                f"The archive's manifests have more than {self._limit * _MOST_FULL // 1024 // 1024} MiB together."
            )
        return self._file.read(member.offset, member.size)

    def json(self, name: str) -> Any:
        """
        Raises:
            InvalidArchive: missing, too large, or not JSON.
        """
        try:
            return json.loads(self.read(name))
        except (ValueError, RecursionError) as exc:
            raise unreadable(name) from exc

    def blob(self, digest: Digest) -> Member | None:
        """Where an OCI layout has a blob."""
        return self.members.get(blob_path(digest))

    def manifest(self, digest: Digest, media_type: str | None = None) -> Manifest:
        """A manifest of an OCI layout, with the digest by which it is named.

        Raises:
            InvalidArchive, InvalidManifest
        """
        raw = self.read(blob_path(digest))
        if Digest.of(raw, digest.algorithm) != digest:
            raise wrong_content(digest)
        return Manifest.parse(raw, media_type, algorithm=digest.algorithm)


def blob_path(digest: Digest) -> str:
    return f"blobs/{digest.algorithm}/{digest.hex}"


def complete_name(text: Any) -> Reference | None:
    """A name with its repository; None for whatever is none, a tag alone among it."""
    if not isinstance(text, str) or not ("/" in text or ":" in text):
        return None
    try:
        return Reference.parse(text)
    except OciError:
        return None


def checked_tag(text: Any) -> str:
    """A tag alone; empty where it is none."""
    try:
        return (
            Reference("docker.io", "library/x").with_tag(text).tag or ""
            if isinstance(text, str)
            else ""
        )
    except InvalidReference:
        return ""


def unreadable(name: str) -> InvalidArchive:
    return InvalidArchive(
        f"The archive's “{name}” is not what it should be: it cannot be read.",
        advice="It was made wrongly: make it anew.",
    )


def wrong_content(digest: Digest) -> InvalidArchive:
    return InvalidArchive(
        f"The archive's content under {digest.short} is not what that digest names: it is damaged, or was changed.",
        advice="Nothing of it was kept. Copy it again from where it was made, and compare its SHA-256.",
    )
