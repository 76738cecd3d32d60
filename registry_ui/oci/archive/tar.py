"""The members of a tar by name, with their position in the file. Nothing is unpacked.

The standard library parses a header; the steps from one header to the next are done here, because
its own reader loads long names and extended headers of any size into memory. Refused are names that
leave the archive, links, devices, sparse files, duplicate names, and an archive without an end.
"""

import posixpath
import re
import tarfile
from dataclasses import dataclass

from ..errors import InvalidArchive
from .archive_file import ArchiveFile, too_large
from .limits import ArchiveLimits

_BLOCK = 512

# Extended headers hold names; real ones have a few hundred bytes.
_EXTENDED_LIMIT = 64 * 1024

# Longer than any path in an image archive, shorter than what would fill memory.
_NAME_LIMIT = 1024
_FILES = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE})
_KINDS = {
    tarfile.LNKTYPE: "hard_link",
    tarfile.SYMTYPE: "symbolic_link",
    tarfile.CHRTYPE: "device",
    tarfile.BLKTYPE: "device",
    tarfile.FIFOTYPE: "pipe",
    tarfile.GNUTYPE_SPARSE: "sparse_file",
    tarfile.CONTTYPE: "contiguous_file",
}
# docker, podman and skopeo write such links for old versions: one layer's folder points at another
# folder's layer, or at a layer at the top. No link is followed on a disk: it is a second name for a
# member of the same archive.
_ALIAS = re.compile(r"[0-9a-f]{64}/layer\.tar")
_ALIAS_TARGET = re.compile(r"[0-9a-f]{64}(?:/layer)?\.tar")


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the archive: `size` bytes from `offset` on."""

    name: str
    offset: int
    size: int


def members_of(file: ArchiveFile, limits: ArchiveLimits) -> dict[str, Member]:
    """Return all files of a tar by name.

    Raises:
        InvalidArchive: damaged, cut off, over a limit, or with a member that no archive of images
            has.
    """
    if file.size > limits.total:
        raise too_large(limits)
    return _Scan(file, limits).run()


class _Scan:
    """One pass over the headers of a tar."""

    def __init__(self, file: ArchiveFile, limits: ArchiveLimits) -> None:
        self._file = file
        self._limits = limits
        self._offset = 0
        self._count = 0
        self._members: dict[str, Member] = {}
        self._folders: set[str] = set()
        self._aliases: dict[str, str] = {}
        self._extended: dict[str, str] = {}

    def run(self) -> dict[str, Member]:
        """Return the members by name."""
        while (header := self._next_header()) is not None:
            self._count += 1
            if self._count > self._limits.members:
                raise InvalidArchive("archive_too_many_members", limit=self._limits.members)
            self._process_header(header)

        # A header that describes the next member was the last one.
        if self._extended:
            raise _cut_off()

        for name, target in self._aliases.items():
            if target not in self._members or self._folders & {name}:
                raise _unsafe_member(name, "broken_link")
        return self._members | {
            name: self._members[target] for name, target in self._aliases.items()
        }

    def _next_header(self) -> tarfile.TarInfo | None:
        block = self._file.read(self._offset, _BLOCK)
        # Two empty blocks must end a tar, so an archive that just stops was cut off.
        if len(block) < _BLOCK:
            raise (_cut_off() if self._count else InvalidArchive("archive_too_short"))

        # An empty block ends the archive (POSIX, "ustar Interchange Format").
        if not any(block):
            return None

        self._offset += _BLOCK
        try:
            return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as exc:
            if not self._count:
                raise InvalidArchive("archive_not_tar") from exc
            raise InvalidArchive("archive_header_damaged") from exc

    def _process_header(self, header: tarfile.TarInfo) -> None:
        size = (
            int(self._extended.get("size", header.size)) if header.type in _FILES else header.size
        )

        if size < 0 or self._offset + size > self._file.size:
            raise _cut_off()

        # Content is padded to whole blocks.
        start, self._offset = self._offset, self._offset + -(-size // _BLOCK) * _BLOCK

        if header.type in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE):
            self._extended.update(_records(self._text(start, size)))
            return

        # A global header would rename or resize every later member.
        if header.type == tarfile.XGLTYPE:
            if _records(self._text(start, size)).keys() & {"path", "linkpath", "size"}:
                raise InvalidArchive("archive_renames_members")
            return

        if header.type in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK):
            key = "path" if header.type == tarfile.GNUTYPE_LONGNAME else "linkpath"
            self._extended[key] = self._text(start, size).rstrip("\0")
            return

        name = _checked_name(self._extended.get("path", header.name))
        target = self._extended.get("linkpath", header.linkname)
        # A name from an extended header is valid for one member only.
        self._extended = {}
        self._add(header.type, name, target, Member(name, start, size))

    def _add(self, kind: bytes, name: str, target: str, member: Member) -> None:
        if kind == tarfile.DIRTYPE:
            self._folders.add(name)
        elif kind == tarfile.SYMTYPE and (alias := _alias(name, target)):
            self._check_new(name)
            self._aliases[name] = alias
        elif kind in _FILES and name:
            self._check_new(name)
            self._members[name] = member
        else:
            raise _unsafe_member(name, _KINDS.get(kind, "unknown"))

        if self._folders & (self._members.keys() | self._aliases.keys()) & {name}:
            raise _unsafe_member(name, "file_and_folder")

    def _check_new(self, name: str) -> None:
        # With duplicates, the member that is checked may not be the one that is read.
        if name in self._members or name in self._aliases:
            raise _unsafe_member(name, "duplicate")

    def _text(self, start: int, size: int) -> str:
        if size > _EXTENDED_LIMIT:
            raise InvalidArchive("archive_header_too_large")
        return self._file.read(start, size).decode("utf-8", "surrogateescape")


def _records(text: str) -> dict[str, str]:
    """Return the records of an extended header: `LENGTH KEY=VALUE` and a line feed (pax)."""
    content, records = text.encode("utf-8", "surrogateescape"), {}
    while content:
        length, space, _rest = content.partition(b" ")
        if (
            not space
            or not length.isdigit()
            or not len(length) + 1 < int(length[:9]) <= len(content)
        ):
            raise InvalidArchive("archive_extended_header_damaged")

        record, content = content[len(length) + 1 : int(length) - 1], content[int(length) :]
        key, _equals, value = record.decode("utf-8", "surrogateescape").partition("=")
        # The content of a sparse file is not its bytes in the archive.
        if key.startswith("GNU.sparse"):
            raise InvalidArchive("archive_sparse_file")
        records[key] = value

    size = records.get("size", "0")
    if not size.isdecimal() or len(size) > 19:
        raise InvalidArchive("archive_size_damaged")
    return records


def _checked_name(name: str) -> str:
    """Return the name without `./`; empty for the archive's top folder."""
    parts = [part for part in name.rstrip("/").split("/") if part != "."]
    # `..` and absolute names would leave the archive if anything ever unpacked it.
    if (
        len(name) > _NAME_LIMIT
        or not name.isprintable()
        or name.startswith("/")
        or ".." in parts
        or "\\" in name
        or "" in parts[:-1]
    ):
        raise InvalidArchive("archive_member_unsafe_name", name=name[:80])

    return "/".join(parts)


def _alias(name: str, target: str) -> str:
    """Return the target of docker's own kind of link; empty for any other link."""
    if _ALIAS.fullmatch(name) is None or not target.startswith("../"):
        return ""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    return path if _ALIAS_TARGET.fullmatch(path) and path != name else ""


def _unsafe_member(name: str, kind: str) -> InvalidArchive:
    return InvalidArchive("archive_member_unsafe", name=name[:80], member_kind=kind)


def _cut_off() -> InvalidArchive:
    return InvalidArchive("archive_cut_off")
