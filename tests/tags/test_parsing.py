import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry_ui.tags import Kind, Movement, describe_risk, explain_tag, order_key, parse_tag

WORDS = [
    "latest",
    "1.27.3",
    "1",
    "v2",
    "alpine3.20",
    "slim",
    "rc",
    "rc.1",
    "20241016",
    "g1a2b3c4",
    "amd64",
    "jdk21",
    "-",
    "_",
    ".",
    "php8",
    "b06",
    "dev",
    "ea",
]
TAG_LIKE = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).flatmap(
        lambda words: st.sampled_from(["-", ".", "_", ""]).map(lambda mark: mark.join(words))
    ),
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", fullmatch=True),
    st.text(max_size=200),
)


@given(TAG_LIKE)
@example("")
@example("\n")
@example("latest\n")
@example("٣.٤")
@example("9" * 128)
@example("1." * 64)
@example("20241399")
@example("-" * 128)
@example("a-" * 2000)
def test_parsing_never_raises_and_loses_no_text(text):
    tag = parse_tag(text)
    order_key(tag)
    explain_tag(tag)
    describe_risk(tag)
    rest = text
    for piece in tag.pieces:
        separators, part, rest = rest.partition(piece.text)
        assert part == piece.text
        assert not separators.strip("-_.")
    assert not rest.strip("-_.")


def test_a_version_is_numbers_and_knows_whether_it_is_full():
    assert parse_tag("v1.27.3").version.numbers == (1, 27, 3)
    assert parse_tag("v1.27.3").version.full
    assert not parse_tag("1.27").version.full
    assert parse_tag("24.04").version.calendar
    assert not parse_tag("3.13").version.calendar


def test_a_date_is_a_date_and_an_impossible_one_is_a_number():
    assert parse_tag("bookworm-20241016-slim").date == datetime.date(2024, 10, 16)
    assert parse_tag("2024-02-30").date is None
    assert parse_tag("RELEASE.2024-10-13T13-34-11Z").date == datetime.date(2024, 10, 13)


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
    ("text", "architecture"),
    [
        ("arm64v8-latest", "arm64"),
        ("1.2-linux-amd64", "amd64"),
        ("1.2-x86_64", "amd64"),
        ("1.2-linux-arm-v6", "arm/v6"),
        ("1.2-s390x", "s390x"),
        ("1.2-i386", "386"),
        ("386", ""),
    ],
)
def test_architectures_are_named_as_oci_names_them(text, architecture):
    assert parse_tag(text).architecture == architecture


def test_the_flavour_is_the_same_for_every_version_and_release():
    assert (
        parse_tag("1.27.3-alpine3.20-perl").flavour
        == parse_tag("1.26-alpine-perl").flavour
        == ("alpine", "perl")
    )
    assert parse_tag("6.7-php8.2-fpm").flavour == parse_tag("6.8-php8.3-fpm").flavour
    assert parse_tag("debug-s390x").flavour != parse_tag("debug-riscv64").flavour


def test_a_commit_is_found_with_and_without_a_word_before_it():
    assert parse_tag("sha-4f2a9c1").commit == "4f2a9c1"
    assert parse_tag("v1.2.3-4-gabcdef1").commit == "abcdef1"
    assert parse_tag("main-4f2a9c1").commit == "4f2a9c1"
    assert parse_tag("1234567").commit == ""
    assert parse_tag("defaced").commit == ""


@pytest.mark.parametrize(
    "text",
    [
        "latest",
        "stable",
        "1",
        "1.27",
        "1.27-alpine",
        "alpine",
        "24.04",
        "3.14-rc",
        "1.2.3-SNAPSHOT",
        "pr-17",
    ],
)
def test_names_that_move_float_and_carry_a_risk(text):
    assert parse_tag(text).is_floating
    assert describe_risk(parse_tag(text))


@pytest.mark.parametrize(
    "text",
    [
        "1.27.3",
        "1.27.3-alpine",
        "noble-20241015",
        "sha-4f2a9c1",
        "3.14.0rc2",
        "8u432-b06-jdk",
        "nightly-20241101",
        "4711",
    ],
)
def test_versions_in_full_dates_and_commits_are_pinned_by_convention(text):
    assert parse_tag(text).movement is Movement.PINNED
    assert describe_risk(parse_tag(text)) == ""


def test_a_word_of_its_makers_is_neither_floating_nor_pinned():
    tag = parse_tag("feature-login")
    assert (tag.kind, tag.movement) == (Kind.NAME, Movement.UNKNOWN)
    assert "up to whoever publishes it" in describe_risk(tag)


def test_the_risk_of_latest_names_the_cause():
    assert "another image after each release" in describe_risk(parse_tag("latest"))


@pytest.mark.parametrize(
    "text", ["1.27.0-rc.1", "3.14.0a1", "edge", "nightly", "main", "sid-slim", "1.0-dev"]
)
def test_a_build_before_a_release_is_a_prerelease(text):
    assert parse_tag(text).is_prerelease


def test_builder_images_named_devel_are_no_prerelease():
    assert not parse_tag("12.6.2-cudnn-devel-ubuntu24.04").is_prerelease
    assert parse_tag("devel").is_prerelease
