"""Extra tags of a target, and the reasons that keep them."""

import pytest

from registry_ui.oci.errors import Cancelled, ServerFailed
from registry_ui.oci.store import Cancellation
from transfers.mirrors.models import ItemAction, ItemState, MirrorItem
from transfers.mirrors.run.extra_tags import delete_extras, find_extras, keep_reason
from transfers.mirrors.run.item_store import ItemStore
from transfers.mirrors.run.repository_pairs import RepositoryPair
from transfers.mirrors.selection import Selection

CAP = 2


def pair(source_tags, target_tags, **values):
    target = None if target_tags is None else set(target_tags)
    return RepositoryPair(
        "library/app", "library/app", source_tags=source_tags, target_tags=target, **values
    )


def extras(count):
    return [MirrorItem(tag=f"old-{number}", action=ItemAction.EXTRA) for number in range(count)]


def test_tags_missing_at_the_source_are_extras():
    assert find_extras(pair(["1.0"], ["1.0", "0.9"]), Selection()) == ["0.9"]
    assert find_extras(pair(["1.0"], ["1.0", "0.9"]), Selection.parse({"tags": ["1.*"]})) == []


@pytest.mark.parametrize("source_tags", [[], None])
def test_a_source_without_tags_has_no_extras(source_tags):
    assert find_extras(pair(source_tags, ["1.0", "0.9"]), Selection()) == []


def test_an_unlisted_source_has_no_extras():
    assert find_extras(pair(["1.0"], ["1.0", "0.9"], error=ServerFailed("502")), Selection()) == []
    assert find_extras(pair(["1.0"], None), Selection()) == []


def test_as_many_as_the_cap_are_deleted():
    assert keep_reason(extras(CAP), [pair(["1.0"], [])], cap=CAP, is_enabled=True) == ""


def test_more_extras_than_the_cap_are_kept():
    assert keep_reason(extras(CAP + 1), [pair(["1.0"], [])], cap=CAP, is_enabled=True)


def test_all_are_kept_if_one_source_was_not_listed():
    pairs = [pair(["1.0"], []), pair(None, [], error=ServerFailed("502"))]
    assert keep_reason(extras(1), pairs, cap=CAP, is_enabled=True)


def test_all_are_kept_without_deletion_enabled():
    assert keep_reason(extras(1), [pair(["1.0"], [])], cap=CAP, is_enabled=False)


@pytest.mark.django_db
def test_a_cancellation_is_no_failed_deletion(claimed_run, open_endpoints):
    run, cancellation = claimed_run("library/app"), Cancellation()
    endpoints = open_endpoints(run, cancellation=cancellation)
    item = MirrorItem(tag="old", target_repository="library/app", action=ItemAction.EXTRA)
    cancellation.request()

    with pytest.raises(Cancelled):
        delete_extras([item], endpoints, ItemStore(run), cancellation.check)

    assert item.state == ItemState.WAITING
