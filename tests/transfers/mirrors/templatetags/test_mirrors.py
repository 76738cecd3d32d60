import pytest
from django.utils.html import strip_tags

from tests.transfers.mirrors.rows import item_row, mirror_row, run_row
from transfers.mirrors.models import ItemAction, ItemState, Mirror, MirrorItem
from transfers.mirrors.templatetags.mirrors import (
    action_badge,
    item_filters,
    item_state,
    mirror_endpoints,
    naming_label,
    run_endpoints,
    selection_label,
)

pytestmark = pytest.mark.django_db


def test_the_endpoints_name_two_repositories_and_count_the_rest(team):
    mirror = mirror_row(team, repositories=["a/<b>", "a/b", "a/c", "a/d"])

    html = mirror_endpoints(mirror)

    assert "a/&lt;b&gt;, a/b and 2 more" in html
    assert strip_tags(html).startswith("Hub")
    assert strip_tags(html).endswith("Company")


def test_a_mirror_without_a_target_registry_goes_to_the_local_images(team):
    mirror = mirror_row(team)
    mirror.target_registry = None

    assert strip_tags(mirror_endpoints(mirror)).endswith("local images")


@pytest.mark.parametrize("action", list(ItemAction))
def test_every_action_has_a_badge(action):
    html = action_badge(MirrorItem(action=action))

    assert "<svg" in html
    assert str(action.label) in html


@pytest.mark.parametrize(
    ("action", "state", "is_shown"),
    [
        (ItemAction.NEW, ItemState.WAITING, True),
        (ItemAction.CHANGED, ItemState.DONE, True),
        (ItemAction.UP_TO_DATE, ItemState.DONE, False),
        (ItemAction.SKIPPED, ItemState.DONE, False),
        (ItemAction.SKIPPED, ItemState.FAILED, True),
        (ItemAction.EXTRA, ItemState.WAITING, False),
        (ItemAction.EXTRA, ItemState.DONE, True),
    ],
)
def test_a_tag_without_anything_to_do_has_no_state(action, state, is_shown):
    assert bool(item_state(MirrorItem(action=action, state=state))) is is_shown


def test_only_filters_with_tags_are_offered_and_the_chosen_one(team):
    run = run_row(mirror_row(team))
    item_row(run, "1.0")

    html = item_filters(run, {"all": 1_200, "new": 1}, "failed")

    assert strip_tags(html) == "All 1,200New 1Failed 0"
    assert html.count('aria-current="true"') == 1


@pytest.mark.parametrize(
    ("naming", "label"),
    [
        ({}, "as at the source"),
        ({"kind": "flatten", "levels": 0}, "the last part alone"),
        ({"kind": "flatten", "levels": 2}, "without the first 2 parts"),
        ({"kind": "prefix", "prefix": "mirror/hub"}, "below mirror/hub/"),
        ({"kind": "template", "template": "m/{name}"}, "m/{name}"),
    ],
)
def test_the_naming_in_words(naming, label):
    assert naming_label(Mirror(naming=naming)) == label


@pytest.mark.parametrize(
    ("selection", "label"),
    [
        ({}, "all"),
        ({"tags": ["1.*", "2.0"]}, "named 1.*, 2.0"),
        (
            {"versions": ">=1.27", "newest": 2, "prereleases": False},
            "versions >=1.27; the newest 2 of each minor version; no pre-releases",
        ),
    ],
)
def test_the_selection_in_words(selection, label):
    assert selection_label(Mirror(selection=selection)) == label


def test_a_local_pull_goes_to_the_local_images(team):
    mirror = mirror_row(team)

    assert run_endpoints(run_row(mirror)).endswith(" Company")
    assert run_endpoints(run_row(mirror, is_local_pull=True)).endswith(" local images")
