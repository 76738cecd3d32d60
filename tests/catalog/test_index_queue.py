import pytest

from registry_ui.accounts.models import Role
from registry_ui.catalog.index_queue import INDEX_RUNS
from registry_ui.catalog.models import IndexRun

pytestmark = pytest.mark.django_db


def test_a_run_is_described_linked_and_needs_an_operator(team, make_registry):
    registry = make_registry()
    run = IndexRun.objects.create(team=team, registry=registry, repository="team/app")

    assert "registry.example.com/team/app" in INDEX_RUNS.describe(run)
    assert str(registry.pk) in INDEX_RUNS.url(run)
    assert INDEX_RUNS.required_role(run) == Role.OPERATOR
