"""Tests of keyset pagination with rows of real tables."""

from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from django.core.exceptions import BadRequest
from django.db import connection

from registry_ui.catalog.models import Repository
from registry_ui.registries.models import Registry
from registry_ui.web.keyset import Keyset, Page

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BY_NAME, BY_SIZE, BY_CHANGE = Keyset("name"), Keyset("-size", "-id"), Keyset("-changed_at", "-id")


@pytest.fixture
def rows(team):
    """Create 23 repositories, many of equal size or with equal times."""
    registry = Registry.objects.create(team=team, name="Ours", host="registry.example.com")
    Repository.objects.bulk_create(
        Repository(
            registry=registry,
            team=team,
            name=f"app-{i:02}",
            size=i % 4,
            changed_at=NOW - timedelta(microseconds=i % 5),
        )
        for i in range(23)
    )
    return Repository.objects.filter(registry=registry)


def names(page: Page) -> list[str]:
    return [row.name for row in page.rows]


def walk(keyset, rows, size):
    """Return all pages forwards, and all of them backwards from the last."""
    pages = [keyset.page(rows, size=size)]
    while pages[-1].next:
        pages.append(keyset.page(rows, after=pages[-1].next, size=size))
    back = [pages[-1]]
    while back[-1].previous:
        back.append(keyset.page(rows, before=back[-1].previous, size=size))
    return [names(page) for page in pages], [names(page) for page in reversed(back)]


@pytest.mark.parametrize(
    "columns",
    [
        ("name",),
        ("-name",),
        ("-size", "-id"),
        ("size", "id"),
        ("-changed_at", "-id"),
        ("size", "-changed_at", "-id"),
        ("-size", "name"),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 22, 23, 24])
def test_pages_hold_every_row_once_in_order_forwards_and_back(rows, columns, size):
    forwards, back = walk(Keyset(*columns), rows, size)

    assert list(chain.from_iterable(forwards)) == [row.name for row in rows.order_by(*columns)]
    assert back == forwards
    assert {len(page) for page in forwards[:-1]} <= {size}


@pytest.mark.parametrize("columns", [("name",), ("-name",), ("-size", "-id"), ("-size", "name")])
def test_a_neighbour_has_no_row_of_the_page_beside_it(rows, columns):
    keyset, in_order = Keyset(*columns), [row.name for row in rows.order_by(*columns)]

    first = keyset.page(rows, size=5)
    second = keyset.page(rows, after=first.next, size=5)

    assert names(second) == in_order[5:10]
    assert names(keyset.page(rows, before=second.previous, size=5)) == names(first) == in_order[:5]


def test_a_page_without_neighbours_is_whole(rows):
    assert BY_NAME.page(rows, size=23).is_whole
    assert not BY_NAME.page(rows, size=22).is_whole
    assert BY_NAME.page(rows.none()) == Page([])


def test_rows_that_come_and_go_neither_hide_nor_repeat_others(rows):
    first = BY_NAME.page(rows, size=5)
    rows.filter(name__in=["app-00", "app-04"]).delete()
    Repository.objects.create(registry=rows[0].registry, team=rows[0].team, name="app-01-new")

    assert names(BY_NAME.page(rows, after=first.next, size=3)) == ["app-05", "app-06", "app-07"]


def test_beyond_the_end_the_first_page_is_shown(rows):
    assert names(BY_NAME.page(rows, after="zebra", size=3)) == ["app-00", "app-01", "app-02"]
    assert names(BY_NAME.page(rows, before="aardvark", size=3)) == ["app-00", "app-01", "app-02"]


def test_a_cursor_may_be_a_name_from_which_the_key_follows(rows):
    sizes = dict(rows.values_list("name", "size"))
    keys = dict(rows.values_list("name", "id"))
    keyset = Keyset("-size", "-id", cursor="name", values_of=lambda name: (sizes[name], keys[name]))

    forwards, back = walk(keyset, rows, 4)

    assert list(chain.from_iterable(forwards)) == [
        row.name for row in rows.order_by("-size", "-id")
    ]
    assert back == forwards
    assert keyset.page(rows, size=4).next == forwards[0][-1]


@pytest.mark.parametrize(
    ("keyset", "cursor"),
    [
        (BY_NAME, "a\0b"),
        (BY_NAME, "a" * 1001),
        (BY_NAME, "a~b"),
        (BY_SIZE, "12"),
        (BY_SIZE, "12~13~14"),
        (BY_SIZE, "twelve~1"),
        (BY_SIZE, "~"),
        (BY_SIZE, f"{2**63}~1"),
        (BY_SIZE, f"1~{10**30}"),
        (BY_CHANGE, "yesterday~1"),
        (BY_CHANGE, "2026-03-01T12:00:00~1"),
        (BY_CHANGE, "2026-03-41T12:00:00+00:00~1"),
        (BY_CHANGE, "9999-12-31T23:59:59-12:00~1"),
        (BY_CHANGE, "0001-01-01T00:00:00+12:00~1"),
    ],
)
def test_an_invalid_cursor_is_refused(rows, keyset, cursor):
    for direction in ("after", "before"):
        with pytest.raises(BadRequest):
            keyset.page(rows, **{direction: cursor})


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's words for its plan")
@pytest.mark.parametrize(
    ("columns", "index"),
    [
        (("name",), "sqlite_autoindex"),
        (("-changed_at", "-id"), "repository_by_change"),
        (("-size", "-id"), "repository_by_size"),
        (("size", "id"), "repository_by_size"),
        (("-tag_count", "-id"), "repository_by_tags"),
    ],
)
def test_a_page_in_the_middle_is_found_by_the_index(
    rows, columns, index, django_assert_num_queries
):
    keyset = Keyset(*columns)
    cursor = keyset.page(rows, size=10).next

    with django_assert_num_queries(1) as queries:
        keyset.page(rows, after=cursor, size=10)
    with connection.cursor() as database:
        database.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
        plan = " ".join(row[3] for row in database.fetchall())

    assert index in plan
    assert "TEMP B-TREE" not in plan
