import pytest

from registry_ui.tags import parse_tag, sort_tags
from registry_ui.tags.suffixes.linux import LINUX, OLD_RELEASES


def test_the_system_is_named_by_family_and_release():
    assert (parse_tag("17-bookworm").system, parse_tag("17-bookworm").system_release) == (
        "debian",
        "12",
    )
    assert (parse_tag("17-alpine3.20").system, parse_tag("17-alpine3.20").system_release) == (
        "alpine",
        "3.20",
    )
    assert parse_tag("1.23-nanoserver-ltsc2022").system_release == "ltsc2022"
    assert parse_tag("1.27").system == ""


@pytest.mark.parametrize(
    ("text", "system", "release"),
    [
        ("1.0-noble", "ubuntu", "24.04"),
        ("1.0-jammy", "ubuntu", "22.04"),
        ("1.0-trixie", "debian", "13"),
        ("sid-slim", "debian", "sid"),
        ("1.0-jessie", "debian", "8"),
        ("1.0-bionic", "ubuntu", "18.04"),
        ("1.0-debian12", "debian", "12"),
        ("1.0-ubi9", "ubi", "9"),
        ("1.0-alma9", "rockylinux", "9"),
    ],
)
def test_a_code_name_stands_for_its_family_and_number(text, system, release):
    tag = parse_tag(text)

    assert (tag.system, tag.system_release) == (system, release)


def test_releases_of_one_family_sort_by_their_numbers():
    debian = [suffix for suffix in LINUX if suffix.family == "debian" and suffix.release.isdigit()]
    names = [suffix.name for suffix in sorted(debian, key=lambda suffix: int(suffix.release))]

    assert len(names) >= 6
    assert sort_tags(f"1-{name}" for name in reversed(names)) == [f"1-{name}" for name in names]


def test_only_branches_in_development_are_unstable():
    assert {suffix.name for suffix in LINUX if suffix.unstable and suffix.family == "debian"} == {
        "sid",
        "forky",
    }
    assert not any(suffix.unstable for suffix in LINUX if suffix.family == "ubuntu")


def test_old_code_names_are_known_too():
    for name, release in OLD_RELEASES.items():
        assert parse_tag(f"1-{name}").system_release == release
