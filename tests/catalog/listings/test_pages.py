from datetime import timedelta

import pytest
from django.core.exceptions import BadRequest
from django.db import connection
from django.http import QueryDict

from registry_ui.catalog.listings.filters import RepositoryFilter, TagFilter
from registry_ui.catalog.listings.pages import (
    page_of_repositories,
    page_of_tags,
    tag_choices,
    with_newest_tag,
)
from registry_ui.catalog.listings.tables import TAGS, TAGS_BY_VARIANT
from registry_ui.catalog.models import UNSTATED, Repository, Tag
from registry_ui.tags import sort_tags
from tests.parts.error_texts import stored_error
from tests.parts.index_rows import BUILT, make_repository

from .tag_rows import add_artifact, add_tags

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

NAMES = [
    f"{major}.{minor}{suffix}"
    for major in range(3)
    for minor in range(9, 29)
    for suffix in ("", "-alpine", "-rc1")
]


@pytest.fixture
def repository(make_registry):
    return make_repository(make_registry(), "team/app")


def tags(repository, query="", **cursor):
    return page_of_tags(
        repository, TagFilter.read(QueryDict(query)), **{"after": "", "before": "", **cursor}
    )


def names(page):
    return [listed.row.name for listed in page.rows]


def walk(repository, query):
    page, _matches = tags(repository, query)
    forward = names(page)
    while page.next:
        page, _matches = tags(repository, query, after=page.next)
        forward += names(page)
    back = names(page)
    while page.previous:
        page, _matches = tags(repository, query, before=page.previous)
        back = names(page) + back
    return forward, back


# --- orders


def test_the_newest_version_comes_first_and_ten_after_nine(repository):
    add_tags(repository, NAMES)

    forward, back = walk(repository, "")

    assert forward == back == sort_tags(NAMES, newest_first=True)
    assert walk(repository, "sort=version")[0] == sort_tags(NAMES)


@pytest.mark.parametrize("order", list(TAGS))
@pytest.mark.parametrize("group", ["", "&group=variant"])
def test_every_order_shows_every_tag_once(repository, order, group):
    add_tags(repository, NAMES)

    forward, back = walk(repository, f"sort={order}{group}")

    assert forward == back
    assert sorted(forward) == sorted(NAMES)


def test_grouped_by_variant_the_plain_ones_come_first(repository):
    add_tags(repository, NAMES)
    plain = sort_tags((name for name in NAMES if "alpine" not in name), newest_first=True)
    alpine = sort_tags((name for name in NAMES if "alpine" in name), newest_first=True)

    assert walk(repository, "group=variant")[0] == plain + alpine
    page, _matches = tags(repository, "group=variant&variant=alpine")
    assert {listed.variant for listed in page.rows} == {"alpine"}
    assert tags(repository, "group=variant")[0].rows[0].variant == "Plain"


def test_a_cursor_of_another_order_is_refused_or_leads_somewhere(repository):
    add_tags(repository, NAMES)
    by_size = tags(repository, "sort=size")[0].next

    with pytest.raises(BadRequest):
        tags(repository, "sort=-date", after=by_size)
    assert names(tags(repository, after=by_size)[0])


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's words for its plan")
@pytest.mark.parametrize(
    ("order", "index"),
    [
        ("-version", "tag_by_order"),
        ("version", "tag_by_order"),
        ("-date", "tag_by_date"),
        ("size", "tag_by_size"),
        ("name", "autoindex"),
    ],
)
def test_pages_of_tags_are_found_by_an_index(repository, order, index, django_assert_num_queries):
    add_tags(repository, NAMES)
    cursor = tags(repository, f"sort={order}")[0].next

    with django_assert_num_queries(2) as queries:
        tags(repository, f"sort={order}", after=cursor)
    with connection.cursor() as database:
        database.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
        plan = " ".join(row[3] for row in database.fetchall())

    assert index in plan
    assert "TEMP B-TREE" not in plan


def test_groups_have_every_order_of_lists():
    assert TAGS.keys() == TAGS_BY_VARIANT.keys()


# --- rows


def test_tags_of_one_digest_are_aliases(repository):
    add_tags(
        repository,
        dict.fromkeys(("latest", "1", "1.27", "1.27.3", "mainline"), "one") | {"1.26": "other"},
    )

    listed = {entry.row.name: entry for entry in tags(repository)[0].rows}

    assert listed["latest"].aliases == ("1.27.3", "mainline", "1")
    assert listed["latest"].more_aliases == 1
    assert listed["1.27.3"].aliases == ("latest", "mainline", "1")
    assert (listed["1.26"].aliases, listed["1.26"].more_aliases) == ((), 0)


def test_a_long_name_is_the_only_alias(repository):
    add_tags(repository, {"a" * 128: "one", "b" * 128: "one", "c": "one"})

    listed = {entry.row.name[:1]: entry for entry in tags(repository)[0].rows}

    assert (listed["a"].aliases, listed["a"].more_aliases) == (("c",), 1)
    assert (len(listed["c"].aliases), listed["c"].more_aliases) == (1, 1)


def test_a_digest_with_a_thousand_tags_shows_a_few(repository, django_assert_num_queries):
    add_tags(repository, {f"1.{i}": "one" for i in range(1000)})

    with django_assert_num_queries(2):
        page, _matches = tags(repository)

    assert page.rows[0].aliases == ("1.998", "1.997", "1.996")
    assert page.rows[0].more_aliases == 996


def test_tags_without_a_digest_have_no_aliases(repository):
    add_tags(repository, ["1", "2"], digest="", checked_at=None, changed_at=UNSTATED)

    listed = tags(repository)[0].rows[0]

    assert (listed.aliases, listed.more_aliases, listed.is_known, listed.changed) == (
        (),
        0,
        False,
        None,
    )


def test_the_digest_in_another_repository_is_no_alias(repository):
    add_tags(repository, {"1": "one"})
    add_tags(make_repository(repository.registry, "team/other"), {"2": "one"})

    assert tags(repository)[0].rows[0].aliases == ()


def test_platforms_are_folded_after_three(repository):
    add_tags(repository, ["1"], platforms="|linux/amd64|linux/arm64|linux/arm/v7|linux/s390x|")
    add_artifact(repository)

    listed = tags(repository)[0].rows[0]

    assert listed.first_platforms == ("linux/amd64", "linux/arm64", "linux/arm/v7")
    assert listed.more_platforms == ("linux/s390x",)
    assert listed.is_known


# --- counts and choices


def test_matches_are_counted_up_to_a_limit(repository, django_assert_num_queries):
    add_tags(repository, [f"1.{i}" for i in range(1100)])

    with django_assert_num_queries(2):
        assert tags(repository)[1].count == 1100
    with django_assert_num_queries(2):
        assert tags(repository, "q=1.1099")[1].count == 1
    with django_assert_num_queries(3):
        assert tags(repository, "q=1.10")[1].count == 111
    matches = tags(repository, "q=1")[1]
    assert (matches.are_more, matches.shown) == (True, 1000)


def test_choices_are_sorted_by_frequency(repository, django_assert_num_queries):
    add_tags(repository, ["1", "2", "1-alpine", "2-alpine", "3-alpine", "1-alpine-slim", "3-rc1"])
    add_tags(repository, ["old"], platforms="|linux/386|", problem=stored_error("It is gone."))

    with django_assert_num_queries(1):
        choices = tag_choices(
            repository,
            TagFilter.read(QueryDict("variant=slim&variant=nothing&platform=plan9/mips")),
        )

    assert [(choice.value, choice.count, choice.is_chosen) for choice in choices.variants] == [
        ("plain", 4, False),
        ("alpine", 4, False),
        ("slim", 1, True),
        ("nothing", 0, True),
    ]
    assert [(choice.value, choice.count) for choice in choices.platforms] == [
        ("linux/386", 1),
        ("linux/amd64", 7),
        ("linux/arm64", 7),
        ("plan9/mips", 0),
    ]
    assert (choices.prereleases, choices.problems) == (1, 1)
    assert "documentation" in {choice.value: choice.meaning for choice in choices.variants}["slim"]


def test_many_variants_are_folded_unless_one_is_chosen(repository):
    first = ["alpine", "slim", "perl", "otel", "fpm", "apache", "jre", "jdk"]
    add_tags(
        repository,
        [
            f"1-{name}"
            for name in [*first, "cli", "dind", "debug", "nonroot", "amd64", "arm64", "static"]
        ],
    )

    folded = tag_choices(repository, TagFilter.read(QueryDict()))
    last = folded.more_variants[-1].value
    chosen = tag_choices(repository, TagFilter.read(QueryDict(f"variant={last}")))

    assert len(folded.first_variants) == 14
    assert (
        folded.is_any_more_chosen,
        chosen.is_any_more_chosen or last in {choice.value for choice in chosen.first_variants},
    ) == (False, True)


def test_the_newest_tag_is_latest_if_it_exists(repository):
    add_tags(repository, ["1.9", "1.10", "1.10-alpine"])
    assert with_newest_tag(Repository.objects.all()).get().newest_tag == "1.10"
    add_tags(repository, ["latest"])
    assert with_newest_tag(Repository.objects.all()).get().newest_tag == "latest"
    Tag.objects.all().delete()
    assert with_newest_tag(Repository.objects.all()).get().newest_tag is None


# --- repositories


def test_sizes_are_drawn_to_the_scale_of_the_largest_on_the_page(make_registry):
    registry = make_registry(repository_count=3)
    for name, size, shared in (("a", 1000, 250), ("b", 500, 500), ("c", 0, 0)):
        repository = make_repository(registry, name)
        Repository.objects.filter(pk=repository.pk).update(size=size, shared_size=shared)

    page, matches = page_of_repositories(
        registry, RepositoryFilter.read(QueryDict()), after="", before=""
    )

    assert [(listed.unique_width, listed.shared_width) for listed in page.rows] == [
        (75, 25),
        (0, 50),
        (0, 0),
    ]
    assert matches.count == 3


def test_repositories_are_sorted_by_each_column(make_registry):
    registry = make_registry()
    for name, size, count, hours in (("a", 1, 30, 5), ("b", 3, 10, 6), ("c", 2, 20, 7)):
        repository = make_repository(registry, name, tag_count=count)
        Repository.objects.filter(pk=repository.pk).update(
            size=size, changed_at=BUILT + timedelta(hours=hours)
        )

    def sorted_by(order):
        page, _matches = page_of_repositories(
            registry, RepositoryFilter.read(QueryDict(f"sort={order}")), after="", before=""
        )
        return "".join(listed.row.name for listed in page.rows)

    orders = ("name", "-name", "-changed", "changed", "-size", "size", "-tags", "tags")
    assert [sorted_by(order) for order in orders] == [
        "abc",
        "cba",
        "cba",
        "abc",
        "bca",
        "acb",
        "acb",
        "bca",
    ]


def test_pages_of_repositories_need_few_queries(make_registry, django_assert_num_queries):
    registry = make_registry(repository_count=10_000)
    Repository.objects.bulk_create(
        Repository(registry=registry, team=registry.team, name=f"team-{i % 97}/app-{i}")
        for i in range(10_000)
    )

    with django_assert_num_queries(1):
        page, matches = page_of_repositories(
            registry, RepositoryFilter.read(QueryDict("sort=-size")), after="", before=""
        )
    with django_assert_num_queries(1):
        page_of_repositories(
            registry, RepositoryFilter.read(QueryDict("sort=-size")), after=page.next, before=""
        )
    with django_assert_num_queries(2):
        _page, filtered = page_of_repositories(
            registry, RepositoryFilter.read(QueryDict("q=app-1")), after="", before=""
        )
    assert (matches.count, filtered.are_more) == (10_000, True)
