"""Words for stages before a release."""

from ..suffix import Group, Role, Suffix
from ..suffix import mark as _

# After a dash only a whole number: in beta-6.8-beta1 the 6.8 is the version.
_NUMBERS = r"(?:\.?(?P<release>\d{1,4}(?:\.\d{1,4})*)|-(?P<dashed>\d{1,4})(?!\.\d))"

PRERELEASES = (
    Suffix(
        name="rc",
        group=Group.PRERELEASE,
        role=Role.PRERELEASE,
        example="python:3.14.0rc2-slim",
        pattern=rf"(?:rc|cr)(?:{_NUMBERS})?",
        unstable=True,
        meaning=_("Release candidate: becomes the release unless somebody finds a serious fault."),
        use_case=_("A last rehearsal of an upgrade before the release."),
        drawback=_(
            "Not for production; without a number behind it, it moves to each new candidate."
        ),
    ),
    Suffix(
        name="beta",
        group=Group.PRERELEASE,
        role=Role.PRERELEASE,
        example="postgres:18beta1",
        pattern=rf"beta(?:{_NUMBERS})?",
        unstable=True,
        meaning=_("Beta: complete in features, still full of faults."),
        use_case=_("Trying new features and reporting what breaks."),
        drawback=_("Data formats may still change: what a beta wrote, the release may not read."),
    ),
    Suffix(
        name="alpha",
        group=Group.PRERELEASE,
        role=Role.PRERELEASE,
        example="python:3.15.0a1",
        pattern=rf"alpha(?:{_NUMBERS})?",
        unstable=True,
        meaning=_("Alpha: an early build in which features still come and go."),
        use_case=_("Following a project's development closely."),
        drawback=_("Anything may change or break."),
    ),
    Suffix(
        name="preview",
        group=Group.PRERELEASE,
        role=Role.PRERELEASE,
        example="ruby:3.4.0-preview2",
        pattern=rf"(?:preview|pre)(?:{_NUMBERS})?|(?:M|milestone-?)(?P<short>\d{{1,3}})",
        terms="milestone M1 M02 pre",
        unstable=True,
        meaning=_(
            "Preview or milestone: a public look at the next version (.NET and Ruby say preview, "
            "Redis and Spring say M1)."
        ),
        use_case=_("Preparing for the next version."),
        drawback=_("Not for production, and mostly without support."),
    ),
    Suffix(
        name="ea",
        group=Group.PRERELEASE,
        role=Role.PRERELEASE,
        example="openjdk:25-ea-21-jdk",
        pattern=rf"ea(?:{_NUMBERS})?",
        unstable=True,
        meaning=_("Early access: builds of a Java version that is not released yet."),
        use_case=_("Testing your code on the next Java."),
        drawback=_("No security updates: each build replaces the one before."),
    ),
    Suffix(
        name="dev",
        group=Group.PRERELEASE,
        role=Role.PRERELEASE,
        example="haproxy:3.2-dev10",
        pattern=rf"dev(?:{_NUMBERS})?",
        unstable=True,
        meaning=_(
            "A development build; in hardened images, the variant that adds a shell and a package "
            "manager."
        ),
        use_case=_("Trying the next version, or building on top of a hardened image."),
        drawback=_("Not for production in either sense."),
    ),
    Suffix(
        name="snapshot",
        group=Group.PRERELEASE,
        role=Role.PRERELEASE,
        example="acme/app:2.1.0-SNAPSHOT",
        pattern=rf"snapshot(?:{_NUMBERS})?",
        unstable=True,
        meaning=_(
            "The state of a version that is still being written, as Java's build tools name it."
        ),
        use_case=_("Test environments of the team that writes it."),
        drawback=_("Each build replaces the one before under the same name."),
    ),
)
