"""How much an archive may claim before it is refused."""

from dataclasses import dataclass

from ..manifest import MANIFEST_LIMIT

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """
    Args:
        total: bytes of the tar, after decompression.
        members: files, folders and links together.
        document: bytes of one manifest, config or list that is read whole.
        ratio: how many bytes one compressed byte may become, once `ratio_from` bytes have come out.
        images: images that one archive may hold.
    """

    total: int = 64 * 1024 * _MIB
    members: int = 20_000
    document: int = MANIFEST_LIMIT
    ratio: int = 200
    ratio_from: int = 64 * _MIB
    images: int = 1000
