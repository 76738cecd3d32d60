import pytest

from registry_ui.tags import Kind, parse_tag


def test_a_version_is_numbers_and_knows_whether_it_is_full():
    assert parse_tag("v1.27.3").version.numbers == (1, 27, 3)
    assert parse_tag("v1.27.3").version.full
    assert not parse_tag("1.27").version.full
    assert parse_tag("24.04").version.calendar
    assert not parse_tag("3.13").version.calendar


def test_the_flavour_is_the_same_for_every_version_and_release():
    assert (
        parse_tag("1.27.3-alpine3.20-perl").flavour
        == parse_tag("1.26-alpine-perl").flavour
        == ("alpine", "perl")
    )
    assert parse_tag("6.7-php8.2-fpm").flavour == parse_tag("6.8-php8.3-fpm").flavour
    assert parse_tag("debug-s390x").flavour != parse_tag("debug-riscv64").flavour


@pytest.mark.parametrize(
    "text", ["1.27.0-rc.1", "3.14.0a1", "edge", "nightly", "main", "sid-slim", "1.0-dev"]
)
def test_a_build_before_a_release_is_a_prerelease(text):
    assert parse_tag(text).is_prerelease


def test_a_stage_with_a_number_is_the_more_exact_one():
    assert parse_tag("1.0-dev-rc2").prerelease.text == "rc2"
    assert parse_tag("1.0-dev").prerelease.text == "dev"
    assert parse_tag("1.0").prerelease is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"sha256-{'a' * 64}.sig", Kind.DIGEST),
        ("main-4f2a9c1", Kind.COMMIT),
        ("feature-login", Kind.NAME),
        ("ci-4711", Kind.NAME),
        ("bookworm-20241016", Kind.DATE),
        ("nightly-1.27", Kind.VERSION),
        ("alpine-slim", Kind.FLAVOUR),
        ("stable-alpine", Kind.CHANNEL),
        ("", Kind.NAME),
    ],
)
def test_the_most_telling_piece_decides_the_kind(text, kind):
    assert parse_tag(text).kind is kind


def test_the_parts_of_a_tag_are_named_by_their_roles():
    tag = parse_tag("21.0.5_11-jdk-slim-noble-amd64")

    assert (tag.build, tag.variants, tag.architecture) == ("11", ("jdk", "slim"), "amd64")
    assert (tag.channel, tag.commit, str(tag)) == (None, "", "21.0.5_11-jdk-slim-noble-amd64")
