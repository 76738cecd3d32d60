"""The shape of what is known about one word of a tag. The knowledge itself is data, in `suffixes/`."""

import enum
import re
from dataclasses import dataclass, field


def mark(text: str) -> str:
    """Imported as `_`: lets makemessages collect the text, which whoever shows it translates."""
    return text


_ = mark


class Role(enum.Enum):
    """What a piece of a tag says."""

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
    """One row of the table.

    Args:
        name: as people write it; what `Piece.name` carries.
        pattern: a regular expression for all its spellings; may have a group `release`. Empty: the name and the aliases.
        family: for a system's code name, the distribution; `release` is then its number.
        unstable: its images are made before a release.
        fixed: images under it are not replaced by convention (dates, commits).
    """

    name: str
    group: Group
    role: Role
    meaning: str
    choose: str
    beware: str
    example: str = ""
    aliases: tuple[str, ...] = ()
    pattern: str = ""
    family: str = ""
    release: str = ""
    unstable: bool = False
    terms: str = field(default="", repr=False)

    @property
    def anchor(self) -> str:
        """Of its row in the Guide."""
        return f"suffix-{self.name}"

    @property
    def expression(self) -> str:
        return self.pattern or "|".join(re.escape(word) for word in (self.name, *self.aliases))
