import pytest
from django.urls import reverse
from django.utils import timezone

from registry_ui.jobs.models import State
from registry_ui.registries.indexing import services
from registry_ui.registries.models import IndexRun, Repository
from tests.parts.index_rows import make_repository

NOW = timezone.now()


def url(view: str, registry) -> str:
    return reverse(f"registries:{view}", args=[registry.pk])


@pytest.fixture
def ours(make_registry):
    return make_registry(name="Ours")


@pytest.fixture
def run(ours):
    def make(state=State.RUNNING, **columns):
        return IndexRun.objects.create(team=ours.team, registry=ours, state=state, **columns)

    return make


# --- who


def test_an_outsider_gets_404_everywhere(client_for, charlie, ours) -> None:
    client = client_for(charlie)
    assert client.get(url("index_progress", ours)).status_code == 404
    for view in ("refresh", "index_cancel", "pin", "unpin"):
        assert client.post(url(view, ours), {"name": "team/app"}).status_code == 404
    assert not IndexRun.objects.exists()
    assert not Repository.objects.exists()


def test_a_reader_may_watch_and_nothing_else(client_for, victor, ours, htmx) -> None:
    make_repository(ours, "team/app", is_pinned=True)
    client = client_for(victor)
    assert client.get(url("index_progress", ours), headers=htmx).status_code == 286
    for view in ("refresh", "index_cancel", "pin", "unpin"):
        assert (
            client.post(url(view, ours), {"name": "team/new", "repository": "team/app"}).status_code
            == 403
        )
    assert Repository.objects.get().is_pinned
    assert not IndexRun.objects.exists()


def test_methods(client_for, bob, ours) -> None:
    client = client_for(bob)
    assert client.post(url("index_progress", ours)).status_code == 405
    for view in ("refresh", "index_cancel", "pin", "unpin"):
        assert client.get(url(view, ours)).status_code == 405


# --- progress


def test_the_poll_goes_on_while_a_look_is_active(client_for, victor, ours, run, htmx) -> None:
    client = client_for(victor)
    for state in (State.QUEUED, State.RUNNING):
        IndexRun.objects.all().delete()
        run(state, progress={"phase": "looking", "repositories": 10, "repositories_done": 4})
        answer = client.get(url("index_progress", ours), headers=htmx)
        assert answer.status_code == 200
        assert 'hx-trigger="every 2s"' in answer.content.decode()
        assert "HX-Trigger-After-Swap" not in answer


def test_the_last_poll_stops_it_and_has_the_lists_loaded_anew(
    client_for, victor, ours, run, htmx
) -> None:
    client = client_for(victor)
    for state in (State.SUCCEEDED, State.FAILED, State.CANCELLED):
        IndexRun.objects.all().delete()
        run(state, finished_at=NOW, error={"message": "No.", "advice": ""})
        answer = client.get(url("index_progress", ours), headers=htmx)
        assert answer.status_code == 286
        assert answer["HX-Trigger-After-Swap"] == "index-ended"
        assert "every 2s" not in answer.content.decode()


def test_only_news_is_read_out(client_for, victor, ours, run, htmx) -> None:
    run(progress={"phase": "looking"})
    client = client_for(victor)
    first = client.get(url("index_progress", ours), headers=htmx).content.decode()
    stamp = first.partition("?seen=")[2].partition('"')[0]
    assert '<p hx-swap-oob="innerHTML:#index-words">Looking at the tags</p>' in first
    assert (
        "hx-swap-oob"
        not in client.get(
            f"{url('index_progress', ours)}?seen={stamp}", headers=htmx
        ).content.decode()
    )


def test_a_repository_has_a_progress_of_its_own(client_for, victor, ours, run, htmx) -> None:
    make_repository(ours, "team/app")
    run(repository="team/app", progress={"phase": "looking", "tags": 9, "tags_done": 3})
    client = client_for(victor)
    assert client.get(url("index_progress", ours), headers=htmx).status_code == 286
    answer = client.get(f"{url('index_progress', ours)}?repository=team/app", headers=htmx)
    assert answer.status_code == 200
    assert "3 of 9" in answer.content.decode()
    assert (
        client.get(f"{url('index_progress', ours)}?repository=%00", headers=htmx).status_code == 286
    )


def test_a_browser_without_htmx_is_sent_to_the_page(client_for, victor, ours) -> None:
    make_repository(ours, "team/app")
    client = client_for(victor)
    assert client.get(url("index_progress", ours)).url == url("repositories", ours)
    page = reverse("registries:repository", args=[ours.pk, "team/app"])
    assert client.get(f"{url('index_progress', ours)}?repository=team/app").url == page


def test_a_poll_asks_little(
    client_for, victor, ours, run, htmx, django_assert_max_num_queries
) -> None:
    run(progress={"phase": "looking"})
    client = client_for(victor)
    client.get(url("index_progress", ours), headers=htmx)
    with django_assert_max_num_queries(6):
        client.get(url("index_progress", ours), headers=htmx)


# --- refresh and cancel


def test_refresh_starts_a_look_at_the_registry(client_for, bob, ours, htmx) -> None:
    client = client_for(bob)
    assert client.post(url("refresh", ours)).url == url("repositories", ours)
    run = IndexRun.objects.get()
    assert (run.registry, run.repository, run.user, run.state) == (ours, "", bob, State.QUEUED)
    fragment = client.post(url("refresh", ours), headers=htmx).content.decode()
    assert "Waiting for a worker" in fragment
    assert "<html" not in fragment
    assert IndexRun.objects.count() == 1


def test_refresh_looks_at_one_repository(client_for, bob, ours, htmx) -> None:
    make_repository(ours, "team/app")
    client = client_for(bob)
    answer = client.post(url("refresh", ours), {"repository": "team/app"})
    assert answer.url == reverse("registries:repository", args=[ours.pk, "team/app"])
    assert IndexRun.objects.get().repository == "team/app"
    assert (
        "repository=team%2Fapp"
        in client.post(
            url("refresh", ours), {"repository": "team/app"}, headers=htmx
        ).content.decode()
    )


def test_refresh_of_a_repository_that_went_away_says_so(client_for, bob, ours, htmx) -> None:
    client = client_for(bob)
    page = client.post(
        url("refresh", ours), {"repository": "team/gone"}, follow=True
    ).content.decode()
    assert "not in the index any more" in page
    answer = client.post(url("refresh", ours), {"repository": "team/gone"}, headers=htmx)
    assert answer["HX-Redirect"] == url("repositories", ours)
    assert not IndexRun.objects.exists()


def test_cancel_stops_what_waits_and_asks_what_runs_to_stop(
    client_for, bob, ours, run, htmx
) -> None:
    waiting = run(State.QUEUED)
    client = client_for(bob)
    assert client.post(url("index_cancel", ours)).url == url("repositories", ours)
    waiting.refresh_from_db()
    assert waiting.state == State.CANCELLED
    running = run(State.RUNNING)
    assert "Stopping" in client.post(url("index_cancel", ours), headers=htmx).content.decode()
    running.refresh_from_db()
    assert running.cancel_requested_at is not None


def test_cancel_without_a_look_does_no_harm(client_for, bob, ours) -> None:
    assert client_for(bob).post(url("index_cancel", ours)).status_code == 302


# --- pins


def test_a_pin_keeps_a_repository_and_looks_at_it(client_for, bob, ours) -> None:
    answer = client_for(bob).post(
        url("pin", ours), {"name": f" {ours.host}/team/app "}, follow=True
    )
    repository = Repository.objects.get()
    assert (repository.name, repository.is_pinned, repository.registry) == ("team/app", True, ours)
    assert IndexRun.objects.get().repository == "team/app"
    assert answer.redirect_chain[-1][0] == reverse(
        "registries:repository", args=[ours.pk, "team/app"]
    )
    assert "team/app is pinned" in answer.content.decode()


@pytest.mark.parametrize(
    "name", ["", "Team/App", "team//app", "a" * 300, "team/app:1.0", "<script>", "a\0b"]
)
def test_what_is_no_name_comes_back_with_the_reason(client_for, bob, ours, name: str) -> None:
    answer = client_for(bob).post(url("pin", ours), {"name": name})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="pin-error"' in page
    assert 'aria-invalid="true"' in page
    assert "<script>alert" not in page
    assert not Repository.objects.exists()


def test_links_of_a_wrong_pin_lead_to_the_list(client_for, bob, ours) -> None:
    make_repository(ours, "team/app")
    page = client_for(bob).post(url("pin", ours), {"name": ""}).content.decode()
    assert f'href="{url("repositories", ours)}?sort=-size"' in page


def test_unpinning_keeps_what_the_registry_lists(client_for, bob, ours) -> None:
    make_repository(ours, "team/app", is_pinned=True)
    answer = client_for(bob).post(url("unpin", ours), {"repository": "team/app"}, follow=True)
    assert not Repository.objects.get().is_pinned
    assert "team/app is pinned no more" in answer.content.decode()


def test_unpinning_lets_go_what_nothing_else_keeps(client_for, bob, ours) -> None:
    make_repository(ours, "team/app", is_pinned=True, is_listed=False)
    assert client_for(bob).post(url("unpin", ours), {"repository": "team/app"}).url == url(
        "repositories", ours
    )
    assert not Repository.objects.exists()


def test_unpinning_something_else_says_so(client_for, bob, ours, other_team, make_registry) -> None:
    theirs = make_repository(make_registry(team=other_team), "team/app", is_pinned=True)
    page = (
        client_for(bob)
        .post(url("unpin", ours), {"repository": "team/app"}, follow=True)
        .content.decode()
    )
    assert "not in the index any more" in page
    theirs.refresh_from_db()
    assert theirs.is_pinned


# --- with a real registry


def test_after_a_look_at_a_real_registry_its_tags_are_listed(
    client_for, bob, make_registry, own_registry, image_factory
) -> None:
    row = make_registry(own_registry)
    image = image_factory(own_registry, "team/app", tag="1.10.0")
    image_factory(own_registry, "team/app", tag="1.9.0")
    client = client_for(bob)

    client.post(url("refresh", row))
    services.run_index_here(IndexRun.objects.get())

    page = client.get(url("repositories", row)).content.decode()
    assert reverse("registries:repository", args=[row.pk, "team/app"]) in page
    tags = client.get(reverse("registries:repository", args=[row.pk, "team/app"])).content.decode()
    assert 0 < tags.index('value="1.10.0"') < tags.index('value="1.9.0"')
    assert image.digest in tags
    assert "not looked at yet" not in tags
