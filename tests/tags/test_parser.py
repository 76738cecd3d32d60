"""The parser, with tags of real images and with any text."""

import datetime

import pytest
from hypothesis import example, given

from registry_ui.tags import describe_risk, explain_tag, order_key, parse_tag

from .corpus import ROWS, TAG_LIKE
from .notation import notation


def test_the_corpus_is_large_and_of_many_images():
    assert len(ROWS) > 500
    assert len({image for image, _tag, _expected in ROWS}) >= 20


@pytest.mark.parametrize("image", sorted({image for image, _tag, _expected in ROWS}))
def test_the_tags_of_an_image_are_parsed_as_written_down(image):
    parsed = {tag: notation(parse_tag(tag)) for name, tag, _expected in ROWS if name == image}
    assert parsed == {tag: expected for name, tag, expected in ROWS if name == image}


def test_the_pieces_of_a_tag_are_in_its_text_and_in_its_order():
    for _image, text, _expected in ROWS:
        position = 0
        for piece in parse_tag(text).pieces:
            position = text.index(piece.text, position) + len(piece.text)


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


def test_a_date_is_a_date_and_an_impossible_one_is_a_number():
    assert parse_tag("bookworm-20241016-slim").date == datetime.date(2024, 10, 16)
    assert parse_tag("2024-02-30").date is None
    assert parse_tag("RELEASE.2024-10-13T13-34-11Z").date == datetime.date(2024, 10, 13)


def test_a_commit_is_found_with_and_without_a_word_before_it():
    assert parse_tag("sha-4f2a9c1").commit == "4f2a9c1"
    assert parse_tag("v1.2.3-4-gabcdef1").commit == "abcdef1"
    assert parse_tag("main-4f2a9c1").commit == "4f2a9c1"
    assert parse_tag("1234567").commit == ""
    assert parse_tag("defaced").commit == ""


def test_builder_images_named_devel_are_no_prerelease():
    assert not parse_tag("12.6.2-cudnn-devel-ubuntu24.04").is_prerelease
    assert parse_tag("devel").is_prerelease
