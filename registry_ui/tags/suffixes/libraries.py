"""Words for the C library of the programs."""

from ..suffix import Group, Role, Suffix
from ..suffix import mark as _

LIBRARIES = (
    Suffix(
        name="musl",
        group=Group.LIBRARY,
        role=Role.VARIANT,
        example="busybox:1.37-musl",
        meaning=_("Linked against musl, the small C library of Alpine."),
        use_case=_("Static binaries, or a base that matches Alpine."),
        drawback=_("Name resolution, locales and thread stacks differ from glibc."),
    ),
    Suffix(
        name="glibc",
        group=Group.LIBRARY,
        role=Role.VARIANT,
        example="busybox:1.37-glibc",
        aliases=("gnu",),
        meaning=_("Linked against the GNU C library, as Debian, Ubuntu and Red Hat are."),
        use_case=_("Ready-made binaries must run on it."),
        drawback=_(
            "Larger than musl; programs need a glibc at least as new as the one they were built on."
        ),
    ),
    Suffix(
        name="uclibc",
        group=Group.LIBRARY,
        role=Role.VARIANT,
        example="busybox:1.37-uclibc",
        meaning=_("Linked against uClibc, a C library for embedded devices."),
        use_case=_("The very smallest images, with nothing added to them."),
        drawback=_("Hardly any ready-made binary runs on it."),
    ),
)
