"""Extra tags of a target: which they are, and what keeps all of them."""

import pytest

from registry_ui.oci.errors import ServerFailed
from transfers.mirrors.extras import extras_of, why_kept
from transfers.mirrors.listing import Pair
from transfers.mirrors.selection import Selection
from transfers.models import ItemAction, MirrorItem

CAP = 2


def pair(source_tags, target_tags, **values):
    target = None if target_tags is None else set(target_tags)
    return Pair("library/app", "library/app", source_tags=source_tags, target_tags=target, **values)


def extras(count):
    return [MirrorItem(tag=f"old-{number}", action=ItemAction.EXTRA) for number in range(count)]


def test_tags_that_the_source_does_not_have_are_extras():
    assert extras_of(pair(["1.0"], ["1.0", "0.9"]), Selection()) == ["0.9"]
    assert extras_of(pair(["1.0"], ["1.0", "0.9"]), Selection.parse({"tags": ["1.*"]})) == []


@pytest.mark.parametrize("source_tags", [[], None])
def test_a_source_without_tags_makes_no_extras(source_tags):
    assert extras_of(pair(source_tags, ["1.0", "0.9"]), Selection()) == []


def test_a_source_that_was_not_listed_makes_no_extras():
    assert extras_of(pair(["1.0"], ["1.0", "0.9"], error=ServerFailed("502")), Selection()) == []
    assert extras_of(pair(["1.0"], None), Selection()) == []


def test_as_many_as_the_cap_are_deleted():
    assert why_kept(extras(CAP), [pair(["1.0"], [])], cap=CAP, asked=True) == ""


def test_more_than_the_cap_are_kept():
    assert why_kept(extras(CAP + 1), [pair(["1.0"], [])], cap=CAP, asked=True)


def test_all_are_kept_where_one_source_was_not_listed():
    pairs = [pair(["1.0"], []), pair(None, [], error=ServerFailed("502"))]
    assert why_kept(extras(1), pairs, cap=CAP, asked=True)


def test_all_are_kept_where_nobody_asked_for_their_deletion():
    assert why_kept(extras(1), [pair(["1.0"], [])], cap=CAP, asked=False)
