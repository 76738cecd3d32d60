"""Words for release channels, which move from image to image."""

from ..suffix import Group, Role, Suffix
from ..suffix import mark as _

MOVING = (
    Suffix(
        name="latest",
        group=Group.MOVING,
        role=Role.CHANNEL,
        example="nginx:latest",
        meaning=_(
            "The newest stable version, by convention; also what a name without a tag means."
        ),
        use_case=_("Trying something out on a development machine."),
        drawback=_(
            "Be careful in production: it names another image after every release, so two pulls "
            "may differ and there is no way back."
        ),
    ),
    Suffix(
        name="stable",
        group=Group.MOVING,
        role=Role.CHANNEL,
        example="nginx:stable-alpine",
        meaning=_("The newest version of the line that its makers call stable."),
        use_case=_("Development against what most people run."),
        drawback=_(
            "It moves with each release, major ones included. Pin the version for production."
        ),
    ),
    Suffix(
        name="mainline",
        group=Group.MOVING,
        role=Role.CHANNEL,
        example="nginx:mainline",
        meaning=_(
            "The line that gets new features first (nginx calls it so); beside it stands stable."
        ),
        use_case=_("You need a feature that stable does not have yet."),
        drawback=_("It moves with each release."),
    ),
    Suffix(
        name="lts",
        group=Group.MOVING,
        role=Role.CHANNEL,
        example="node:lts-alpine",
        meaning=_(
            "Long-term support: the newest version of the line that is maintained for years."
        ),
        use_case=_("Development against the line that production will run."),
        drawback=_("When the next long-term line opens, it jumps to another major version."),
    ),
    Suffix(
        name="current",
        group=Group.MOVING,
        role=Role.CHANNEL,
        example="node:current-slim",
        aliases=("innovation",),
        meaning=_(
            "The newest release line, supported for months only (Node.js says current, MySQL says "
            "innovation)."
        ),
        use_case=_("You want the newest features and upgrade often."),
        drawback=_("Support ends when the next line opens. Production belongs on the lts line."),
    ),
    Suffix(
        name="oldstable",
        group=Group.MOVING,
        role=Role.CHANNEL,
        example="debian:oldstable-slim",
        aliases=("oldoldstable",),
        meaning=_("Debian's previous stable release, whichever that is today."),
        use_case=_("Testing that software still runs on the release before."),
        drawback=_(
            "It moves to another Debian about every two years. Write the code name instead."
        ),
    ),
    Suffix(
        name="rolling",
        group=Group.MOVING,
        role=Role.CHANNEL,
        example="ubuntu:rolling",
        meaning=_("The newest release that is out, interim releases included."),
        use_case=_("Testing against the newest packages."),
        drawback=_("It jumps to another release twice a year."),
    ),
    Suffix(
        name="edge",
        group=Group.MOVING,
        role=Role.CHANNEL,
        example="alpine:edge",
        aliases=(
            "bleeding",
            "unstable",
            "testing",
            "experimental",
            "devel",
            "canary",
            "next",
            "rc-buggy",
        ),
        unstable=True,
        meaning=_(
            "Work in progress: built from the development branch or the development repositories."
        ),
        use_case=_("Testing what comes next, and reporting what breaks."),
        drawback=_("It may be broken on any day, and nobody promises security updates."),
    ),
    Suffix(
        name="nightly",
        group=Group.MOVING,
        role=Role.CHANNEL,
        example="rust:nightly",
        aliases=("daily", "weekly", "tip"),
        unstable=True,
        meaning=_("Built automatically from the newest source, every night."),
        use_case=_("Checking today whether tomorrow's version still works for you."),
        drawback=_(
            "Untested, and replaced by the next night's build. A nightly with a date can at least "
            "be found again."
        ),
    ),
    Suffix(
        name="main",
        group=Group.MOVING,
        role=Role.CHANNEL,
        example="ghcr.io/acme/app:main",
        aliases=("master", "trunk", "develop", "head", "HEAD"),
        unstable=True,
        meaning=_("The newest build of one branch of the source code."),
        use_case=_("A test environment that follows the branch."),
        drawback=_("Every commit replaces it. Deploy the tag of the commit or of the release."),
    ),
    Suffix(
        name="pr-17",
        group=Group.MOVING,
        role=Role.CHANNEL,
        example="ghcr.io/acme/app:pr-17",
        pattern=r"(?:pr|mr|pull)-?(?P<release>\d{1,9})",
        unstable=True,
        meaning=_("The newest build of one pull request or merge request."),
        use_case=_("Looking at a change before it is merged."),
        drawback=_(
            "Unreviewed code; each push to the request replaces it, and it should be deleted "
            "afterwards."
        ),
    ),
    Suffix(
        name="prod",
        group=Group.MOVING,
        role=Role.CHANNEL,
        example="my-company/my-app:prod-2023",
        aliases=(
            "production",
            "staging",
            "stage",
            "preprod",
            "qa",
            "uat",
            "test",
            "live",
            "release",
            "releases",
            "version",
        ),
        meaning=_("A label of your own process: where the image runs, or that it was released."),
        use_case=_(
            "People must see at a glance what an environment runs; beside a version tag on the "
            "same image."
        ),
        drawback=_(
            "Alone it does not say what is inside, and rolling back needs to know. Always keep a "
            "version tag too."
        ),
    ),
    Suffix(
        name="release name",
        group=Group.MOVING,
        role=Role.CHANNEL,
        example="node:jod-slim",
        pattern=(
            "argon|boron|carbon|dubnium|erbium|fermium|gallium|hydrogen|iron|jod|krypton"
            "|comte|munster|saintmarcelin|mimolette|chevrotin|beaufort|banon|brie|saint-nectaire|ramequin"
            "|chabichou|cantal|faisselle|livarot|maroilles|morbier|picodon|raclette|reblochon|roquefort|tetedemoine|camembert|langres"
        ),
        terms="node traefik iron jod hydrogen krypton comte munster",
        meaning=_(
            "A project's own name for one release line: Node.js counts elements (iron is 20, jod "
            "is 22), Traefik counts cheeses."
        ),
        use_case=_("You want a line and know its name better than its number."),
        drawback=_("It moves with each release of its line, and readers have to look the name up."),
    ),
)
