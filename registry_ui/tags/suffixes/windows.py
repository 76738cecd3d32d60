"""Windows bases and their releases."""

from ..suffix import Group, Role, Suffix
from ..suffix import mark as _

_RELEASE = (
    r"-?(?P<release>ltsc\d{4}|sac\d{4}|1607|1703|1709|180[39]|190[39]|2004|20[Hh]2"
    r"|2016|2019|2022|2025)"
)

WINDOWS = (
    Suffix(
        name="windowsserver",
        group=Group.WINDOWS,
        role=Role.SYSTEM,
        family="windowsserver",
        example="acme/reports:2.1-windowsserver-ltsc2022",
        pattern=rf"(?:windowsserver(?!core)|windows)(?:{_RELEASE})?(?![a-z])",
        meaning=_("Built on Windows: its containers share the kernel of a Windows host."),
        use_case=_("Applications on .NET Framework, and others that need the whole of Windows."),
        drawback=_(
            "Several gigabytes, runs on Windows hosts only, and the release must fit the host's."
        ),
    ),
    Suffix(
        name="windowsservercore",
        group=Group.WINDOWS,
        role=Role.SYSTEM,
        family="windowsservercore",
        example="golang:1.23-windowsservercore-ltsc2022",
        pattern=rf"(?:windowsservercore|servercore)(?:{_RELEASE})?",
        aliases=("servercore",),
        meaning=_(
            "Windows Server without the desktop: .NET Framework, PowerShell and most of the "
            "Windows interfaces."
        ),
        use_case=_("Programs on .NET Framework and installers of type MSI."),
        drawback=_("About 2 GB to download. Use nanoserver if the program runs on modern .NET."),
    ),
    Suffix(
        name="nanoserver",
        group=Group.WINDOWS,
        role=Role.SYSTEM,
        family="nanoserver",
        example="mcr.microsoft.com/dotnet/runtime:8.0-nanoserver-ltsc2022",
        pattern=rf"nanoserver(?:{_RELEASE})?",
        meaning=_(
            "The smallest Windows base, about 120 MB to download: no PowerShell, no .NET "
            "Framework, no MSI."
        ),
        use_case=_("Modern .NET, Go or Node.js on Windows hosts."),
        drawback=_("32-bit programs and many Windows interfaces are missing."),
    ),
    Suffix(
        name="ltsc2022",
        group=Group.WINDOWS,
        role=Role.SYSTEM,
        family="windows",
        example="mcr.microsoft.com/windows/nanoserver:ltsc2022",
        pattern=r"(?P<release>ltsc20\d{2}|20[Hh]2|1809)",
        terms="ltsc2016 ltsc2019 ltsc2025 1809 20H2",
        meaning=_(
            "The Windows release that the image is made for: ltsc2019 (also 1809), ltsc2022 and "
            "ltsc2025 are supported for ten years."
        ),
        use_case=_("It is the release of your hosts."),
        drawback=_(
            "With process isolation it runs only on a host of a matching release; on others it "
            "needs Hyper-V."
        ),
    ),
)
