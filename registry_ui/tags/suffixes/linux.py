"""Linux distributions and their releases."""

from ..suffix import Group, Role, Suffix
from ..suffix import mark as _


def _release(
    name: str,
    family: str,
    release: str,
    *,
    example: str,
    meaning: str,
    use_case: str,
    drawback: str,
    unstable: bool = False,
) -> Suffix:
    return Suffix(
        name=name,
        group=Group.LINUX,
        role=Role.SYSTEM,
        family=family,
        release=release,
        example=example,
        meaning=meaning,
        use_case=use_case,
        drawback=drawback,
        unstable=unstable,
    )


DEBIAN = (
    _release(
        "trixie",
        "debian",
        "13",
        example="python:3.13-slim-trixie",
        meaning=_(
            "Debian 13, of August 2025: security updates to 2028, long-term support to 2030."
        ),
        use_case=_("New work on Debian."),
        drawback=_("Newer libraries than bookworm's: binaries built on it do not run there."),
    ),
    _release(
        "bookworm",
        "debian",
        "12",
        example="postgres:17-bookworm",
        meaning=_("Debian 12, of June 2023: long-term support to June 2028."),
        use_case=_("Services that were tested on it, and hosts that are Debian 12 too."),
        drawback=_("Since June 2026 only volunteers' long-term updates: plan the step to trixie."),
    ),
    _release(
        "bullseye",
        "debian",
        "11",
        example="node:20-bullseye-slim",
        meaning=_("Debian 11, of August 2021: long-term support ended in August 2026."),
        use_case=_("Only software that cannot move yet."),
        drawback=_("No more free security updates."),
    ),
    _release(
        "buster",
        "debian",
        "10",
        example="python:3.9-buster",
        meaning=_("Debian 10, of July 2019: long-term support ended in June 2024."),
        use_case=_("Only to rebuild something old exactly."),
        drawback=_("No security updates, and its package servers have moved to the archive."),
    ),
    _release(
        "stretch",
        "debian",
        "9",
        example="node:12-stretch",
        meaning=_("Debian 9, of June 2017: support ended in 2022."),
        use_case=_("Only to rebuild something old exactly."),
        drawback=_("No security updates for years."),
    ),
    _release(
        "sid",
        "debian",
        "sid",
        example="debian:sid-slim",
        meaning=_("Debian's unstable branch, where packages arrive first; it is never released."),
        use_case=_("Debian development."),
        drawback=_("It changes every few hours."),
        unstable=True,
    ),
    _release(
        "forky",
        "debian",
        "14",
        example="debian:forky-slim",
        meaning=_("Debian 14 while it is being made: the testing branch."),
        use_case=_("Testing against the next Debian."),
        drawback=_("Changes daily, and security updates come late."),
        unstable=True,
    ),
    Suffix(
        name="debian",
        group=Group.LINUX,
        role=Role.SYSTEM,
        family="debian",
        example="mysql:8.0-debian",
        pattern=r"debian-?(?P<release>\d{1,2}(?:\.\d{1,2})?)|debian|backports|jessie|wheezy",
        terms="jessie wheezy backports debian12",
        meaning=_(
            "Debian GNU/Linux: glibc, apt, and a very large choice of packages. jessie and wheezy "
            "are old releases of it."
        ),
        use_case=_("Software that expects an ordinary Linux."),
        drawback=_("Without a release it moves to the next Debian one day."),
    ),
)

UBUNTU = (
    _release(
        "resolute",
        "ubuntu",
        "26.04",
        example="ubuntu:resolute",
        meaning=_("Ubuntu 26.04 LTS, of April 2026: security updates to 2031."),
        use_case=_("New work on Ubuntu."),
        drawback=_("Young: check that your suppliers' packages are built for it."),
    ),
    _release(
        "noble",
        "ubuntu",
        "24.04",
        example="eclipse-temurin:21-jre-noble",
        meaning=_("Ubuntu 24.04 LTS: security updates to 2029."),
        use_case=_("Production on Ubuntu today."),
        drawback=_(
            "A user “ubuntu” has the id 1000, which can clash with the one that your image makes."
        ),
    ),
    _release(
        "jammy",
        "ubuntu",
        "22.04",
        example="mongo:7.0-jammy",
        meaning=_("Ubuntu 22.04 LTS: security updates to 2027."),
        use_case=_("Services that were tested on it."),
        drawback=_("Plan the step to noble or resolute."),
    ),
    _release(
        "focal",
        "ubuntu",
        "20.04",
        example="mongo:6.0-focal",
        meaning=_("Ubuntu 20.04 LTS: free security updates ended in May 2025."),
        use_case=_("Only software that cannot move yet."),
        drawback=_("Further updates need a paid subscription."),
    ),
    Suffix(
        name="ubuntu",
        group=Group.LINUX,
        role=Role.SYSTEM,
        family="ubuntu",
        example="nvidia/cuda:12.6.2-base-ubuntu24.04",
        pattern=(
            r"ubuntu-?(?P<release>\d{1,2}\.\d{2})|ubuntu|trusty|xenial|bionic|cosmic|disco|eoan|groovy|hirsute|impish|kinetic"
            r"|lunar|mantic|oracular|plucky|questing"
        ),
        terms="bionic xenial trusty mantic oracular plucky questing ubuntu24.04",
        meaning=_(
            "Ubuntu, by code name or number. bionic, xenial and trusty are old LTS releases; "
            "plucky and others lived nine months."
        ),
        use_case=_("Software whose supplier tests on Ubuntu."),
        drawback=_(
            "Interim releases and old LTS releases get no updates: choose noble or resolute."
        ),
    ),
)

OTHERS = (
    Suffix(
        name="ubi",
        group=Group.LINUX,
        role=Role.SYSTEM,
        family="ubi",
        example="mariadb:11.4-ubi9",
        pattern=r"ubi-?(?P<release>\d{1,2}(?:\.\d{1,2})?)|ubi",
        meaning=_(
            "Red Hat's Universal Base Image: packages of Red Hat Enterprise Linux that may be "
            "passed on."
        ),
        use_case=_("OpenShift, and suppliers who support Red Hat only."),
        drawback=_("Packages beyond the free set need a subscription."),
    ),
    Suffix(
        name="oraclelinux",
        group=Group.LINUX,
        role=Role.SYSTEM,
        family="oraclelinux",
        example="mysql:9.1-oraclelinux9",
        pattern=r"oraclelinux-?(?P<release>\d{1,2})|oraclelinux|oracle|ol(?P<short>[789])",
        terms="oracle",
        meaning=_(
            "Oracle Linux, compatible with Red Hat Enterprise Linux; MySQL and OpenJDK are built "
            "on it."
        ),
        use_case=_("MySQL as its makers test it."),
        drawback=_("microdnf in place of apt: installation lines for Debian do not work."),
    ),
    Suffix(
        name="rockylinux",
        group=Group.LINUX,
        role=Role.SYSTEM,
        family="rockylinux",
        example="nvidia/cuda:12.6.2-runtime-rockylinux9",
        pattern=r"(?:rockylinux|almalinux|rocky|alma)-?(?P<release>\d{1,2}(?:\.\d{1,2})?)|rockylinux|almalinux|rocky|alma",
        terms="almalinux",
        meaning=_("Rocky Linux or AlmaLinux: community rebuilds of Red Hat Enterprise Linux."),
        use_case=_("Red Hat's libraries without a subscription."),
        drawback=_("Check that your supplier supports the rebuild and not Red Hat alone."),
    ),
    Suffix(
        name="centos",
        group=Group.LINUX,
        role=Role.SYSTEM,
        family="centos",
        example="acme/app:1.4-centos7",
        pattern=r"(?:centos(?:-?stream)?|fedora|rhel|el)-?(?P<release>\d{1,2})|centos|stream|fedora|rhel",
        terms="fedora rhel stream el9",
        meaning=_("CentOS, Fedora or Red Hat Enterprise Linux."),
        use_case=_("Software built for exactly this system."),
        drawback=_(
            "CentOS Linux is dead (7 since June 2024, 8 since 2021); a Fedora release lives about "
            "a year."
        ),
    ),
    Suffix(
        name="amazonlinux",
        group=Group.LINUX,
        role=Role.SYSTEM,
        family="amazonlinux",
        example="amazoncorretto:21-al2023",
        pattern=r"(?:amazonlinux|amzn|al)-?(?P<release>2023|2|1)|amazonlinux",
        terms="al2023 al2",
        meaning=_("Amazon Linux, the system of AWS."),
        use_case=_("Lambda functions and services that run on AWS only."),
        drawback=_("Amazon Linux 2 ended in June 2026: use 2023."),
    ),
    Suffix(
        name="azurelinux",
        group=Group.LINUX,
        role=Role.SYSTEM,
        family="azurelinux",
        example="mcr.microsoft.com/dotnet/runtime:9.0-azurelinux3.0",
        pattern=r"(?:azurelinux|cbl-mariner|mariner)-?(?P<release>\d\.\d)|azurelinux|cbl-mariner|mariner",
        terms="mariner cbl-mariner",
        meaning=_("Azure Linux, earlier called CBL-Mariner: Microsoft's own distribution."),
        use_case=_(".NET services on Azure."),
        drawback=_("Mariner 2.0 ended in July 2025; few packages exist outside Microsoft's."),
    ),
    Suffix(
        name="opensuse",
        group=Group.LINUX,
        role=Role.SYSTEM,
        family="opensuse",
        example="opensuse/leap:15.6",
        pattern=r"(?:opensuse|sles|sle|bci|leap)-?(?P<release>\d{1,2}(?:\.\d)?)|opensuse|tumbleweed|leap|sles|bci",
        terms="leap tumbleweed sles bci",
        meaning=_(
            "SUSE's family: Leap, the rolling Tumbleweed, SLES, and its base container images "
            "(BCI)."
        ),
        use_case=_("Clusters that run on SUSE."),
        drawback=_("Tumbleweed changes several times a week."),
    ),
    Suffix(
        name="wolfi",
        group=Group.LINUX,
        role=Role.SYSTEM,
        family="wolfi",
        example="acme/app:1.4-wolfi",
        aliases=("chainguard", "photon"),
        meaning=_(
            "A distribution made for containers: glibc, apk packages, rebuilt daily to stay free "
            "of known faults."
        ),
        use_case=_("Scanners must report as little as possible."),
        drawback=_("Old versions are not kept: pin by digest, or mirror what you use."),
    ),
)

LINUX = DEBIAN + UBUNTU + OTHERS

OLD_RELEASES = {
    "wheezy": "7",
    "jessie": "8",
    "trusty": "14.04",
    "xenial": "16.04",
    "bionic": "18.04",
    "cosmic": "18.10",
    "disco": "19.04",
    "eoan": "19.10",
    "groovy": "20.10",
    "hirsute": "21.04",
    "impish": "21.10",
    "kinetic": "22.10",
    "lunar": "23.04",
    "mantic": "23.10",
    "oracular": "24.10",
    "plucky": "25.04",
    "questing": "25.10",
}
