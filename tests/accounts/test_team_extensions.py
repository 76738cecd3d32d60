import pytest
from django.db import transaction

from registry_ui.accounts import team_extensions
from registry_ui.accounts.models import Team
from registry_ui.accounts.services.teams import create_team
from registry_ui.registries.models import Registry

pytestmark = pytest.mark.django_db


def test_a_new_team_has_its_default_registries(alice):
    team = create_team(name="Night shift", owner=alice, by=alice)

    names = Registry.objects.filter(team=team).values_list("name", flat=True)
    assert sorted(names) == ["Built-in registry", "Docker Hub"]


def test_a_set_up_that_fails_leaves_no_team(alice, monkeypatch):
    def fail(team):
        raise RuntimeError("no room")

    monkeypatch.setattr(team_extensions.NEW_TEAM_SETUPS, "_items", [(0, fail)])
    with pytest.raises(RuntimeError), transaction.atomic():
        create_team(name="Night shift", owner=alice, by=alice)

    assert not Team.objects.filter(name="Night shift").exists()


def test_the_seeds_get_the_team_and_its_admin(team, alice, monkeypatch):
    seeds = []
    monkeypatch.setattr(
        team_extensions.TEAM_SEEDS, "_items", [(0, lambda *values: seeds.append(values))]
    )

    team_extensions.seed_team(team, alice)

    assert seeds == [(team, alice)]


def test_the_deletion_summary_joins_the_phrases_of_all_apps(team, monkeypatch):
    monkeypatch.setattr(
        team_extensions.DELETION_SUMMARIES,
        "_items",
        [(0, lambda team: ["2 registries"]), (0, lambda team: []), (0, lambda team: [team.name])],
    )

    assert team_extensions.deletion_summary(team) == ["2 registries", team.name]
