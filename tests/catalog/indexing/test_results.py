"""The results of repositories: counted, marked as done, or failed."""

import uuid

import pytest

from registry_ui.catalog.indexing.results import RepositoryResult, save_results
from registry_ui.catalog.models import IndexRun, Repository
from registry_ui.oci.errors import ConnectionFailed, RepositoryUnknown
from tests.parts.error_texts import stored_error
from tests.parts.index_rows import make_image, make_repository

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


@pytest.fixture
def run(team, make_registry):
    return IndexRun.objects.create(team=team, registry=make_registry())


@pytest.fixture
def app(run):
    image = make_image(run.registry, ("layer", 10))
    return make_repository(run.registry, "team/app", {"1.0": image}, indexed_by=uuid.uuid4())


def test_a_repository_is_done_by_the_run_and_loses_its_problem(run, app):
    Repository.objects.update(problem=stored_error("No answer."))

    save_results(run, [RepositoryResult(app, has_changed=True)])

    app.refresh_from_db()
    assert (app.indexed_by, app.problem) == (run.pk, None)
    assert app.tags.get().checked_at == app.indexed_at


def test_a_failed_repository_keeps_its_tags_and_shows_the_problem(run, app):
    error = ConnectionFailed("connection_closed", location="registry.example.com")
    save_results(run, [RepositoryResult(app, has_changed=False, error=error)])

    app.refresh_from_db()
    assert (app.problem, app.indexed_by) == (error.stored(), run.pk)
    assert app.tags.exists()


def test_a_repository_that_changed_before_its_failure_stays_open(run, app):
    error = ConnectionFailed("connection_closed", location="registry.example.com")
    before = app.indexed_by
    save_results(run, [RepositoryResult(app, has_changed=True, error=error)])

    app.refresh_from_db()
    assert app.indexed_by == before


@pytest.mark.parametrize("kept", [{"is_listed": True}, {"is_added_by_name": True}])
def test_an_unknown_repository_is_deleted_unless_something_keeps_it(run, kept):
    unknown = RepositoryUnknown("repository_unknown", host="registry.example.com")
    opened = make_repository(run.registry, "team/opened", is_listed=False)
    stays = make_repository(run.registry, "team/stays", **{"is_listed": False, **kept})

    save_results(
        run,
        [
            RepositoryResult(opened, has_changed=False, error=unknown),
            RepositoryResult(stays, has_changed=False, error=unknown),
        ],
    )

    assert list(run.registry.repositories.values_list("name", flat=True)) == ["team/stays"]
