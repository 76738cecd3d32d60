import pytest

from registry_ui.tags import parse_tag


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
