"""The limits for untrusted archives."""

from dataclasses import dataclass

from ..manifest import MANIFEST_LIMIT

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """The sizes above which an archive is refused.

    Args:
        total: bytes of the tar, after decompression.
        members: files, folders and links together.
        document: bytes of one manifest, config or list that is read whole.
        ratio: decompressed bytes for one compressed byte, once `ratio_from` bytes have come out.
        images: images in one archive.
    """

    # The numbers of images and members bound the time that opening takes.
    total: int = 64 * 1024 * _MIB
    members: int = 20_000
    document: int = MANIFEST_LIMIT
    # deflate itself allows 1032 (zlib, "Technical Details"); layers of programs stay far below.
    ratio: int = 200
    ratio_from: int = 64 * _MIB
    images: int = 1000
