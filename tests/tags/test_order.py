import random
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_ui.tags import natural_key, order_key, parse_tag, sort_tags

from .corpus import ROWS, TAG_LIKE

IN_ORDER = [
    "0.9.1 1.9.0 1.10.0 1.27.2 1.27.3 1.27 1 2.0.0",
    "1.27.3-perl 1.27.3",
    "1.0.0-alpha.1 1.0.0-alpha.2 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0-rc.2 1.0.0",
    "3.13.0 3.14.0a1 3.14.0b4 3.14.0rc1 3.14.0rc2 3.14-rc 3.14.0 3.14",
    "8.0-M02 8.0-rc1 8.0",
    "3.1-dev2 3.1-dev10 3.1-dev 3.1",
    "21.0.5_9-jdk 21.0.5_11-jdk 21-jdk",
    "8u332-jdk 8u432-b05-jdk 8u432-b06-jdk",
    "1.2.3 1.2.3.1 1.2.4",
    "20.04 22.04 24.04 24.10",
    "bookworm-20240926 bookworm-20241016",
    "17-alpine3.9 17-alpine3.19 17-alpine3.20",
    "9-bullseye 9-bookworm 9-trixie",
    "4f2a9c1 feature-login 20241016 1.27.3 alpine stable latest",
    "v1.2 v1.10",
    "0.1.2 0.1.20",
]


@pytest.mark.parametrize("line", IN_ORDER)
def test_tags_come_in_their_natural_order(line):
    expected = line.split()
    shuffled = expected[:]
    random.Random(7).shuffle(shuffled)
    assert sort_tags(shuffled) == expected
    assert sort_tags(shuffled, newest_first=True) == expected[::-1]


@given(st.lists(TAG_LIKE, max_size=12))
def test_the_order_is_total_and_does_not_depend_on_where_it_starts(texts):
    assert sort_tags(texts) == sort_tags(texts[::-1]) == sort_tags(sort_tags(texts))


@given(TAG_LIKE, TAG_LIKE)
def test_two_tags_are_equal_in_order_only_when_they_are_the_same(first, second):
    left, right = order_key(parse_tag(first)), order_key(parse_tag(second))
    assert (left == right) == (first == second)
    assert (left < right) + (right < left) + (left == right) == 1


def test_the_whole_corpus_sorts_the_same_from_any_start():
    tags = sorted({tag for _image, tag, _expected in ROWS})
    expected = sort_tags(tags)
    random.Random(3).shuffle(tags)
    assert sort_tags(tags) == expected


def test_digits_compare_as_numbers():
    assert natural_key("build9") < natural_key("build10")
    assert natural_key("9" * 5000) != natural_key("8" * 5000)


def test_pinned_tags_of_an_image_stand_below_its_moving_names():
    images = defaultdict(list)
    for image, tag, _expected in ROWS:
        images[image].append(tag)
    for tags in images.values():
        if "latest" in tags:
            assert sort_tags(tags)[-1].startswith("latest")
