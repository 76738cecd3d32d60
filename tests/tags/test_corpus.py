"""Tests of the parser with a corpus of tags of real images."""

from collections import defaultdict
from pathlib import Path

import pytest

from registry_ui.tags import Role, explain_tag, parse_tag, sort_tags
from registry_ui.tags.explanations import COMING_MEANING

from .notation import notation

CORPUS = Path(__file__).with_name("corpus.txt")


def rows() -> list[tuple[str, str, str]]:
    lines = [line for line in CORPUS.read_text().splitlines() if line and not line.startswith("#")]
    return [
        (image, tag, expected)
        for image, tag, expected in (line.split(maxsplit=2) for line in lines)
    ]


ROWS = rows()


def test_the_corpus_is_large_and_of_many_images():
    assert len(ROWS) > 500
    assert len({image for image, _tag, _expected in ROWS}) >= 20


@pytest.mark.parametrize("image", sorted({image for image, _tag, _expected in ROWS}))
def test_the_tags_of_an_image_are_parsed_as_written_down(image):
    parsed = {tag: notation(parse_tag(tag)) for name, tag, _expected in ROWS if name == image}
    assert parsed == {tag: expected for name, tag, expected in ROWS if name == image}


def test_every_piece_but_other_words_has_an_explanation_with_advice():
    for _image, text, _expected in ROWS:
        for explanation in explain_tag(parse_tag(text)):
            assert explanation.meaning
            has_no_row = explanation.role is Role.WORD or explanation.meaning == COMING_MEANING
            assert has_no_row or (explanation.choose and explanation.beware and explanation.name), (
                text
            )


def test_the_pieces_of_a_tag_are_in_its_text_and_in_its_order():
    for _image, text, _expected in ROWS:
        position = 0
        for piece in parse_tag(text).pieces:
            position = text.index(piece.text, position) + len(piece.text)


def test_pinned_tags_of_an_image_stand_below_its_moving_names():
    images = defaultdict(list)
    for image, tag, _expected in ROWS:
        images[image].append(tag)
    for tags in images.values():
        if "latest" in tags:
            assert sort_tags(tags)[-1].startswith("latest")
