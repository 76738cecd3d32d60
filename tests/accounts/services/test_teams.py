from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from registry_ui.accounts import services
from registry_ui.accounts.models import Action, ApiToken, AuditEvent, Membership, Role, Scope, Team
from registry_ui.accounts.tokens.service import create_token
from registry_ui.registries.models import Registry
from tests.accounts.concurrency import run_concurrently
from tests.parts.demo_data import create_demo_data
from transfers.mirrors.models import MirrorRun
from transfers.models import State, Transfer

pytestmark = pytest.mark.django_db


SOON = timezone.now() + timedelta(days=30)


def test_a_new_team_has_an_admin_and_docker_hub(ingrid, bob):
    team = services.create_team(name="Pier", owner=bob, by=ingrid)
    assert bob.role_in(team) == Role.ADMIN
    assert Registry.objects.filter(team=team, host="docker.io").exists()
    events = (
        AuditEvent.objects.filter(team_key=team.pk)
        .order_by("at")
        .values_list("action", "actor_name", "object_name")
    )
    assert list(events) == [
        (Action.TEAM_CREATED, "ingrid", "Pier"),
        (Action.MEMBER_ADDED, "ingrid", "bob"),
    ]


def test_a_renamed_team_keeps_its_slug(team, alice):
    services.rename_team(team=team, name="Pier", by=alice)
    assert Team.objects.values_list("name", "slug").get() == ("Pier", "harbour")
    assert AuditEvent.objects.get().details == {"was": "Harbour"}


def test_only_admins_rename_and_only_administrators_remove(team, other_team, alice, bob, charlie):
    for by in (bob, charlie):
        with pytest.raises(PermissionDenied):
            services.rename_team(team=team, name="Pier", by=by)
    for by in (alice, charlie):
        with pytest.raises(PermissionDenied):
            services.remove_team(team=team, by=by)
    assert Team.objects.filter(name="Harbour").exists()


def test_a_team_is_removed_with_its_objects_only(team, other_team, ingrid, alice, bob, charlie):
    create_demo_data(team, alice)
    for jobs in (Transfer, MirrorRun):
        jobs.objects.filter(team=team).active().update(state=State.CANCELLED)
    create_token(
        by=alice, name="robot", scope=Scope.READ, team=team, expires_at=SOON, is_robot=True
    )
    key, kept = team.pk, Registry.objects.filter(team=other_team).count()

    services.remove_team(team=team, by=ingrid)

    assert not Team.objects.filter(pk=key).exists()
    assert Registry.objects.filter(team=other_team).count() == kept
    assert not Transfer.objects.filter(team_id=key).exists()
    assert not ApiToken.objects.filter(name="robot").exists()
    assert Membership.objects.get(team=other_team).user == charlie
    event = AuditEvent.objects.get(action=Action.TEAM_REMOVED)
    assert (event.object_name, event.team_name) == ("Harbour", "Harbour")


def test_a_team_with_active_jobs_is_not_removed(team, other_team, ingrid, alice):
    create_demo_data(team, alice)
    with pytest.raises(services.Refused, match="waits or runs"):
        services.remove_team(team=team, by=ingrid)
    assert Team.objects.filter(pk=team.pk).exists()


def test_the_only_team_is_not_removed(team, ingrid):
    with pytest.raises(services.Refused, match="only team"):
        services.remove_team(team=team, by=ingrid)


@pytest.mark.django_db(transaction=True)
def test_one_of_the_last_two_teams_stays(team, other_team, ingrid):
    outcomes = run_concurrently(
        lambda: services.remove_team(team=team, by=ingrid),
        lambda: services.remove_team(team=other_team, by=ingrid),
    )
    assert sum(isinstance(outcome, services.Refused) for outcome in outcomes) == 1
    assert Team.objects.count() == 1
