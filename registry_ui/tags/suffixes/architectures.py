"""Words for the processor architecture."""

from ..suffix import Group, Role, Suffix
from ..suffix import mark as _

_LINUX = r"(?:linux[-_])?"


def _architecture(
    name: str,
    pattern: str,
    *,
    example: str,
    meaning: str,
    use_case: str,
    drawback: str,
    terms: str = "",
) -> Suffix:
    return Suffix(
        name=name,
        group=Group.ARCHITECTURE,
        role=Role.ARCHITECTURE,
        pattern=f"{_LINUX}(?:{pattern})",
        example=example,
        meaning=meaning,
        use_case=use_case,
        drawback=drawback,
        terms=terms,
    )


_PLAIN_IS_BETTER = _(
    "Mostly not needed: the tag without it is an index, from which each machine takes its own "
    "image."
)

ARCHITECTURES = (
    _architecture(
        "amd64",
        r"amd64(?:v[234])?|x86[-_]64|x64",
        example="mcr.microsoft.com/dotnet/sdk:8.0-bookworm-slim-amd64",
        meaning=_("For 64-bit Intel and AMD processors, also called x86-64: most servers."),
        use_case=_("The tag must name one platform, for example to compare or to sign it."),
        drawback=_PLAIN_IS_BETTER,
        terms="x86_64 x86-64 x64",
    ),
    _architecture(
        "arm64",
        r"arm64[-_]?v8|arm64|aarch64",
        example="arm64v8-latest",
        meaning=_(
            "For 64-bit ARM processors: Apple silicon, AWS Graviton, Raspberry Pi 3 and later."
        ),
        use_case=_("The tag must name one platform."),
        drawback=_PLAIN_IS_BETTER,
        terms="arm64v8 aarch64",
    ),
    _architecture(
        "arm/v7",
        r"arm32[-_]?v7|arm[-_]?v7|armhf|arm(?:32)?(?![-_]?v\d)",
        example="traefik:v3.2-linux-arm-v7",
        meaning=_("For 32-bit ARM processors of version 7: older Raspberry Pis and devices."),
        use_case=_("The device runs a 32-bit system."),
        drawback=_("Many projects have stopped building for it."),
        terms="arm32v7 armhf armv7",
    ),
    _architecture(
        "arm/v6",
        r"arm32[-_]?v[56]|arm[-_]?v[56]|armel",
        example="arm32v6-latest",
        meaning=_(
            "For 32-bit ARM processors of version 6 or 5: the first Raspberry Pi, the Zero, old "
            "network storage."
        ),
        use_case=_("Nothing newer runs there."),
        drawback=_("Few images exist, and those get few updates."),
        terms="arm32v6 arm32v5 armel",
    ),
    _architecture(
        "386",
        r"i386|i686|(?<=[-_])386|x86(?![-_]64)",
        example="alpine:3.20-i386",
        meaning=_("For 32-bit Intel processors."),
        use_case=_("32-bit programs only."),
        drawback=_("Disappearing: new releases of most systems leave it out."),
        terms="i386 x86",
    ),
    _architecture(
        "ppc64le",
        r"(?P<release>ppc64le|ppc64el|ppc64|s390x|riscv64|mips64le|mips64el|mips64|loong64|loongarch64)",
        example="acme/app:1.4-s390x",
        meaning=_(
            "For IBM POWER (ppc64le), IBM Z (s390x), RISC-V (riscv64), MIPS (mips64le) or "
            "LoongArch (loong64)."
        ),
        use_case=_("You run such a machine."),
        drawback=_("Tested far less than amd64 and arm64."),
        terms="s390x riscv64 mips64le loong64",
    ),
    _architecture(
        "multiarch",
        r"multi-?arch|multi-?platform",
        example="acme/app:1.4-multiarch",
        meaning=_("An index with images for several platforms; each machine takes its own."),
        use_case=_("Whenever it is there."),
        drawback=_("Copying only one platform out of it changes the digest."),
    ),
)
