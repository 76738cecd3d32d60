from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from registry_ui.jobs.models import State
from registry_ui.registries.models import IndexRun, Listing, Repository
from tests.parts.index_rows import make_image, make_repository

pytestmark = pytest.mark.postgresql

NOW = timezone.now()


def url(registry) -> str:
    return reverse("registries:repositories", args=[registry.pk])


@pytest.fixture
def ours(make_registry):
    return make_registry(name="Ours", listing=Listing.CATALOG, indexed_at=NOW)


@pytest.fixture
def look(client_for, alice, ours):
    client = client_for(alice)
    return lambda query="", **options: client.get(url(ours) + query, **options)


# --- who


def test_everybody_in_the_team_sees_them(client_for, alice, bob, victor, ours) -> None:
    make_repository(ours, "team/app")
    for person in (alice, bob, victor):
        page = client_for(person).get(url(ours)).content.decode()
        assert reverse("registries:repository", args=[ours.pk, "team/app"]) in page


def test_an_outsider_gets_404(client_for, charlie, ours) -> None:
    assert client_for(charlie).get(url(ours)).status_code == 404


def test_a_stranger_is_sent_to_the_sign_in_page(client, ours) -> None:
    assert client.get(url(ours)).status_code == 302


def test_it_is_only_read(look, client_for, alice, ours) -> None:
    for method in ("post", "put", "delete"):
        assert getattr(client_for(alice), method)(url(ours)).status_code == 405


def test_a_reader_sees_no_buttons_that_would_fail(client_for, victor, ours) -> None:
    make_repository(ours, "team/app", is_pinned=True)
    page = client_for(victor).get(url(ours)).content.decode()
    for view in ("refresh", "index_cancel", "pin", "unpin"):
        assert reverse(f"registries:{view}", args=[ours.pk]) not in page


# --- what


def test_a_row_says_what_is_known(look, ours) -> None:
    image = make_image(ours, ("one", 3 * 1024 * 1024))
    repository = make_repository(
        ours,
        "team/payments/app",
        {"1": image, "2": image},
        is_pinned=True,
        used_at=NOW,
        problem="It <b>refused</b>.",
    )
    Repository.objects.filter(pk=repository.pk).update(shared_size=1024 * 1024)

    page = look().content.decode()

    assert '<span class="part-namespace">payments</span>' in page
    assert '<span class="part-repository">app</span>' in page
    assert "1.0&nbsp;MiB shared" in page or "1.0\N{NO-BREAK SPACE}MiB shared" in page
    assert "Pinned: it stays in the index" in page
    assert "Used by transfers" in page
    assert "It &lt;b&gt;refused&lt;/b&gt;." in page


def test_a_repository_that_nobody_has_looked_at_says_so(look, ours) -> None:
    make_repository(ours, "team/app", indexed_at=None)
    assert "not looked at yet" in look().content.decode()


def test_one_that_the_registry_lists_no_more_is_marked(look, ours) -> None:
    make_repository(ours, "team/app", is_listed=False, is_pinned=True)
    assert "not listed" in look().content.decode()
    ours.listing = Listing.NONE
    ours.save(update_fields=["listing"])
    assert "not listed" not in look().content.decode()


def test_the_head_shows_health_counts_and_the_latest_look(look, ours, alice) -> None:
    ours.tag_count, ours.repository_count, ours.health = 21_065, 1_204, "healthy"
    ours.save()
    started = {"started_at": NOW - timedelta(seconds=90), "finished_at": NOW}
    IndexRun.objects.create(
        team=ours.team, registry=ours, state=State.SUCCEEDED, requested_by="alice", **started
    )

    page = look().content.decode()

    for words in (
        "21,065",
        "1,204",
        "Answers",
        "took 1\N{NO-BREAK SPACE}min\N{NO-BREAK SPACE}30\N{NO-BREAK SPACE}s",
        "alice",
    ):
        assert words in page


# --- search, sorts, pages


def test_search_finds_by_words(look, ours) -> None:
    for name in ("team/app", "team/other"):
        make_repository(ours, name)
    page = look("?q=team+app").content.decode()
    assert "team/app" in page
    assert "team/other" not in page
    assert "1 repository" in page


def test_sorts_are_links_and_say_their_direction(look, ours) -> None:
    make_repository(ours, "team/app")
    page = look("?sort=-size&q=app").content.decode()
    assert 'aria-sort="descending"' in page
    assert f"{url(ours)}?q=app&amp;sort=size" in page


def test_an_unknown_sort_or_page_is_refused(look, ours) -> None:
    for query in ("?sort=secret", "?sort=-size&after=nonsense", "?before=%00"):
        assert look(query).status_code == 400


def test_pages_follow_each_other_and_keep_the_search(look, ours) -> None:
    rows = [Repository(registry=ours, team=ours.team, name=f"app-{i:03}") for i in range(120)]
    Repository.objects.bulk_create(rows)

    first = look("?q=app").content.decode()
    second = look("?q=app&after=app-049").content.decode()
    last = look("?q=app&after=app-099").content.decode()

    assert "?q=app&amp;after=app-049" in first
    assert 'rel="prev"' not in first
    assert "?q=app&amp;before=app-050" in second
    assert "?q=app&amp;after=app-099" in second
    assert "app-119" in last
    assert 'rel="next"' not in last


def test_htmx_gets_the_results_and_a_clean_address(look, ours, htmx) -> None:
    make_repository(ours, "team/app")

    answer = look("?q=app&sort=name", headers={**htmx, "HX-Trigger": "repository-filters"})

    assert "<html" not in answer.content.decode()
    assert "team/app" in answer.content.decode()
    assert answer["HX-Replace-Url"] == f"{url(ours)}?q=app"
    assert look(headers={**htmx, "HX-Trigger": "repository-filters"})["HX-Replace-Url"] == url(ours)
    assert "HX-Replace-Url" not in look("?sort=-size", headers={**htmx, "HX-Trigger": "sort-size"})
    assert "<html" in look(headers={**htmx, "HX-Boosted": "true"}).content.decode()


# --- what is shown where nothing is


def test_a_registry_that_nobody_has_looked_at_has_a_button_for_it(
    look, client_for, victor, ours
) -> None:
    ours.indexed_at = None
    ours.save()
    assert "Look at it now" in look().content.decode()
    page = client_for(victor).get(url(ours)).content.decode()
    assert "Nobody has looked at this registry yet" in page
    assert "Look at it now" not in page


def test_while_the_first_look_runs_that_is_said(look, ours) -> None:
    ours.indexed_at = None
    ours.save()
    IndexRun.objects.create(
        team=ours.team,
        registry=ours,
        state=State.RUNNING,
        progress={"phase": "listing", "repositories": 1234},
    )
    page = look().content.decode()
    assert "On its way" in page
    assert "Reading the list of repositories" in page
    assert "1,234" in page
    assert 'hx-trigger="every 2s"' in page


def test_a_search_without_a_find_shows_the_way_back(look, ours) -> None:
    assert "No name in the index has “&lt;b&gt;” in it." in look("?q=<b>").content.decode()
    assert "Every repository could be read." in look("?problems=only").content.decode()


def test_a_name_that_is_not_found_can_be_pinned(look, client_for, victor, ours) -> None:
    assert 'name="name" value="team/app"' in " ".join(look("?q=team/app").content.decode().split())
    assert (
        reverse("registries:pin", args=[ours.pk])
        not in client_for(victor).get(f"{url(ours)}?q=team/app").content.decode()
    )


def test_a_registry_without_a_list_explains_pins(look, ours) -> None:
    ours.listing, ours.listing_message = Listing.NONE, "It <i>does not</i> say."
    ours.save()
    page = look().content.decode()
    assert "It &lt;i&gt;does not&lt;/i&gt; say." in page
    assert "Nothing is pinned yet" in page


def test_an_empty_registry_says_so(look) -> None:
    assert "This registry is empty" in look().content.decode()


def test_a_failed_look_shows_cause_advice_and_try_again(look, client_for, victor, ours) -> None:
    error = {"message": "The <login> was refused.", "advice": "Enter another secret."}
    IndexRun.objects.create(
        team=ours.team, registry=ours, state=State.FAILED, error=error, finished_at=NOW
    )
    page = look().content.decode()
    assert "The &lt;login&gt; was refused." in page
    assert "Enter another secret." in page
    assert "Try again" in page
    assert "Try again" not in client_for(victor).get(url(ours)).content.decode()


def test_repositories_that_could_not_be_read_are_counted_and_found(look, ours) -> None:
    IndexRun.objects.create(
        team=ours.team,
        registry=ours,
        state=State.SUCCEEDED,
        finished_at=NOW,
        progress={"problems": 2},
    )
    make_repository(ours, "team/broken", problem="Refused.")
    make_repository(ours, "team/fine")
    assert "2 repositories could not be read." in look().content.decode()
    page = look("?problems=only").content.decode()
    assert "team/broken" in page
    assert "team/fine" not in page


# --- speed


def test_ten_thousand_repositories_take_no_more_queries_than_ten(
    look, ours, django_assert_max_num_queries
) -> None:
    rows = [
        Repository(
            registry=ours, team=ours.team, name=f"team-{i % 97}/app-{i}", size=i, tag_count=i % 50
        )
        for i in range(10_000)
    ]
    Repository.objects.bulk_create(rows)
    ours.repository_count = 10_000
    ours.save()
    look()

    for query in (
        "",
        "?sort=-size",
        "?sort=-tags&after=25~5000",
        "?q=app-99",
        "?q=app&sort=-changed",
        "?problems=only",
    ):
        with django_assert_max_num_queries(12) as queries:
            assert look(query).status_code == 200
        assert len(queries) <= 8, query
