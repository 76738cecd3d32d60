import pytest

from registry_ui.catalog.indexing import repository_rows
from registry_ui.catalog.indexing.repository_rows import update_repositories
from registry_ui.catalog.models import Repository
from registry_ui.providers.repository_lists import ListingUnavailable
from tests.parts.index_rows import make_repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def registry_row(make_registry):
    return make_registry()


def listed():
    return dict(Repository.objects.values_list("name", "is_listed"))


def test_new_names_are_inserted_and_known_ones_stay(registry_row):
    kept = make_repository(registry_row, "team/kept", is_listed=False, is_added_by_name=True)
    counts = []

    update_repositories(registry_row, iter(["team/kept", "team/new", "team/new"]), counts.append)

    assert listed() == {"team/kept": True, "team/new": True}
    assert Repository.objects.get(name="team/kept") == kept
    assert Repository.objects.get(name="team/new").team == registry_row.team
    assert counts[-1] == 2


def test_invalid_names_are_left_out(registry_row):
    update_repositories(
        registry_row,
        ["Team/App", "../x", "a" * 256, "", "team//app", "team/app"],
        lambda count: None,
    )

    assert listed() == {"team/app": True}


def test_an_incomplete_list_deletes_nothing(registry_row):
    make_repository(registry_row, "hidden/app")

    def names():
        yield "team/app"
        raise ListingUnavailable("A part is not listed.")

    with pytest.raises(ListingUnavailable):
        update_repositories(registry_row, names(), lambda count: None)
    assert listed() == {"hidden/app": True, "team/app": True}


def test_a_list_that_was_cut_deletes_nothing(registry_row, monkeypatch):
    monkeypatch.setattr(repository_rows, "REPOSITORIES_LIMIT", 1)
    make_repository(registry_row, "team/old")

    update_repositories(registry_row, ["team/app"], lambda count: None)

    assert listed() == {"team/old": True, "team/app": True}


def test_a_long_list_is_written_in_batches(registry_row, django_assert_max_num_queries):
    with django_assert_max_num_queries(40):
        update_repositories(
            registry_row, (f"team/app-{number}" for number in range(1200)), lambda count: None
        )
    with django_assert_max_num_queries(60):
        update_repositories(registry_row, [], lambda count: None)
    assert not Repository.objects.exists()
