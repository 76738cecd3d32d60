import random

from hypothesis import example, given

from registry_ui.tags import order_key, parse_tag, sort_key, sort_tags, version_key
from registry_ui.tags.order import stage_key, version_numbers

from .corpus import ROWS, TAG_LIKE


@given(TAG_LIKE, TAG_LIKE)
@example("1.9", "1.10")
@example("1.2.3-rc1", "1.2.3")
@example("a", "a\0")
@example("9" * 128, "9" * 127)
def test_bytes_compare_as_the_order_does(first, second):
    left, right = parse_tag(first), parse_tag(second)
    assert (sort_key(left) < sort_key(right)) == (order_key(left) < order_key(right))
    assert (sort_key(left) == sort_key(right)) == (first == second)


def test_the_whole_corpus_sorts_the_same_by_bytes():
    tags = sorted({tag for _image, tag, _expected in ROWS})
    random.Random(5).shuffle(tags)
    assert sorted(tags, key=lambda text: sort_key(parse_tag(text))) == sort_tags(tags)


@given(TAG_LIKE, TAG_LIKE)
@example("1.27-alpine", "1.27")
@example("3.14-rc", "3.14.0rc2")
def test_version_keys_compare_as_versions_do_and_are_missing_without_one(first, second):
    left, right = parse_tag(first), parse_tag(second)
    assert (version_key(left) is None) == (left.version is None)
    if left.version and right.version:
        versions = [(version_numbers(tag), stage_key(tag)) for tag in (left, right)]
        assert (version_key(left) < version_key(right)) == (versions[0] < versions[1])
        assert (version_key(left) == version_key(right)) == (versions[0] == versions[1])
