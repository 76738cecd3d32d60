from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from registry_ui.accounts import services
from registry_ui.accounts.models import (
    Action,
    ApiToken,
    AuditEvent,
    Invitation,
    Membership,
    Role,
    Scope,
)
from registry_ui.accounts.tokens.service import create_token
from tests.accounts.concurrency import run_concurrently

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


SOON = timezone.now() + timedelta(days=30)


def membership(user, team):
    return Membership.objects.get(user=user, team=team)


def actions():
    return list(AuditEvent.objects.order_by("at").values_list("action", flat=True))


def test_an_admin_changes_a_role_and_the_former_role_is_recorded(team, alice, bob):
    services.change_role(membership=membership(bob, team), role=Role.ADMIN, by=alice)

    assert bob.role_in(team) == Role.ADMIN
    event = AuditEvent.objects.get(action=Action.MEMBER_CHANGED)
    assert (event.actor_name, event.object_name, event.team_key) == ("alice", "bob", team.pk)
    assert event.details == {"role": "admin", "was": "operator"}


def test_an_unchanged_role_is_not_recorded(team, alice, bob):
    services.change_role(membership=membership(bob, team), role=Role.OPERATOR, by=alice)
    assert actions() == []


def test_a_role_set_by_a_person_is_not_changed_by_single_sign_on(team, alice, victor):
    Membership.objects.filter(user=victor).update(is_from_sso=True)
    services.change_role(membership=membership(victor, team), role=Role.OPERATOR, by=alice)
    assert not membership(victor, team).is_from_sso


@pytest.mark.parametrize("name", ["bob", "victor", "charlie"])
def test_only_admins_of_the_team_change_roles(request, team, alice, bob, victor, charlie, name):
    """HARDENING 29: nor does anybody promote themselves."""
    person = request.getfixturevalue(name)
    for target in (bob, victor):
        with pytest.raises(PermissionDenied):
            services.change_role(membership=membership(target, team), role=Role.ADMIN, by=person)
    assert (bob.role_in(team), victor.role_in(team)) == (Role.OPERATOR, Role.VIEWER)


def test_the_last_admin_is_not_demoted(team, alice):
    with pytest.raises(services.LastAdmin, match="last admin of the team Harbour"):
        services.change_role(membership=membership(alice, team), role=Role.VIEWER, by=alice)
    assert alice.role_in(team) == Role.ADMIN


def test_the_last_admin_is_not_removed(team, alice, ingrid):
    for by in (alice, ingrid, None):
        with pytest.raises(services.LastAdmin):
            services.remove_member(membership=membership(alice, team), by=by)
    assert alice.role_in(team) == Role.ADMIN


def test_an_admin_whose_account_is_deactivated_does_not_count(team, alice, bob):
    services.change_role(membership=membership(bob, team), role=Role.ADMIN, by=alice)
    bob.is_active = False
    bob.save(update_fields=["is_active"])

    with pytest.raises(services.LastAdmin):
        services.remove_member(membership=membership(alice, team), by=alice)
    services.remove_member(membership=membership(bob, team), by=alice)


@pytest.mark.django_db(transaction=True)
def test_one_of_two_admins_who_demote_each_other_stays(team, alice, bob):
    services.change_role(membership=membership(bob, team), role=Role.ADMIN, by=alice)
    of_alice, of_bob = membership(alice, team), membership(bob, team)

    outcomes = run_concurrently(
        lambda: services.change_role(membership=of_bob, role=Role.VIEWER, by=alice),
        lambda: services.change_role(membership=of_alice, role=Role.VIEWER, by=bob),
    )

    assert sum(isinstance(outcome, Membership) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, PermissionDenied) for outcome in outcomes) == 1
    assert Membership.objects.filter(team=team, role=Role.ADMIN).count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_of_two_admins_who_leave_at_once_stays(team, alice, bob):
    services.change_role(membership=membership(bob, team), role=Role.ADMIN, by=alice)
    of_alice, of_bob = membership(alice, team), membership(bob, team)

    outcomes = run_concurrently(
        lambda: services.remove_member(membership=of_alice, by=alice),
        lambda: services.remove_member(membership=of_bob, by=bob),
    )

    assert sum(isinstance(outcome, services.LastAdmin) for outcome in outcomes) == 1
    assert Membership.objects.filter(team=team, role=Role.ADMIN).count() == 1


def test_a_removed_member_loses_the_team_and_its_tokens(team, other_team, alice, bob):
    Membership.objects.create(team=other_team, user=bob, role=Role.OPERATOR)
    for only in (team, other_team):
        create_token(by=bob, name=f"for {only}", scope=Scope.READ, team=only, expires_at=SOON)

    services.remove_member(membership=membership(bob, team), by=alice)

    assert (bob.role_in(team), bob.role_in(other_team)) == (None, Role.OPERATOR)
    assert [token.team for token in ApiToken.objects.active()] == [other_team]
    event = AuditEvent.objects.get(action=Action.MEMBER_REMOVED)
    assert (event.actor_name, event.object_name, event.details) == (
        "alice",
        "bob",
        {"ended": 0, "handed_over": 0},
    )


def test_invitations_of_a_former_admin_are_revoked(team, alice, bob):
    """HARDENING 30: with a link, a former admin could join again."""
    services.change_role(membership=membership(bob, team), role=Role.ADMIN, by=alice)
    for by in (alice, bob):
        services.invite(team=team, role=Role.ADMIN, email="", lifetime=timedelta(days=1), by=by)

    services.change_role(membership=membership(bob, team), role=Role.OPERATOR, by=alice)

    assert [invitation.created_by for invitation in Invitation.objects.open()] == [alice]


def test_every_member_may_leave(team, alice, victor):
    services.remove_member(membership=membership(victor, team), by=victor)
    assert victor.role_in(team) is None


def test_a_leaving_member_cannot_hand_over_jobs(team, alice, bob):
    with pytest.raises(PermissionDenied):
        services.remove_member(membership=membership(bob, team), by=bob, successor=alice)
    assert bob.role_in(team) == Role.OPERATOR


def test_a_person_is_added_once(team, ingrid, charlie):
    services.add_member(team=team, user=charlie, role=Role.VIEWER, by=ingrid)
    with pytest.raises(services.Refused, match="already"):
        services.add_member(team=team, user=charlie, role=Role.ADMIN, by=ingrid)
    assert charlie.role_in(team) == Role.VIEWER
    assert actions() == [Action.MEMBER_ADDED]


def test_only_admins_add_members(team, alice, bob, charlie):
    for by in (bob, charlie):
        with pytest.raises(PermissionDenied):
            services.add_member(team=team, user=charlie, role=Role.VIEWER, by=by)


def test_a_deactivated_account_is_not_added(team, ingrid, charlie):
    charlie.is_active = False
    charlie.save(update_fields=["is_active"])
    with pytest.raises(services.Refused, match="deactivated"):
        services.add_member(team=team, user=charlie, role=Role.VIEWER, by=ingrid)
