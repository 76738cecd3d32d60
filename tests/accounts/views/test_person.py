import pytest
from django.urls import reverse

from registry_ui.accounts.models import Membership, Role, User
from transfers.models import Kind, State, Transfer

pytestmark = pytest.mark.django_db


def person_url(person, act=""):
    return reverse(f"accounts:administration_person{act}", args=[person.pk])


@pytest.fixture
def client(client_for, ingrid):
    return client_for(ingrid)


def test_a_person_is_added_to_a_team(client, team, charlie):
    assert (
        client.post(
            person_url(charlie), {"add": "team", "team": team.pk, "role": "operator"}
        ).status_code
        == 302
    )
    assert charlie.role_in(team) == Role.OPERATOR


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"add": "team"},
        {"add": "team", "team": 99, "role": "viewer"},
        {"explode": "1"},
        {"is_superuser": "on"},
    ],
)
def test_an_unknown_action_changes_nothing(client, charlie, values):
    assert client.post(person_url(charlie), values).status_code == 422
    charlie.refresh_from_db()
    assert (charlie.is_superuser, charlie.is_active, charlie.memberships.count()) == (
        False,
        True,
        1,
    )


def test_an_administrator_is_promoted_and_demoted(client, alice):
    client.post(person_url(alice), {"promote": "1"})
    assert User.objects.get(pk=alice.pk).is_superuser
    client.post(person_url(alice), {"demote": "1"})
    assert not User.objects.get(pk=alice.pk).is_superuser


def test_changing_the_last_administrator_is_refused_with_a_reason(client, ingrid):
    for url, values in (
        (person_url(ingrid), {"demote": "1"}),
        (person_url(ingrid, "_deactivate"), {}),
    ):
        response = client.post(url, values)
        assert response.status_code == 422
        assert "last administrator of the installation" in response.text


def test_a_person_is_deactivated_and_activated(client, client_for, team, alice):
    hers = client_for(alice)
    assert "No admin is left then in: Harbour" in client.get(person_url(alice, "_deactivate")).text
    client.post(person_url(alice, "_deactivate"))
    assert hers.get(reverse("web:overview")).status_code == 302
    assert "deactivated" in client.get(person_url(alice)).text
    client.post(person_url(alice), {"activate": "1"})
    assert User.objects.get(pk=alice.pk).role_in(team) == Role.ADMIN


def test_jobs_of_a_deactivated_person_are_handed_over(client, team, other_team, alice, bob):
    Membership.objects.create(team=other_team, user=bob, role=Role.OPERATOR)
    for its_team in (team, other_team):
        Transfer.objects.create(
            team=its_team,
            user=bob,
            requested_by="bob",
            kind=Kind.PULL,
            source="a/b:1",
            target="a/b:1",
        )

    client.post(person_url(bob, "_deactivate"), {"active_jobs": str(alice.pk)})

    assert Transfer.objects.get(team=team).requested_by == "alice"
    assert Transfer.objects.get(team=other_team).state == State.CANCELLED
