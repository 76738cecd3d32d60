"""The data model of the known words in tags. The data are in `suffixes/`."""

import enum
import re
from dataclasses import dataclass, field


def mark(text: str) -> str:
    """Mark a text for makemessages (imported as `_`); the page translates it."""
    return text


_ = mark


class Role(enum.Enum):
    """The role of a piece of a tag."""

    VERSION = "version"
    PRERELEASE = "prerelease"
    CHANNEL = "channel"
    SYSTEM = "system"
    VARIANT = "variant"
    ARCHITECTURE = "architecture"
    BUILD = "build"
    DATE = "date"
    COMMIT = "commit"
    DIGEST = "digest"
    WORD = "word"


class Group(enum.Enum):
    """The headings of the Guide's table, in its order."""

    MOVING = _("Names that move")
    SIZE = _("Small, full and hardened images")
    LINUX = _("Linux distributions")
    WINDOWS = _("Windows")
    LIBRARY = _("C libraries")
    CONTENT = _("What else is inside")
    PRERELEASE = _("Before the release")
    ARCHITECTURE = _("Architectures")
    NUMBER = _("Versions, dates and hashes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suffix:
    """A known word in tags; one row of the Guide's table.

    Args:
        name: the usual spelling, also in `Piece.name`.
        pattern: a regular expression for all spellings, which may have a group `release`; if
            empty, the name and the aliases.
        family: the distribution of a code name, whose number is in `release`.
        unstable: its images are built before a release.
        terms: more words by which the Guide's search finds it.
    """

    name: str
    group: Group
    role: Role
    meaning: str
    use_case: str
    drawback: str
    example: str = ""
    aliases: tuple[str, ...] = ()
    pattern: str = ""
    family: str = ""
    release: str = ""
    unstable: bool = False
    terms: str = field(default="", repr=False)

    @property
    def anchor(self) -> str:
        """The anchor of its row in the Guide."""
        return f"suffix-{self.name}"

    @property
    def expression(self) -> str:
        return self.pattern or "|".join(re.escape(word) for word in (self.name, *self.aliases))
