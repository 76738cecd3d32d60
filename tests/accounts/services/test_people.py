from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from registry_ui.accounts import services
from registry_ui.accounts.models import Action, ApiToken, AuditEvent, Invitation, Role, Scope, User
from registry_ui.accounts.tokens.service import create_token
from tests.accounts.concurrency import run_concurrently

pytestmark = pytest.mark.django_db


SOON = timezone.now() + timedelta(days=30)


def test_a_deactivated_person_is_signed_out(client_for, ingrid, alice):
    """HARDENING 30"""
    client = client_for(alice)
    assert client.get(reverse("accounts:team")).status_code == 200

    services.deactivate_person(person=alice, by=ingrid)

    assert client.get(reverse("accounts:team")).url.startswith(reverse("account_login"))


def test_activation_does_not_restore_sessions(client_for, ingrid, alice):
    client = client_for(alice)
    services.deactivate_person(person=alice, by=ingrid)
    services.activate_person(person=alice, by=ingrid)
    assert client.get(reverse("accounts:team")).url.startswith(reverse("account_login"))


def test_tokens_and_invitations_stay_revoked_after_activation(team, ingrid, alice):
    create_token(by=alice, name="ci", scope=Scope.READ, team=None, expires_at=SOON)
    services.invite(team=team, role=Role.ADMIN, email="", lifetime=timedelta(days=1), by=alice)

    services.deactivate_person(person=alice, by=ingrid)
    services.activate_person(person=alice, by=ingrid)

    assert not ApiToken.objects.active().exists()
    assert not Invitation.objects.open().exists()
    assert User.objects.get(pk=alice.pk).role_in(team) == Role.ADMIN


def test_every_change_is_recorded(ingrid, alice):
    services.deactivate_person(person=alice, by=ingrid)
    services.activate_person(person=alice, by=ingrid)
    services.set_administrator(person=alice, value=True, by=ingrid)
    services.set_administrator(person=alice, value=False, by=ingrid)
    events = AuditEvent.objects.order_by("at").values_list("action", "actor_name", "object_name")
    expected = [
        Action.PERSON_DEACTIVATED,
        Action.PERSON_ACTIVATED,
        Action.PERSON_CHANGED,
        Action.PERSON_CHANGED,
    ]
    assert list(events) == [(action, "ingrid", "alice") for action in expected]


@pytest.mark.parametrize(
    "act",
    [
        lambda person, by: services.deactivate_person(person=person, by=by),
        lambda person, by: services.set_administrator(person=person, value=False, by=by),
    ],
)
def test_the_last_administrator_is_not_removed(ingrid, alice, act):
    for by in (ingrid, None):
        with pytest.raises(services.LastAdmin, match="last administrator"):
            act(ingrid, by)
    services.set_administrator(person=alice, value=True, by=ingrid)
    act(ingrid, alice)
    assert User.objects.filter(is_superuser=True, is_active=True).get() == alice


def test_an_administrator_who_is_deactivated_does_not_count(ingrid, alice):
    services.set_administrator(person=alice, value=True, by=ingrid)
    services.deactivate_person(person=alice, by=ingrid)
    with pytest.raises(services.LastAdmin):
        services.set_administrator(person=ingrid, value=False, by=ingrid)


@pytest.mark.django_db(transaction=True)
def test_one_of_two_administrators_who_demote_each_other_stays(ingrid, alice):
    services.set_administrator(person=alice, value=True, by=ingrid)

    outcomes = run_concurrently(
        lambda: services.set_administrator(person=alice, value=False, by=ingrid),
        lambda: services.deactivate_person(person=ingrid, by=alice),
    )

    assert sum(isinstance(outcome, PermissionDenied) for outcome in outcomes) == 1
    assert User.objects.filter(is_superuser=True, is_active=True).count() == 1


@pytest.mark.parametrize("name", ["alice", "bob", "charlie"])
def test_only_administrators_change_people(request, ingrid, alice, bob, charlie, name):
    """HARDENING 29: an admin of a team cannot become an administrator of the installation."""
    person = request.getfixturevalue(name)
    for act in (
        lambda: services.set_administrator(person=person, value=True, by=person),
        lambda: services.deactivate_person(person=ingrid, by=person),
        lambda: services.activate_person(person=person, by=person),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert User.objects.filter(is_superuser=True, is_active=True).get() == ingrid


def test_single_sign_on_does_not_change_what_a_person_set(ingrid, alice):
    User.objects.filter(pk=alice.pk).update(is_superuser=True, is_superuser_by_sso=True)
    services.set_administrator(person=alice, value=False, by=ingrid)
    services.set_administrator(person=alice, value=True, by=ingrid)
    alice.refresh_from_db()
    assert (alice.is_superuser, alice.is_superuser_by_sso) == (True, False)
