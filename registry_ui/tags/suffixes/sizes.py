"""Words for small, full and hardened images, and for the user that runs the program."""

from ..suffix import Group, Role, Suffix
from ..suffix import mark as _

SIZES = (
    Suffix(
        name="alpine",
        group=Group.SIZE,
        role=Role.SYSTEM,
        family="alpine",
        example="nginx:1.27-alpine3.20",
        pattern=r"alpine-?(?P<release>3\.\d{1,3}(?:\.\d{1,3})?)|alpine",
        meaning=_(
            "Built on Alpine Linux, a system of about 5 MB with musl in place of glibc and BusyBox "
            "in place of the GNU tools."
        ),
        use_case=_("Microservices, and wherever the smallest image with a shell is wanted."),
        drawback=_(
            "musl is not glibc: ready-made binaries (Python wheels, native Node modules) may be "
            "missing, slower or behave differently."
        ),
    ),
    Suffix(
        name="slim",
        group=Group.SIZE,
        role=Role.VARIANT,
        example="python:3.9-slim",
        meaning=_(
            "The same system with documentation and tools removed that running does not need."
        ),
        use_case=_("Production in general: smaller than the full image, and compatible with it."),
        drawback=_(
            "No compiler and few tools: what builds native extensions needs the full image, or a "
            "build stage."
        ),
    ),
    Suffix(
        name="distroless",
        group=Group.SIZE,
        role=Role.VARIANT,
        example="mcr.microsoft.com/dotnet/runtime:9.0-azurelinux3.0-distroless",
        meaning=_(
            "Only the program and the libraries that it needs: no shell, no package manager."
        ),
        use_case=_("Production where the attack surface counts."),
        drawback=_(
            "There is nothing to open a shell with: debug with the debug variant or an ephemeral "
            "container."
        ),
    ),
    Suffix(
        name="chiseled",
        group=Group.SIZE,
        role=Role.VARIANT,
        example="mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled",
        meaning=_(
            "Ubuntu cut down to the slices that one program needs: no shell, no package manager, "
            "not root."
        ),
        use_case=_("Production of .NET and Java services on Ubuntu's libraries."),
        drawback=_(
            "Globalisation and time-zone data are in chiseled-extra only; no shell to look inside."
        ),
    ),
    Suffix(
        name="minimal",
        group=Group.SIZE,
        role=Role.VARIANT,
        example="registry.access.redhat.com/ubi9:minimal",
        aliases=("micro", "tiny", "mini", "lite", "small", "static", "scratch"),
        meaning=_(
            "Cut down further than slim: often without a package manager, sometimes only the one "
            "binary."
        ),
        use_case=_("Images in which only your own program runs."),
        drawback=_(
            "Expect certificates, time zones and a shell to be missing until you have checked."
        ),
    ),
    Suffix(
        name="full",
        group=Group.SIZE,
        role=Role.VARIANT,
        example="acme/app:2.1-full",
        aliases=("fat", "extended", "complete", "all"),
        meaning=_("Everything that the project offers: extra modules, tools and languages."),
        use_case=_("You need one of the extras, or do not know yet which."),
        drawback=_("The largest download, and the most packages that can need a security update."),
    ),
    Suffix(
        name="extra",
        group=Group.SIZE,
        role=Role.VARIANT,
        example="mcr.microsoft.com/dotnet/runtime:9.0-noble-chiseled-extra",
        aliases=("composite", "extras"),
        meaning=_(
            ".NET: extra adds the data for cultures and time zones; composite compiles the "
            "framework as one for a faster start."
        ),
        use_case=_(
            "The program formats dates or sorts text for several languages (extra), or must start "
            "fast (composite)."
        ),
        drawback=_("Both are made for a framework of exactly this version."),
    ),
    Suffix(
        name="nonroot",
        group=Group.SIZE,
        role=Role.VARIANT,
        example="gcr.io/distroless/static:nonroot",
        aliases=("rootless", "unprivileged", "non-root"),
        meaning=_("The program runs as an ordinary user, not as root."),
        use_case=_("Production, above all on clusters that refuse root."),
        drawback=_(
            "Ports below 1024 and files that belong to root are out of reach: check mounted "
            "volumes."
        ),
    ),
    Suffix(
        name="debug",
        group=Group.SIZE,
        role=Role.VARIANT,
        example="gcr.io/distroless/base:debug-nonroot",
        aliases=("dbg",),
        meaning=_("The same image with a shell and tools, or with debugging symbols."),
        use_case=_("Finding a fault in a test environment."),
        drawback=_(
            "Do not leave it in production: the shell is what the plain variant left out on "
            "purpose."
        ),
    ),
    Suffix(
        name="fips",
        group=Group.SIZE,
        role=Role.VARIANT,
        example="acme/proxy:3.0-fips",
        meaning=_(
            "Cryptography from modules validated to FIPS 140, as United States agencies require."
        ),
        use_case=_("A contract or an authority demands it."),
        drawback=_("Algorithms that FIPS does not list are refused at run time."),
    ),
)
