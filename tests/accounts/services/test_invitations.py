import logging
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from registry_ui.accounts import services
from registry_ui.accounts.models import Action, AuditEvent, Invitation, Membership, Role, User
from registry_ui.web.logs import OneLineFormatter
from tests.accounts.concurrency import run_concurrently
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


WEEK = timedelta(days=7)


@pytest.fixture
def invited(team, alice):
    """An invitation and its token."""
    return services.invite(
        team=team, role=Role.OPERATOR, email="dora@example.com", lifetime=WEEK, by=alice
    )


def test_only_the_hash_of_the_token_is_stored(invited):
    _invitation, token = invited
    rows = [*Invitation.objects.values(), *AuditEvent.objects.values()]
    assert token not in str(rows)


def test_a_person_with_an_account_joins_with_the_role_of_the_link(team, invited, charlie):
    services.accept(token=invited[1], user=charlie)

    assert charlie.role_in(team) == Role.OPERATOR
    invitation = Invitation.objects.get()
    assert (invitation.accepted_by, invitation.accepted_at is not None) == (charlie, True)
    events = AuditEvent.objects.filter(actor_name="charlie").values_list("action", "team_key")
    assert sorted(events) == [(Action.INVITATION_ACCEPTED, team.pk), (Action.MEMBER_ADDED, team.pk)]


def test_a_new_person_is_a_member_only(team, invited):
    services.accept_as_new_person(
        token=invited[1], username="dora", email="dora@example.com", password=PASSWORD
    )

    dora = User.objects.get(username="dora")
    assert dora.check_password(PASSWORD)
    assert (dora.is_superuser, dora.is_staff, dora.role_in(team)) == (False, False, Role.OPERATOR)
    assert Membership.objects.filter(user=dora).count() == 1


def test_a_link_works_once(team, other_team, invited, charlie, victor):
    services.accept(token=invited[1], user=charlie)
    for act in (
        lambda: services.accept(token=invited[1], user=User.objects.create_user("eve")),
        lambda: services.accept_as_new_person(
            token=invited[1], username="mallory", email="", password=PASSWORD
        ),
    ):
        with pytest.raises(services.InvitationGone):
            act()
    assert not User.objects.filter(username="mallory").exists()


@pytest.mark.django_db(transaction=True)
def test_one_of_concurrent_acceptances_succeeds(team, invited):
    """HARDENING 42, for invitations."""
    people = [User.objects.create_user(f"person{number}") for number in range(2)]
    token = invited[1]

    def as_new(name):
        return lambda: services.accept_as_new_person(
            token=token, username=name, email="", password=PASSWORD
        )

    outcomes = run_concurrently(
        *(lambda user=user: services.accept(token=token, user=user) for user in people),
        as_new("dora"),
        as_new("emil"),
    )

    assert sum(isinstance(outcome, Membership) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, services.InvitationGone) for outcome in outcomes) == 3
    assert Membership.objects.filter(team=team, role=Role.OPERATOR).count() == 1
    assert (
        User.objects.filter(username__in=["dora", "emil"]).count()
        == Membership.objects.filter(user__username__in=["dora", "emil"]).count()
    )


def test_a_member_keeps_the_role_and_the_link_stays_valid(team, invited, victor):
    with pytest.raises(services.Refused, match="already"):
        services.accept(token=invited[1], user=victor)
    assert victor.role_in(team) == Role.VIEWER
    assert services.open_invitation(invited[1]) is not None


@pytest.mark.parametrize("change", [{"revoked_at": 0}, {"accepted_at": 0}, {"expires_at": -1}])
def test_a_used_revoked_or_expired_link_is_invalid(invited, charlie, change):
    Invitation.objects.update(
        **{name: timezone.now() + timedelta(seconds=seconds) for name, seconds in change.items()}
    )
    with pytest.raises(services.InvitationGone):
        services.accept(token=invited[1], user=charlie)


def test_every_invalid_link_takes_one_query(django_assert_num_queries, invited):
    """HARDENING 43, for links: an attacker cannot tell a used link from an invented one."""
    Invitation.objects.update(revoked_at=timezone.now())
    for token in (invited[1], "invented", "", "\x00", "x" * 5000):
        with django_assert_num_queries(1):
            assert services.open_invitation(token) is None


def test_a_link_of_a_former_admin_is_invalid(team, invited, bob, alice, charlie):
    """HARDENING 30: however the role was lost, also by single sign-on or in the database."""
    Membership.objects.filter(user=alice).update(role=Role.OPERATOR)
    with pytest.raises(services.InvitationGone):
        services.accept(token=invited[1], user=charlie)


def test_a_link_of_a_removed_team_is_invalid(team, other_team, invited, ingrid, charlie):
    services.remove_team(team=team, by=ingrid)
    with pytest.raises(services.InvitationGone):
        services.accept(token=invited[1], user=charlie)


@pytest.mark.parametrize("name", ["bob", "victor", "charlie"])
def test_only_admins_invite_and_revoke(request, team, invited, bob, victor, charlie, name):
    person = request.getfixturevalue(name)
    with pytest.raises(PermissionDenied):
        services.invite(team=team, role=Role.VIEWER, email="", lifetime=WEEK, by=person)
    with pytest.raises(PermissionDenied):
        services.revoke_invitation(invitation=invited[0], by=person)
    assert Invitation.objects.open().count() == 1


def test_a_revoked_invitation_is_revoked_once(invited, alice):
    assert services.revoke_invitation(invitation=invited[0], by=alice)
    assert not services.revoke_invitation(invitation=invited[0], by=alice)
    assert AuditEvent.objects.filter(action=Action.INVITATION_REVOKED).count() == 1


def test_the_token_of_a_link_is_not_logged(invited):
    line = logging.LogRecord(
        "django.request",
        logging.WARNING,
        "",
        0,
        "Unprocessable Entity: %s",
        (f"/join/{invited[1]}/",),
        None,
    )
    assert OneLineFormatter().format(line) == "Unprocessable Entity: /join/***/"
