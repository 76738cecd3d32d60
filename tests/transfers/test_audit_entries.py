import pytest

from registry_ui.accounts import services as people
from registry_ui.accounts.models import Membership, Role
from registry_ui.oci.reference import Reference
from transfers import services
from transfers.models import Kind, Transfer

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


NAME = Reference.parse("127.0.0.1:9/app:1")


def membership(user, team):
    return Membership.objects.get(user=user, team=team)


def test_a_deletion_needs_an_admin_when_it_runs_too(team, alice, bob):
    people.change_role(membership=membership(bob, team), role=Role.ADMIN, by=alice)
    row = Transfer.objects.create(
        team=team,
        user=bob,
        requested_by="bob",
        kind=Kind.DELETE,
        source=str(NAME),
        target=str(NAME),
    )
    people.change_role(membership=membership(bob, team), role=Role.OPERATOR, by=alice)
    assert services.run_in_process(row).error["kind"] == "Denied"
