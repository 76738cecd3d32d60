"""HARDENING 30: queued and running transfers of a person who loses the permission."""

import pytest

from registry_ui.accounts import services as people
from registry_ui.accounts.models import Action, AuditEvent, Membership, Role
from registry_ui.catalog.indexing.index_services import run_index_inline, start_index
from registry_ui.catalog.models import IndexRun
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry, Security
from transfers import services
from transfers.models import State, Transfer

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

NAME = Reference.parse("127.0.0.1:9/app:1")


@pytest.fixture
def pull(team, bob):
    return services.start_pull(team=team, user=bob, reference=NAME, enqueue=False)


def membership(user, team):
    return Membership.objects.get(user=user, team=team)


def remove_role(team, alice, bob):
    people.change_role(membership=membership(bob, team), role=Role.VIEWER, by=alice)


def test_an_index_run_is_stopped_too(team, alice, bob):
    registry = Registry.objects.create(
        team=team, name="Ours", host="127.0.0.1:9", security=Security.PLAIN_HTTP
    )
    run = start_index(registry=registry, user=bob, enqueue=False)
    remove_role(team, alice, bob)
    assert run_index_inline(run).error["kind"] == "Denied"


def test_removal_cancels_index_runs(team, alice, bob):
    registry = Registry.objects.create(
        team=team, name="Ours", host="127.0.0.1:9", security=Security.PLAIN_HTTP
    )
    start_index(registry=registry, user=bob, enqueue=False)
    people.remove_member(membership=membership(bob, team), by=alice)
    assert IndexRun.objects.get().state == State.CANCELLED


def test_a_handed_over_transfer_runs_in_the_name_of_its_new_owner(team, alice, bob, pull):
    people.remove_member(membership=membership(bob, team), by=alice, successor=alice)

    ended = services.run_in_process(pull)

    assert (ended.user, ended.requested_by, ended.state) == (alice, "alice", State.FAILED)
    assert ended.error["kind"] != "Denied"
    event = AuditEvent.objects.get(action=Action.TRANSFER_HANDED_OVER)
    assert (event.details["was"], event.details["to"]) == ("bob", "alice")


def test_a_deactivated_persons_transfers_are_cancelled_in_every_team(
    team, other_team, ingrid, bob, pull
):
    Membership.objects.create(team=other_team, user=bob, role=Role.OPERATOR)
    services.start_pull(team=other_team, user=bob, reference=NAME, enqueue=False)
    assert people.deactivate_person(person=bob, by=ingrid).ended == 2
    assert not Transfer.objects.active().exists()
