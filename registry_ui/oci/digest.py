"""Digests: content named by its hash (image spec, "Digests")."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from .errors import InvalidDigest

# The registered algorithms (image spec, "Registered algorithms").
_HEX_LENGTHS = {"sha256": 64, "sha512": 128}
_HEX = re.compile(r"[a-f0-9]+")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """One valid digest. `str(digest)` is its text, `algorithm:hex`."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """Parse `sha256:<64 hex>` or `sha512:<128 hex>`.

        Raises:
            InvalidDigest: another algorithm, length or alphabet.
        """
        algorithm, colon, encoded = text.partition(":")
        length = _HEX_LENGTHS.get(algorithm)
        if not colon or length is None:
            raise InvalidDigest("digest_algorithm_unknown", text=text[:100])

        if len(encoded) != length or _HEX.fullmatch(encoded) is None:
            raise InvalidDigest(
                "digest_length_wrong", text=text[:160], algorithm=algorithm, length=length
            )
        return cls(algorithm, encoded)

    @classmethod
    def of(cls, content: bytes, algorithm: str = "sha256") -> "Digest":
        """Return the digest of bytes in memory."""
        return cls(algorithm, hashlib.new(algorithm, content).hexdigest())

    def hasher(self) -> "hashlib._Hash":
        """Return a new hash object of this digest's algorithm."""
        return hashlib.new(self.algorithm)

    def matches(self, hasher: Any) -> bool:
        """Return whether a hash object, after all the content, has this digest."""
        return bool(hasher.hexdigest() == self.hex)

    @property
    def short(self) -> str:
        """The first twelve hex digits, as docker shows an id."""
        return self.hex[:12]

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"
