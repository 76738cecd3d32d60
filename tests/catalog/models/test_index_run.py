import pytest

from registry_ui.catalog.models import IndexRun

pytestmark = pytest.mark.django_db


def test_a_run_is_named_by_its_registry_or_repository(team, make_registry):
    registry = make_registry()

    assert str(IndexRun(team=team, registry=registry)) == "index of registry.example.com"
    assert (
        str(IndexRun(team=team, registry=registry, repository="team/app"))
        == "index of registry.example.com/team/app"
    )


def test_the_newest_run_comes_first(team, make_registry):
    registry = make_registry()
    runs = [IndexRun.objects.create(team=team, registry=registry) for _number in range(3)]

    assert list(IndexRun.objects.all()) == runs[::-1]
