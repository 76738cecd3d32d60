import pytest
from django.urls import reverse
from django.utils import timezone

from registry_ui.catalog.indexing import index_services
from registry_ui.catalog.models import IndexRun, Repository
from registry_ui.jobs.models import State
from tests.parts.error_texts import stored_error
from tests.parts.index_rows import make_repository

NOW = timezone.now()


def url(view: str, registry) -> str:
    return reverse(f"registries:{view}", args=[registry.pk])


@pytest.fixture
def registry_row(make_registry):
    return make_registry(name="Ours")


@pytest.fixture
def run(registry_row):
    def make(state=State.RUNNING, **columns):
        return IndexRun.objects.create(
            team=registry_row.team, registry=registry_row, state=state, **columns
        )

    return make


# --- who


def test_an_outsider_gets_404_everywhere(client_for, charlie, registry_row) -> None:
    client = client_for(charlie)
    assert client.get(url("index_progress", registry_row)).status_code == 404
    for view in ("index_start", "index_cancel", "repository_add", "repository_remove"):
        assert client.post(url(view, registry_row), {"name": "team/app"}).status_code == 404
    assert not IndexRun.objects.exists()
    assert not Repository.objects.exists()


def test_a_reader_may_watch_and_nothing_else(client_for, victor, registry_row, htmx) -> None:
    make_repository(registry_row, "team/app", is_added_by_name=True)
    client = client_for(victor)
    assert client.get(url("index_progress", registry_row), headers=htmx).status_code == 286
    for view in ("index_start", "index_cancel", "repository_add", "repository_remove"):
        assert (
            client.post(
                url(view, registry_row), {"name": "team/new", "repository": "team/app"}
            ).status_code
            == 403
        )
    assert Repository.objects.get().is_added_by_name
    assert not IndexRun.objects.exists()


def test_methods(client_for, bob, registry_row) -> None:
    client = client_for(bob)
    assert client.post(url("index_progress", registry_row)).status_code == 405
    for view in ("index_start", "index_cancel", "repository_add", "repository_remove"):
        assert client.get(url(view, registry_row)).status_code == 405


# --- progress


def test_polling_goes_on_while_a_run_is_active(client_for, victor, registry_row, run, htmx) -> None:
    client = client_for(victor)
    for state in (State.QUEUED, State.RUNNING):
        IndexRun.objects.all().delete()
        run(state, progress={"phase": "indexing", "repositories": 10, "repositories_done": 4})
        answer = client.get(url("index_progress", registry_row), headers=htmx)
        assert answer.status_code == 200
        assert 'hx-trigger="every 2s"' in answer.content.decode()
        assert "HX-Trigger-After-Swap" not in answer


def test_the_last_poll_stops_polling_and_reloads_the_lists(
    client_for, victor, registry_row, run, htmx
) -> None:
    client = client_for(victor)
    for state in (State.SUCCEEDED, State.FAILED, State.CANCELLED):
        IndexRun.objects.all().delete()
        run(state, finished_at=NOW, error=stored_error("No."))
        answer = client.get(url("index_progress", registry_row), headers=htmx)
        assert answer.status_code == 286
        assert answer["HX-Trigger-After-Swap"] == "index-finished"
        assert "every 2s" not in answer.content.decode()


def test_only_a_new_label_is_announced(client_for, victor, registry_row, run, htmx) -> None:
    run(progress={"phase": "indexing"})
    client = client_for(victor)
    first = client.get(url("index_progress", registry_row), headers=htmx).content.decode()
    key = first.partition("?seen=")[2].partition('"')[0]
    assert '<p hx-swap-oob="innerHTML:#index-words">Looking at the tags</p>' in first
    assert (
        "hx-swap-oob"
        not in client.get(
            f"{url('index_progress', registry_row)}?seen={key}", headers=htmx
        ).content.decode()
    )


def test_a_repository_has_its_own_progress(client_for, victor, registry_row, run, htmx) -> None:
    make_repository(registry_row, "team/app")
    run(repository="team/app", progress={"phase": "indexing", "tags": 9, "tags_done": 3})
    client = client_for(victor)
    assert client.get(url("index_progress", registry_row), headers=htmx).status_code == 286
    answer = client.get(f"{url('index_progress', registry_row)}?repository=team/app", headers=htmx)
    assert answer.status_code == 200
    assert "3 of 9" in answer.content.decode()
    assert (
        client.get(
            f"{url('index_progress', registry_row)}?repository=%00", headers=htmx
        ).status_code
        == 286
    )


def test_a_browser_without_htmx_is_redirected_to_the_page(client_for, victor, registry_row) -> None:
    make_repository(registry_row, "team/app")
    client = client_for(victor)
    assert client.get(url("index_progress", registry_row)).url == url("repositories", registry_row)
    page = reverse("registries:repository", args=[registry_row.pk, "team/app"])
    assert client.get(f"{url('index_progress', registry_row)}?repository=team/app").url == page


def test_a_poll_needs_few_queries(
    client_for, victor, registry_row, run, htmx, django_assert_max_num_queries
) -> None:
    run(progress={"phase": "indexing"})
    client = client_for(victor)
    client.get(url("index_progress", registry_row), headers=htmx)
    with django_assert_max_num_queries(6):
        client.get(url("index_progress", registry_row), headers=htmx)


# --- refresh and cancel


def test_refresh_indexes_the_registry(client_for, bob, registry_row, htmx) -> None:
    client = client_for(bob)
    assert client.post(url("index_start", registry_row)).url == url("repositories", registry_row)
    run = IndexRun.objects.get()
    assert (run.registry, run.repository, run.user, run.state) == (
        registry_row,
        "",
        bob,
        State.QUEUED,
    )
    fragment = client.post(url("index_start", registry_row), headers=htmx).content.decode()
    assert "Waiting for a worker" in fragment
    assert "<html" not in fragment
    assert IndexRun.objects.count() == 1


def test_refresh_indexes_one_repository(client_for, bob, registry_row, htmx) -> None:
    make_repository(registry_row, "team/app")
    client = client_for(bob)
    answer = client.post(url("index_start", registry_row), {"repository": "team/app"})
    assert answer.url == reverse("registries:repository", args=[registry_row.pk, "team/app"])
    assert IndexRun.objects.get().repository == "team/app"
    assert (
        "repository=team%2Fapp"
        in client.post(
            url("index_start", registry_row), {"repository": "team/app"}, headers=htmx
        ).content.decode()
    )


def test_refresh_of_a_missing_repository_redirects(client_for, bob, registry_row, htmx) -> None:
    client = client_for(bob)
    page = client.post(
        url("index_start", registry_row), {"repository": "team/gone"}, follow=True
    ).content.decode()
    assert "not in the index any more" in page
    answer = client.post(
        url("index_start", registry_row), {"repository": "team/gone"}, headers=htmx
    )
    assert answer["HX-Redirect"] == url("repositories", registry_row)
    assert not IndexRun.objects.exists()


def test_cancel_stops_queued_and_running_runs(client_for, bob, registry_row, run, htmx) -> None:
    waiting = run(State.QUEUED)
    client = client_for(bob)
    assert client.post(url("index_cancel", registry_row)).url == url("repositories", registry_row)
    waiting.refresh_from_db()
    assert waiting.state == State.CANCELLED
    running = run(State.RUNNING)
    assert (
        "Stopping" in client.post(url("index_cancel", registry_row), headers=htmx).content.decode()
    )
    running.refresh_from_db()
    assert running.cancel_requested_at is not None


def test_cancel_without_a_run_changes_nothing(client_for, bob, registry_row) -> None:
    assert client_for(bob).post(url("index_cancel", registry_row)).status_code == 302


# --- repositories added by name


def test_a_pin_keeps_a_repository_and_indexes_it(client_for, bob, registry_row) -> None:
    answer = client_for(bob).post(
        url("repository_add", registry_row),
        {"name": f" {registry_row.host}/team/app "},
        follow=True,
    )
    repository = Repository.objects.get()
    assert (repository.name, repository.is_added_by_name, repository.registry) == (
        "team/app",
        True,
        registry_row,
    )
    assert IndexRun.objects.get().repository == "team/app"
    assert answer.redirect_chain[-1][0] == reverse(
        "registries:repository", args=[registry_row.pk, "team/app"]
    )
    assert "team/app was added" in answer.content.decode()


@pytest.mark.parametrize(
    "name", ["", "Team/App", "team//app", "a" * 300, "team/app:1.0", "<script>", "a\0b"]
)
def test_an_invalid_name_is_shown_with_the_error(client_for, bob, registry_row, name: str) -> None:
    answer = client_for(bob).post(url("repository_add", registry_row), {"name": name})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="repository-error"' in page
    assert 'aria-invalid="true"' in page
    assert "<script>alert" not in page
    assert not Repository.objects.exists()


def test_links_of_a_wrong_pin_lead_to_the_list(client_for, bob, registry_row) -> None:
    make_repository(registry_row, "team/app")
    page = client_for(bob).post(url("repository_add", registry_row), {"name": ""}).content.decode()
    assert f'href="{url("repositories", registry_row)}?sort=-size"' in page


def test_removing_keeps_what_the_registry_lists(client_for, bob, registry_row) -> None:
    make_repository(registry_row, "team/app", is_added_by_name=True)
    answer = client_for(bob).post(
        url("repository_remove", registry_row), {"repository": "team/app"}, follow=True
    )
    assert not Repository.objects.get().is_added_by_name
    assert "team/app was removed" in answer.content.decode()


def test_removing_deletes_what_nothing_else_keeps(client_for, bob, registry_row) -> None:
    make_repository(registry_row, "team/app", is_added_by_name=True, is_listed=False)
    assert client_for(bob).post(
        url("repository_remove", registry_row), {"repository": "team/app"}
    ).url == url("repositories", registry_row)
    assert not Repository.objects.exists()


def test_removing_a_missing_repository_redirects(
    client_for, bob, registry_row, other_team, make_registry
) -> None:
    other_repository = make_repository(
        make_registry(team=other_team), "team/app", is_added_by_name=True
    )
    page = (
        client_for(bob)
        .post(url("repository_remove", registry_row), {"repository": "team/app"}, follow=True)
        .content.decode()
    )
    assert "not in the index any more" in page
    other_repository.refresh_from_db()
    assert other_repository.is_added_by_name


# --- with a real registry


def test_after_a_run_the_tags_of_a_real_registry_are_listed(
    client_for, bob, make_registry, own_registry, image_factory
) -> None:
    row = make_registry(own_registry)
    image = image_factory(own_registry, "team/app", tag="1.10.0")
    image_factory(own_registry, "team/app", tag="1.9.0")
    client = client_for(bob)

    client.post(url("index_start", row))
    index_services.run_index_inline(IndexRun.objects.get())

    page = client.get(url("repositories", row)).content.decode()
    assert reverse("registries:repository", args=[row.pk, "team/app"]) in page
    tags = client.get(reverse("registries:repository", args=[row.pk, "team/app"])).content.decode()
    assert 0 < tags.index('value="1.10.0"') < tags.index('value="1.9.0"')
    assert image.digest in tags
    assert "not looked at yet" not in tags
