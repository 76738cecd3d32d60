import pytest

from registry_ui.accounts.models import Action, AuditEvent
from registry_ui.credentials.services import share_credential
from tests.transfers.conftest import add_credential
from tests.transfers.mirrors.rows import mirror_row, registry_row, run_row
from transfers.mirrors.credential_dependents import MirrorDependents
from transfers.mirrors.services import start_local_pull, start_run
from transfers.models import State

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def robot(team):
    """Return a credential of the first team for the hub."""
    return add_credential(
        registry_row(team, "Hub", "hub.example.com"), "robot", "not-a-secret", label="Robot"
    )


@pytest.fixture
def share(robot, other_team, alice):
    """Share the credential with the other team, for pulls and pushes."""
    terms = {"can_push": True, "repository_pattern": "", "expires_at": None}
    return share_credential(credential=robot, team=other_team, user=alice, terms=terms)


def test_a_mirror_of_another_team_shows_three_repositories_or_its_target_and_not_its_name(
    share, robot, other_team
):
    hub = registry_row(other_team, "Theirs", "hub.example.com")
    mirror_row(
        other_team,
        "secret plan",
        source=hub,
        source_credential=robot,
        repositories=["a/1", "a/2", "a/3", "a/4"],
    )
    mirror_row(
        other_team,
        "secret target",
        source=registry_row(other_team, "Origin", "origin.example.com"),
        target=hub,
        target_credential=robot,
    )

    found = {str(dependent.description) for dependent in MirrorDependents().find(robot, None)}

    assert found == {"A mirror of a/1, a/2, a/3", "A mirror to hub.example.com"}


def test_a_mirror_of_the_own_team_is_named_with_its_state(team, robot):
    mirror = mirror_row(team, source_credential=robot)
    unrelated = mirror_row(team, "Unrelated")

    def state():
        (dependent,) = MirrorDependents().find(robot, team)
        assert "Nightly" in dependent.description
        return dependent.state

    assert state() == "waiting"
    mirror.paused = True
    mirror.save()
    run_row(unrelated, state=State.RUNNING)
    assert state() == "paused"
    run_row(mirror, state=State.RUNNING)
    assert state() == State.RUNNING


def test_only_active_runs_of_the_named_team_are_stopped_with_an_entry_each(
    share, team, other_team, robot, alice
):
    theirs = mirror_row(other_team, source_credential=robot)
    ours = mirror_row(team, source_credential=robot)
    ended = run_row(theirs, state=State.SUCCEEDED)
    active = start_run(mirror=theirs, user=None, enqueue=False)
    own_run = start_run(mirror=ours, user=None, enqueue=False)

    assert MirrorDependents().stop(robot, other_team, by=alice) == 1
    assert MirrorDependents().stop(robot, other_team, by=alice) == 0

    for run, state in ((active, State.CANCELLED), (ended, State.SUCCEEDED)):
        run.refresh_from_db()
        assert run.state == state
    own_run.refresh_from_db()
    assert own_run.state == State.QUEUED
    event = AuditEvent.objects.get(action=Action.MIRROR_CANCELLED)
    assert (event.team_key, event.actor_name, event.address) == (other_team.pk, "alice", None)


def test_only_a_revoked_source_credential_stops_it(team, robot, alice):
    mirror = mirror_row(team, source_credential=robot)
    writer = add_credential(mirror.target_registry, "writer", "not-a-secret")
    mirror.target_credential = writer
    mirror.save()
    run = start_local_pull(mirror=mirror, user=None, enqueue=False)

    assert MirrorDependents().stop(writer, None, by=alice) == 0
    assert MirrorDependents().stop(robot, None, by=alice) == 1

    run.refresh_from_db()
    assert run.state == State.CANCELLED
