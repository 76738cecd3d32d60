"""The known words in tags: the data of the parser, the reference field and the Guide."""

from ..suffix import Suffix
from .architectures import ARCHITECTURES
from .channels import MOVING
from .contents import CONTENTS
from .libraries import LIBRARIES
from .linux import LINUX
from .numbers import (
    BUILD_NUMBER,
    CALENDAR_VERSION,
    COMMIT,
    DATE,
    DIGEST_LIKE,
    FULL_VERSION,
    MAJOR_VERSION,
    MINOR_VERSION,
    NUMBERS,
)
from .prereleases import PRERELEASES
from .sizes import SIZES
from .windows import WINDOWS

SUFFIXES: tuple[Suffix, ...] = (
    *MOVING,
    *SIZES,
    *LINUX,
    *WINDOWS,
    *LIBRARIES,
    *CONTENTS,
    *PRERELEASES,
    *ARCHITECTURES,
    *NUMBERS,
)
BY_NAME = {suffix.name: suffix for suffix in SUFFIXES}

__all__ = [
    "BUILD_NUMBER",
    "BY_NAME",
    "CALENDAR_VERSION",
    "COMMIT",
    "DATE",
    "DIGEST_LIKE",
    "FULL_VERSION",
    "MAJOR_VERSION",
    "MINOR_VERSION",
    "SUFFIXES",
]
