import re

import pytest

from registry_ui.tags import Movement, parse_tag
from registry_ui.tags.suffixes import numbers
from registry_ui.tags.suffixes.numbers import BUILD_NUMBER, DATE, DIGEST_LIKE, NUMBERS


# The example of DIGEST_LIKE is cut short, so it is no tag.
@pytest.mark.parametrize(
    "suffix", [suffix for suffix in NUMBERS if suffix is not DIGEST_LIKE], ids=lambda row: row.name
)
def test_the_parser_finds_each_kind_of_number_in_its_example(suffix):
    tag = parse_tag(suffix.example.rpartition(":")[2])

    assert (suffix.name, suffix.role) in {(piece.name, piece.role) for piece in tag.pieces}


def test_a_tag_of_a_signature_is_made_of_a_whole_digest():
    (piece,) = parse_tag(f"sha256-{'9f' * 32}.sig").pieces

    assert (piece.name, piece.role) == (DIGEST_LIKE.name, DIGEST_LIKE.role)


def test_no_row_of_a_number_matches_a_word():
    for suffix in NUMBERS:
        for text in ("", suffix.name, "1.27.3", "latest"):
            assert re.match(suffix.expression, text) is None


@pytest.mark.parametrize(
    ("row", "moves"),
    [("FULL_VERSION", False), ("MINOR_VERSION", True), ("MAJOR_VERSION", True), ("DATE", False)],
)
def test_the_warning_about_moving_fits_the_parser(row, moves):
    suffix = getattr(numbers, row)
    tag = parse_tag(suffix.example.rpartition(":")[2])

    assert (tag.movement is Movement.FLOATING) is moves
    assert suffix.drawback.startswith("It moves") is moves


def test_a_build_number_comes_after_a_version_and_a_second_date_is_one():
    assert [piece.name for piece in parse_tag("1.27.3-r3").pieces][1:] == [BUILD_NUMBER.name]
    assert [piece.name for piece in parse_tag("20241016-20241017").pieces] == [
        DATE.name,
        BUILD_NUMBER.name,
    ]
