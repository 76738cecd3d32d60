"""Versions, dates and hashes, which the parser itself recognises."""

from ..suffix import Group, Role, Suffix
from ..suffix import mark as _


def _number(
    name: str,
    role: Role,
    *,
    example: str,
    meaning: str,
    use_case: str,
    drawback: str,
    terms: str = "",
) -> Suffix:
    return Suffix(
        name=name,
        group=Group.NUMBER,
        role=role,
        # Matches nothing: the parser has its own expressions for numbers.
        pattern="(?!)",
        example=example,
        meaning=meaning,
        use_case=use_case,
        drawback=drawback,
        terms=terms,
    )


FULL_VERSION = _number(
    "1.27.3",
    Role.VERSION,
    example="nginx:1.27.3",
    meaning=_(
        "One release in full: major, minor and patch. By convention nobody moves it to another "
        "version."
    ),
    use_case=_("Production."),
    drawback=_(
        "It is rebuilt under the same name when its base gets security updates. Only the digest "
        "never changes."
    ),
    terms="semver full version pinned patch",
)
MINOR_VERSION = _number(
    "1.27",
    Role.VERSION,
    example="nginx:1.27",
    meaning=_("A minor line: the newest patch release of it."),
    use_case=_("You want fixes as they come, and no new features."),
    drawback=_(
        "It moves with each patch release; write the full version where two machines must run the "
        "same."
    ),
    terms="minor version partial floating",
)
MAJOR_VERSION = _number(
    "1",
    Role.VERSION,
    example="postgres:17",
    meaning=_("A major line: the newest release of it."),
    use_case=_("Development, or programs with strict promises of compatibility."),
    drawback=_("It moves with each minor release, new features included."),
    terms="major version partial floating",
)
CALENDAR_VERSION = _number(
    "24.04",
    Role.VERSION,
    example="ubuntu:24.04",
    meaning=_("A version that is a date: year and month of the release."),
    use_case=_("You want this release and its updates."),
    drawback=_("Rebuilt with security updates under the same name, mostly each month."),
    terms="calver calendar version",
)
DATE = _number(
    "20241016",
    Role.DATE,
    example="debian:bookworm-20241016-slim",
    meaning=_("The day on which the image was built."),
    use_case=_("You want exactly this build, and to see how old it is."),
    drawback=_("It never gets security updates: move on to newer dates on purpose and often."),
    terms="date build day snapshot",
)
COMMIT = _number(
    "sha-4f2a9c1",
    Role.COMMIT,
    example="ghcr.io/acme/app:sha-4f2a9c1",
    meaning=_("The commit of the source code that the image was built from."),
    use_case=_("Deployments from continuous integration: one commit, one image."),
    drawback=_("It does not say which of two is newer; keep a version beside it."),
    terms="commit git sha hash",
)
DIGEST_LIKE = _number(
    "sha256-…",
    Role.DIGEST,
    example="sha256-9f86d081….sig",
    meaning=_(
        "Made by a tool: a signature (.sig), attestation (.att) or bill of materials (.sbom) of "
        "the image with that digest."
    ),
    use_case=_("Leave it to the tool; copy it along with its image."),
    drawback=_(
        "It is a tag like others and can be moved. An image by its digest is written name@sha256:…"
    ),
    terms="cosign signature sbom attestation digest referrers",
)
BUILD_NUMBER = _number(
    "r3",
    Role.BUILD,
    example="eclipse-temurin:21.0.5_11-jre",
    meaning=_("The build or packaging revision: the same version, built again."),
    use_case=_("You need to tell two builds of one version apart."),
    drawback=_("Older revisions stop getting updates when the next one comes."),
    terms="build revision _11 ls45 b06",
)

NUMBERS = (
    FULL_VERSION,
    MINOR_VERSION,
    MAJOR_VERSION,
    CALENDAR_VERSION,
    DATE,
    COMMIT,
    DIGEST_LIKE,
    BUILD_NUMBER,
)
