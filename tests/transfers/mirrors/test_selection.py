"""Selection of tags: each restriction, its reason, and slow patterns."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_ui.web.errors import describe
from tests.parts.error_texts import says
from transfers.mirrors.patterns import InvalidPattern
from transfers.mirrors.selection import Selection

TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)


def selected_tags(document: dict, *names: str, dates=None) -> list[str]:
    return [
        choice.tag
        for choice in Selection.parse(document).select(names, dates)
        if choice.is_selected
    ]


def test_an_empty_selection_selects_every_tag_in_natural_order():
    assert selected_tags({}, "1.10", "1.9", "latest") == ["1.9", "1.10", "latest"]


def test_names_and_globs():
    assert selected_tags({"tags": ["1.*", "latest"]}, "1.9", "2.0", "latest") == ["1.9", "latest"]


def test_an_expression_must_match_the_whole_name():
    assert selected_tags({"match": r"1\.\d"}, "1.9", "1.10", "11.9") == ["1.9"]


def test_an_excluding_expression():
    assert selected_tags({"exclude": r".*-debug"}, "1.9", "1.9-debug") == ["1.9"]


def test_a_version_range_skips_tags_without_version():
    assert selected_tags({"versions": ">=3.9 <4"}, "3.8", "3.9.1", "4.0", "latest") == ["3.9.1"]


def test_variants_in_and_out():
    names = ("1.27", "1.27-alpine", "1.27-alpine-slim", "1.27-bookworm")
    assert selected_tags({"variants": ["alpine"]}, *names) == [
        "1.27-alpine-slim",
        "1.27-alpine",
    ] or set(selected_tags({"variants": ["alpine"]}, *names)) == {"1.27-alpine", "1.27-alpine-slim"}
    assert selected_tags({"variants": ["plain"]}, *names) == ["1.27"]
    assert "1.27-alpine-slim" not in selected_tags({"without_variants": ["slim"]}, *names)


def test_prereleases_can_be_skipped():
    assert selected_tags({"prereleases": False}, "1.27.0", "1.28.0-rc1") == ["1.27.0"]


def test_newest_of_each_minor_version_in_each_variant():
    names = ("1.27.1", "1.27.2", "1.27.3", "1.28.0", "1.27.2-alpine", "1.27.3-alpine")
    assert set(selected_tags({"newest": 1}, *names)) == {"1.27.3", "1.28.0", "1.27.3-alpine"}


def test_a_floating_tag_does_not_count_among_the_newest():
    assert set(selected_tags({"newest": 2}, "1.27", "1.27.1", "1.27.2", "1.27.3")) == {
        "1.27",
        "1.27.2",
        "1.27.3",
    }


def test_newest_of_all():
    assert selected_tags({"newest": 2, "per": "all"}, "1.0.0", "2.0.0", "3.0.0") == [
        "2.0.0",
        "3.0.0",
    ]


def test_a_tag_named_in_full_is_always_selected():
    assert selected_tags(
        {"tags": ["latest", "1.*"], "versions": "1.9"}, "1.9.0", "1.10.0", "latest"
    ) == [
        "1.9.0",
        "latest",
    ]


def test_dates_are_looked_up_only_for_remaining_tags():
    requested_tags = []

    def dates(names):
        requested_tags.extend(names)
        return {
            "1.0": datetime(2020, 1, 1, tzinfo=UTC),
            "1.1": datetime.now(UTC) - timedelta(days=3),
            "1.2": None,
        }

    assert selected_tags(
        {"tags": ["1.*"], "newer_than": "30d"}, "1.0", "1.1", "1.2", "2.0", dates=dates
    ) == ["1.1"]
    assert set(requested_tags) == {"1.0", "1.1", "1.2"}


def test_signatures_are_never_selected_by_name():
    assert selected_tags({}, "1.0", f"sha256-{'a' * 64}.sig", f"sha256-{'b' * 64}") == ["1.0"]


def test_literal_names_need_no_list():
    assert Selection.parse({"tags": ["1.0", "latest"]}).is_literal
    assert not Selection.parse({"tags": ["1.*"]}).is_literal
    assert not Selection.parse({}).is_literal


def test_a_slow_expression_is_named_with_advice():
    with pytest.raises(InvalidPattern, check=says("takes too long")) as caught:
        Selection.parse({"match": "(a|aa)+$"}).select(
            f"{'a' * 60}{number}b" for number in range(1000)
        )
    assert describe(caught.value).advice


@given(
    st.lists(TAGS, max_size=30),
    st.integers(0, 3),
    st.sampled_from(["all", "major", "minor"]),
    st.booleans(),
)
def test_every_tag_is_either_selected_or_has_a_reason(names, newest, per, prereleases):
    selection = Selection.parse({"newest": newest, "per": per, "prereleases": prereleases})
    choices = selection.select(names)
    assert {choice.tag for choice in choices} == set(names)
    assert all(choice.is_selected != bool(choice.reason) for choice in choices)


@given(st.lists(TAGS, max_size=30), st.lists(TAGS, max_size=5))
def test_selection_does_not_depend_on_the_order_of_the_list(names, patterns):
    selection = Selection.parse({"tags": patterns, "newest": 1})
    assert selection.select(names) == selection.select(list(reversed(names)))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "tags": st.lists(TAGS, max_size=3, unique=True),
            "newest": st.integers(0, 5),
            "per": st.sampled_from(["all", "major"]),
            "prereleases": st.booleans(),
            "variants": st.lists(st.sampled_from(["alpine", "plain"]), max_size=2, unique=True),
        },
    )
)
def test_a_stored_selection_round_trips(document):
    selection = Selection.parse(document)
    again = Selection.parse(selection.document())
    assert again.document() == selection.document()


@given(st.lists(TAGS, min_size=1, max_size=20, unique=True))
def test_more_restrictions_select_fewer_tags(names):
    all_of_them = set(selected_tags({}, *names))
    assert set(selected_tags({"newest": 1}, *names)) <= all_of_them
    assert set(selected_tags({"prereleases": False}, *names)) <= all_of_them
