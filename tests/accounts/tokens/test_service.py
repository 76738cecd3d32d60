"""The services of API tokens."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.accounts import services
from registry_ui.accounts.models import (
    Action,
    ActorKind,
    ApiToken,
    AuditEvent,
    Membership,
    Role,
    Scope,
    Team,
)
from registry_ui.accounts.tokens import service

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def make(by, scope=Scope.READ, team=None, days=1, **more):
    expires_at = timezone.now() + timedelta(days=days) if days else None
    return service.create_token(
        by=by, name="ci", scope=scope, team=team, expires_at=expires_at, **more
    )


def refused(text):
    with pytest.raises(service.TokenRefused) as raised:
        service.authenticate(text, "192.0.2.1")
    return raised.value.status


def test_only_a_hash_of_the_token_is_stored(alice):
    token, secret = make(alice)
    assert secret.startswith("rui_")
    assert len(secret) == 44
    stored = ApiToken.objects.values().get()
    assert secret not in repr(stored)
    assert secret[8:] not in repr(AuditEvent.objects.values())
    assert token.hint == secret[:8]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [(Scope.READ, Role.VIEWER), (Scope.TRANSFER, Role.OPERATOR), (Scope.ADMIN, Role.ADMIN)],
)
def test_the_scope_limits_an_admin(alice, team, other_team, scope, expected):
    principal = service.authenticate(make(alice, scope)[1], None)
    assert principal.role_in(team) == expected
    assert principal.role_in(other_team) is None
    assert list(principal.teams()) == [team]


def test_the_owners_current_role_limits_the_scope(alice, team):
    principal = service.authenticate(make(alice, Scope.ADMIN)[1], None)
    Membership.objects.filter(user=alice).update(role=Role.VIEWER)
    assert principal.role_in(team) == Role.VIEWER
    assert not Team.objects.operable_by(principal).exists()


def test_a_token_for_one_team_is_invalid_in_others(alice, team, other_team):
    Membership.objects.create(team=other_team, user=alice, role=Role.ADMIN)
    principal = service.authenticate(make(alice, Scope.ADMIN, team)[1], None)
    assert (principal.role_in(team), principal.role_in(other_team)) == (Role.ADMIN, None)
    assert list(principal.teams()) == [team]


def test_an_administrators_token_reaches_every_team_unless_it_is_for_one(alice, team, other_team):
    alice.is_superuser = True
    alice.save()
    assert set(service.authenticate(make(alice, Scope.ADMIN)[1], None).teams()) == {
        team,
        other_team,
    }
    assert list(service.authenticate(make(alice, Scope.ADMIN, other_team)[1], None).teams()) == [
        other_team
    ]


def test_a_robot_has_its_scopes_role_in_its_team_and_no_person(alice, team, other_team):
    principal = service.authenticate(make(alice, Scope.TRANSFER, team, is_robot=True)[1], None)
    assert (principal.user, principal.name, principal.is_robot) == (None, "ci", True)
    assert (principal.role_in(team), principal.role_in(other_team)) == (Role.OPERATOR, None)
    assert list(Team.objects.operable_by(principal)) == [team]
    assert not Team.objects.editable_by(principal).exists()


def test_a_robot_stays_when_its_creator_leaves(alice, team):
    secret = make(alice, Scope.READ, team, is_robot=True)[1]
    alice.delete()
    assert service.authenticate(secret, None).role_in(team) == Role.VIEWER


# --- HARDENING 28: no token allows more than its creator may do


@pytest.mark.parametrize("scope", [Scope.TRANSFER, Scope.ADMIN])
def test_a_viewer_cannot_create_a_wider_token(victor, team, scope):
    for target in (team, None):
        with pytest.raises(service.TokenNotAllowed):
            make(victor, scope, target)
    assert not ApiToken.objects.exists()


def test_an_outsider_cannot_create_a_token_for_a_team(charlie, team):
    for is_robot in (True, False):
        with pytest.raises(service.TokenNotAllowed):
            make(charlie, Scope.READ, team, is_robot=is_robot)


def test_only_admins_create_robots(bob, team):
    with pytest.raises(service.TokenNotAllowed):
        make(bob, Scope.READ, team, is_robot=True)


def test_the_installation_limits_the_lifetime_of_tokens(alice, settings):
    for days in (366, 0):
        with pytest.raises(service.TokenNotAllowed):
            make(alice, days=days)
    settings.TOKEN_MAX_DAYS = 0
    assert service.authenticate(make(alice, days=0)[1], None).user == alice


# --- HARDENING 30: a token ends with its owner's rights


def test_a_revoked_token_is_refused(alice):
    token, secret = make(alice)
    assert service.revoke_token(token=token, by=alice)
    assert not service.revoke_token(token=token, by=alice)
    assert refused(secret) == 401


def test_an_expired_token_is_refused(alice):
    secret = make(alice)[1]
    ApiToken.objects.update(expires_at=timezone.now())
    assert refused(secret) == 401


def test_a_deactivated_persons_token_stays_revoked(alice):
    secret = make(alice)[1]
    services.deactivate_person(person=alice, by=None, successor=None)
    assert refused(secret) == 401
    services.activate_person(person=alice, by=None)
    assert refused(secret) == 401
    assert AuditEvent.objects.filter(action=Action.TOKEN_REVOKED).count() == 1


def test_a_deactivation_in_the_database_refuses_tokens_too(alice):
    secret = make(alice)[1]
    type(alice).objects.update(is_active=False)
    assert refused(secret) == 401


def test_a_former_members_token_for_the_team_stays_revoked(bob, team):
    secret = make(bob, Scope.TRANSFER, team)[1]
    membership = Membership.objects.get(user=bob)
    services.remove_member(membership=membership, by=None, successor=None)
    assert refused(secret) == 401
    Membership.objects.create(user=bob, team=team, role=Role.ADMIN)
    assert refused(secret) == 401


def test_a_former_members_token_for_all_teams_has_no_role_there(bob, team):
    secret = make(bob, Scope.TRANSFER)[1]
    Membership.objects.filter(user=bob).delete()
    principal = service.authenticate(secret, None)
    assert principal.role_in(team) is None
    assert not principal.teams().exists()


# --- use


def test_use_is_stored_once_a_minute_and_recorded_once_an_address(alice):
    token, secret = make(alice)
    service.authenticate(secret, "192.0.2.1")
    token.refresh_from_db()
    first = token.last_used_at
    service.authenticate(secret, "192.0.2.9")
    token.refresh_from_db()
    assert (token.last_used_at, token.last_used_from) == (first, "192.0.2.1")
    for address in ("192.0.2.1", "192.0.2.9"):
        ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
        service.authenticate(secret, address)
    events = AuditEvent.objects.filter(action=Action.TOKEN_USED)
    assert {event.address for event in events} == {"192.0.2.1", "192.0.2.9"}
    assert len(events) == 2
    assert {(event.actor_kind, event.actor_name, event.token_name) for event in events} == {
        (ActorKind.TOKEN, "alice", str(token))
    }


def test_a_refused_token_is_recorded_once_a_minute(alice):
    token, secret = make(alice)
    service.revoke_token(token=token, by=alice)
    for _attempt in range(3):
        refused(secret)
    event = AuditEvent.objects.get(action=Action.TOKEN_REFUSED)
    assert (event.object_key, event.address, event.details) == (
        str(token.pk),
        "192.0.2.1",
        {"reason": "revoked"},
    )


@pytest.mark.parametrize("text", ["", "rui_", "rui_" + "a" * 40, "\x00", "\ud800", "é" * 100_000])
def test_unknown_tokens_are_refused(db, text):
    assert refused(text) == 401


def test_failures_are_limited_by_address_but_not_for_a_valid_token(alice, redis_server):
    secret = make(alice)[1]
    statuses = [refused("rui_wrong") for _attempt in range(40)]
    assert statuses[:30] == [401] * 30
    assert statuses[30:] == [429] * 10
    assert service.authenticate(secret, "192.0.2.1").user == alice
    with pytest.raises(service.TokenRefused) as raised:
        service.authenticate("rui_wrong", "192.0.2.2")
    assert raised.value.status == 401
