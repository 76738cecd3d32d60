"""The parts of a parsed tag."""

import datetime
import enum
from dataclasses import dataclass

from .suffix import Role, Suffix
from .suffixes import BY_NAME


class Kind(enum.Enum):
    """The main kind of a tag. The order of the members is the order in lists."""

    DIGEST = "digest"
    COMMIT = "commit"
    NAME = "name"
    DATE = "date"
    VERSION = "version"
    FLAVOUR = "flavour"
    CHANNEL = "channel"


class Movement(enum.Enum):
    """The way in which a tag moves to other images; `PINNED` is a convention, not a guarantee."""

    FLOATING = "floating"
    PINNED = "pinned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the tag's text, between separators.

    Args:
        text: the text as written.
        name: the name of its `Suffix`; empty for an unknown word.
        release: the number after the word: 3.20 in alpine3.20, 12 for bookworm, 2 in rc.2.
    """

    role: Role
    text: str
    name: str = ""
    release: str = ""

    @property
    def suffix(self) -> Suffix | None:
        return BY_NAME.get(self.name)


@dataclass(frozen=True, slots=True)
class Version:
    """Dotted numbers: `1`, `1.27`, `v1.27.3`, `24.04`, `8u432`."""

    text: str
    numbers: tuple[int, ...]
    calendar: bool = False

    @property
    def full(self) -> bool:
        return len(self.numbers) >= 3


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag parsed by `parse_tag`. The pieces are in the order of the text."""

    text: str
    pieces: tuple[Piece, ...]
    version: Version | None = None
    date: datetime.date | None = None

    def all_of(self, role: Role) -> tuple[Piece, ...]:
        return tuple(piece for piece in self.pieces if piece.role is role)

    def first(self, role: Role) -> Piece | None:
        return next((piece for piece in self.pieces if piece.role is role), None)

    @property
    def prerelease(self) -> Piece | None:
        # A stage with a number is more exact: in `1.0-dev-rc2` it is rc2.
        stages = self.all_of(Role.PRERELEASE)
        return next((stage for stage in stages if stage.release), stages[0] if stages else None)

    @property
    def channel(self) -> Piece | None:
        return self.first(Role.CHANNEL)

    @property
    def system(self) -> str:
        """The family of the operating system (debian, alpine …); empty if the tag names none."""
        suffix = self._named_system()
        return suffix.family if suffix else ""

    @property
    def system_release(self) -> str:
        """The release of the operating system, if possible a number: 12 for bookworm, 3.20."""
        return next((piece.release for piece in self.all_of(Role.SYSTEM) if piece.release), "")

    @property
    def variants(self) -> tuple[str, ...]:
        return tuple(piece.text for piece in self.all_of(Role.VARIANT))

    @property
    def architecture(self) -> str:
        """The architecture as in OCI platforms (amd64, arm64, arm/v7), or multiarch."""
        piece = self.first(Role.ARCHITECTURE)
        return (piece.release or piece.name) if piece else ""

    @property
    def build(self) -> str:
        return "-".join(piece.text for piece in self.all_of(Role.BUILD))

    @property
    def commit(self) -> str:
        """The hexadecimal commit alone, without `sha-` or `g` before it."""
        piece = self.first(Role.COMMIT)
        return piece.release if piece else ""

    @property
    def flavour(self) -> tuple[str, ...]:
        """The words that stay the same between versions: alpine, fpm, amd64; without releases."""
        roles = (Role.SYSTEM, Role.VARIANT, Role.ARCHITECTURE)
        return tuple(self._stem(piece) for piece in self.pieces if piece.role in roles)

    @property
    def is_prerelease(self) -> bool:
        """Return whether the tag is for a build before a release: rc, beta, nightly, main."""
        return any(piece.suffix is not None and piece.suffix.unstable for piece in self.pieces)

    @property
    def kind(self) -> Kind:
        # The first of these roles decides, whatever else the tag says.
        roles = {piece.role for piece in self.pieces}
        for role, kind in _KINDS:
            if role in roles:
                return kind
        if Role.WORD in roles or not roles:
            return Kind.NAME
        return Kind.FLAVOUR

    @property
    def movement(self) -> Movement:
        kind = self.kind
        # A build number makes a name exact: ci-4711.
        if kind is Kind.NAME:
            return Movement.UNKNOWN if self.first(Role.BUILD) is None else Movement.PINNED
        if kind in (Kind.CHANNEL, Kind.FLAVOUR):
            return Movement.FLOATING
        if kind is Kind.VERSION and not self._is_exact():
            return Movement.FLOATING
        return Movement.PINNED

    @property
    def is_floating(self) -> bool:
        return self.movement is Movement.FLOATING

    def _is_exact(self) -> bool:
        # Projects do not push another image under a date, commit, build or numbered candidate.
        if self.date or self.first(Role.COMMIT) or self.first(Role.BUILD):
            return True
        if self.prerelease is not None:
            return bool(self.prerelease.release)
        return self.version is not None and self.version.full

    def _named_system(self) -> Suffix | None:
        suffixes = [piece.suffix for piece in self.all_of(Role.SYSTEM)]
        return next((suffix for suffix in suffixes if suffix is not None), None)

    @staticmethod
    def _stem(piece: Piece) -> str:
        if piece.role is Role.ARCHITECTURE:
            return piece.release or piece.name
        if piece.suffix is not None and piece.suffix.family:
            return piece.suffix.family
        return piece.text.lower().removesuffix(piece.release).rstrip("-") or piece.text.lower()

    def __str__(self) -> str:
        return self.text


_KINDS = (
    (Role.DIGEST, Kind.DIGEST),
    (Role.VERSION, Kind.VERSION),
    (Role.DATE, Kind.DATE),
    (Role.COMMIT, Kind.COMMIT),
    (Role.BUILD, Kind.NAME),
    (Role.CHANNEL, Kind.CHANNEL),
    (Role.PRERELEASE, Kind.CHANNEL),
)
