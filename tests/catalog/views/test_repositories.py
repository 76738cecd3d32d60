from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from registry_ui.catalog.models import IndexRun, Repository
from registry_ui.jobs.models import State
from registry_ui.registries.models import Listing
from tests.parts.error_texts import stored_error
from tests.parts.index_rows import make_image, make_repository

pytestmark = pytest.mark.postgresql

NOW = timezone.now()


def url(registry) -> str:
    return reverse("registries:repositories", args=[registry.pk])


@pytest.fixture
def registry_row(make_registry):
    return make_registry(name="Ours", listing=Listing.CATALOG, indexed_at=NOW)


@pytest.fixture
def get_page(client_for, alice, registry_row):
    client = client_for(alice)
    return lambda query="", **options: client.get(url(registry_row) + query, **options)


# --- who


def test_everybody_in_the_team_sees_them(client_for, alice, bob, victor, registry_row) -> None:
    make_repository(registry_row, "team/app")
    for person in (alice, bob, victor):
        page = client_for(person).get(url(registry_row)).content.decode()
        assert reverse("registries:repository", args=[registry_row.pk, "team/app"]) in page


def test_an_outsider_gets_404(client_for, charlie, registry_row) -> None:
    assert client_for(charlie).get(url(registry_row)).status_code == 404


def test_a_stranger_is_sent_to_the_sign_in_page(client, registry_row) -> None:
    assert client.get(url(registry_row)).status_code == 302


def test_it_is_only_read(get_page, client_for, alice, registry_row) -> None:
    for method in ("post", "put", "delete"):
        assert getattr(client_for(alice), method)(url(registry_row)).status_code == 405


def test_a_reader_sees_no_buttons_that_would_fail(client_for, victor, registry_row) -> None:
    make_repository(registry_row, "team/app", is_added_by_name=True)
    page = client_for(victor).get(url(registry_row)).content.decode()
    for view in ("index_start", "index_cancel", "repository_add", "repository_remove"):
        assert reverse(f"registries:{view}", args=[registry_row.pk]) not in page


# --- what


def test_a_row_shows_the_indexed_facts(get_page, registry_row) -> None:
    image = make_image(registry_row, ("one", 3 * 1024 * 1024))
    repository = make_repository(
        registry_row,
        "team/payments/app",
        {"1": image, "2": image},
        is_added_by_name=True,
        used_at=NOW,
        problem=stored_error("It <b>refused</b>."),
    )
    Repository.objects.filter(pk=repository.pk).update(shared_size=1024 * 1024)

    page = get_page().content.decode()

    assert '<span class="part-namespace">payments</span>' in page
    assert '<span class="part-repository">app</span>' in page
    assert "1.0&nbsp;MiB shared" in page or "1.0\N{NO-BREAK SPACE}MiB shared" in page
    assert "Added by name: stays in the index" in page
    assert "Used by transfers" in page
    assert "It &lt;b&gt;refused&lt;/b&gt;." in page


def test_a_repository_that_is_not_indexed_is_marked(get_page, registry_row) -> None:
    make_repository(registry_row, "team/app", indexed_at=None)
    assert "not looked at yet" in get_page().content.decode()


def test_an_unlisted_repository_is_marked(get_page, registry_row) -> None:
    make_repository(registry_row, "team/app", is_listed=False, is_added_by_name=True)
    assert "not listed" in get_page().content.decode()
    registry_row.listing = Listing.NONE
    registry_row.save(update_fields=["listing"])
    assert "not listed" not in get_page().content.decode()


def test_the_head_shows_health_counts_and_the_latest_run(get_page, registry_row, alice) -> None:
    registry_row.tag_count, registry_row.repository_count, registry_row.health = (
        21_065,
        1_204,
        "healthy",
    )
    registry_row.save()
    started = {"started_at": NOW - timedelta(seconds=90), "finished_at": NOW}
    IndexRun.objects.create(
        team=registry_row.team,
        registry=registry_row,
        state=State.SUCCEEDED,
        requested_by="alice",
        **started,
    )

    page = get_page().content.decode()

    for text in (
        "21,065",
        "1,204",
        "Answers",
        "took 1\N{NO-BREAK SPACE}min\N{NO-BREAK SPACE}30\N{NO-BREAK SPACE}s",
        "alice",
    ):
        assert text in page


# --- search, sorts, pages


def test_search_matches_all_terms(get_page, registry_row) -> None:
    for name in ("team/app", "team/other"):
        make_repository(registry_row, name)
    page = get_page("?q=team+app").content.decode()
    assert "team/app" in page
    assert "team/other" not in page
    assert "1 repository" in page


def test_sorts_are_links_with_a_direction(get_page, registry_row) -> None:
    make_repository(registry_row, "team/app")
    page = get_page("?sort=-size&q=app").content.decode()
    assert 'aria-sort="descending"' in page
    assert f"{url(registry_row)}?q=app&amp;sort=size" in page


def test_an_unknown_sort_or_page_is_refused(get_page, registry_row) -> None:
    for query in ("?sort=secret", "?sort=-size&after=nonsense", "?before=%00"):
        assert get_page(query).status_code == 400


def test_pages_follow_each_other_and_keep_the_search(get_page, registry_row) -> None:
    rows = [
        Repository(registry=registry_row, team=registry_row.team, name=f"app-{i:03}")
        for i in range(120)
    ]
    Repository.objects.bulk_create(rows)

    first = get_page("?q=app").content.decode()
    second = get_page("?q=app&after=app-049").content.decode()
    last = get_page("?q=app&after=app-099").content.decode()

    assert "?q=app&amp;after=app-049" in first
    assert 'rel="prev"' not in first
    assert "?q=app&amp;before=app-050" in second
    assert "?q=app&amp;after=app-099" in second
    assert "app-119" in last
    assert 'rel="next"' not in last


def test_htmx_gets_the_results_and_a_clean_address(get_page, registry_row, htmx) -> None:
    make_repository(registry_row, "team/app")

    answer = get_page("?q=app&sort=name", headers={**htmx, "HX-Trigger": "repository-filters"})

    assert "<html" not in answer.content.decode()
    assert "team/app" in answer.content.decode()
    assert answer["HX-Replace-Url"] == f"{url(registry_row)}?q=app"
    assert get_page(headers={**htmx, "HX-Trigger": "repository-filters"})["HX-Replace-Url"] == url(
        registry_row
    )
    assert "HX-Replace-Url" not in get_page(
        "?sort=-size", headers={**htmx, "HX-Trigger": "sort-size"}
    )
    assert "<html" in get_page(headers={**htmx, "HX-Boosted": "true"}).content.decode()


# --- what is shown where nothing is


def test_a_registry_that_is_not_indexed_has_a_button_for_it(
    get_page, client_for, victor, registry_row
) -> None:
    registry_row.indexed_at = None
    registry_row.save()
    assert "Look at it now" in get_page().content.decode()
    page = client_for(victor).get(url(registry_row)).content.decode()
    assert "Nobody has looked at this registry yet" in page
    assert "Look at it now" not in page


def test_the_first_run_is_shown(get_page, registry_row) -> None:
    registry_row.indexed_at = None
    registry_row.save()
    IndexRun.objects.create(
        team=registry_row.team,
        registry=registry_row,
        state=State.RUNNING,
        progress={"phase": "listing", "repositories": 1234},
    )
    page = get_page().content.decode()
    assert "On its way" in page
    assert "Reading the list of repositories" in page
    assert "1,234" in page
    assert 'hx-trigger="every 2s"' in page


def test_a_search_without_a_match_links_to_the_list(get_page, registry_row) -> None:
    assert "No name in the index has “&lt;b&gt;” in it." in get_page("?q=<b>").content.decode()
    assert "Every repository could be read." in get_page("?problems=only").content.decode()


def test_a_name_that_is_not_found_can_be_pinned(get_page, client_for, victor, registry_row) -> None:
    assert 'name="name" value="team/app"' in " ".join(
        get_page("?q=team/app").content.decode().split()
    )
    assert (
        reverse("registries:repository_add", args=[registry_row.pk])
        not in client_for(victor).get(f"{url(registry_row)}?q=team/app").content.decode()
    )


def test_a_registry_without_a_list_explains_pins(get_page, registry_row) -> None:
    registry_row.listing = Listing.NONE
    registry_row.listing_error = stored_error("It <i>does not</i> say.")
    registry_row.save()
    page = get_page().content.decode()
    assert "It &lt;i&gt;does not&lt;/i&gt; say." in page
    assert "No repositories yet" in page


def test_an_empty_registry_has_a_message(get_page) -> None:
    assert "This registry is empty" in get_page().content.decode()


def test_a_failed_run_shows_cause_advice_and_try_again(
    get_page, client_for, victor, registry_row
) -> None:
    error = stored_error("The <login> was refused.")
    IndexRun.objects.create(
        team=registry_row.team,
        registry=registry_row,
        state=State.FAILED,
        error=error,
        finished_at=NOW,
    )
    page = get_page().content.decode()
    assert "The &lt;login&gt; was refused." in page
    assert "Look into the engine" in page
    assert "Try again" in page
    assert "Try again" not in client_for(victor).get(url(registry_row)).content.decode()


def test_repositories_with_problems_are_counted_and_linked(get_page, registry_row) -> None:
    IndexRun.objects.create(
        team=registry_row.team,
        registry=registry_row,
        state=State.SUCCEEDED,
        finished_at=NOW,
        progress={"problems": 2},
    )
    make_repository(registry_row, "team/broken", problem=stored_error("Refused."))
    make_repository(registry_row, "team/fine")
    assert "2 repositories could not be read." in get_page().content.decode()
    page = get_page("?problems=only").content.decode()
    assert "team/broken" in page
    assert "team/fine" not in page


# --- speed


def test_ten_thousand_repositories_take_no_more_queries_than_ten(
    get_page, registry_row, django_assert_max_num_queries
) -> None:
    rows = [
        Repository(
            registry=registry_row,
            team=registry_row.team,
            name=f"team-{i % 97}/app-{i}",
            size=i,
            tag_count=i % 50,
        )
        for i in range(10_000)
    ]
    Repository.objects.bulk_create(rows)
    registry_row.repository_count = 10_000
    registry_row.save()
    get_page()

    for query in (
        "",
        "?sort=-size",
        "?sort=-tags&after=25~5000",
        "?q=app-99",
        "?q=app&sort=-changed",
        "?problems=only",
    ):
        with django_assert_max_num_queries(12) as queries:
            assert get_page(query).status_code == 200
        assert len(queries) <= 8, query
