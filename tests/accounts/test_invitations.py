"""Links by which people join a team."""

import logging
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from registry_ui.accounts import services
from registry_ui.accounts.models import Action, AuditEvent, Invitation, Membership, Role, User
from registry_ui.web.logs import OneLineFormatter
from tests.accounts.parallel import all_at_once
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

WEEK = timedelta(days=7)


@pytest.fixture
def invited(team, alice):
    """An invitation and its token."""
    return services.invite(
        team=team, role=Role.OPERATOR, email="dora@example.com", lifetime=WEEK, by=alice
    )


def test_only_the_hash_of_the_token_is_kept(invited):
    _invitation, token = invited
    rows = [*Invitation.objects.values(), *AuditEvent.objects.values()]
    assert token not in str(rows)


def test_somebody_with_an_account_joins_with_the_role_of_the_link(team, invited, charlie):
    services.accept(token=invited[1], user=charlie)

    assert charlie.role_in(team) == Role.OPERATOR
    invitation = Invitation.objects.get()
    assert (invitation.accepted_by, invitation.accepted_at is not None) == (charlie, True)
    events = AuditEvent.objects.filter(actor_name="charlie").values_list("action", "team_key")
    assert sorted(events) == [(Action.INVITATION_ACCEPTED, team.pk), (Action.MEMBER_ADDED, team.pk)]


def test_somebody_new_makes_an_account_and_is_nothing_but_a_member(team, invited):
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
def test_of_parallel_accepts_one_wins(team, invited):
    """HARDENING 42, for the second way in."""
    people = [User.objects.create_user(f"person{number}") for number in range(2)]
    token = invited[1]

    def as_new(name):
        return lambda: services.accept_as_new_person(
            token=token, username=name, email="", password=PASSWORD
        )

    outcomes = all_at_once(
        *(lambda user=user: services.accept(token=token, user=user) for user in people),
        as_new("dora"),
        as_new("emil"),
    )

    assert sum(isinstance(each, Membership) for each in outcomes) == 1
    assert sum(isinstance(each, services.InvitationGone) for each in outcomes) == 3
    assert Membership.objects.filter(team=team, role=Role.OPERATOR).count() == 1
    assert (
        User.objects.filter(username__in=["dora", "emil"]).count()
        == Membership.objects.filter(user__username__in=["dora", "emil"]).count()
    )


def test_whoever_is_in_the_team_keeps_the_role_and_the_link_stays_good(team, invited, victor):
    with pytest.raises(services.Refused, match="already"):
        services.accept(token=invited[1], user=victor)
    assert victor.role_in(team) == Role.VIEWER
    assert services.open_invitation(invited[1]) is not None


@pytest.mark.parametrize("change", [{"revoked_at": 0}, {"accepted_at": 0}, {"expires_at": -1}])
def test_a_link_that_is_used_revoked_or_too_old_opens_nothing(invited, charlie, change):
    Invitation.objects.update(
        **{name: timezone.now() + timedelta(seconds=seconds) for name, seconds in change.items()}
    )
    with pytest.raises(services.InvitationGone):
        services.accept(token=invited[1], user=charlie)


def test_every_wrong_link_costs_the_same_one_query(django_assert_num_queries, invited):
    """HARDENING 43, for links: neither answer nor time tells a used one from an invented one."""
    Invitation.objects.update(revoked_at=timezone.now())
    for token in (invited[1], "invented", "", "\x00", "x" * 5000):
        with django_assert_num_queries(1):
            assert services.open_invitation(token) is None


def test_the_link_of_somebody_who_may_invite_no_more_opens_nothing(
    team, invited, bob, alice, charlie
):
    """HARDENING 30: however the role was lost, single sign-on and the database included."""
    Membership.objects.filter(user=alice).update(role=Role.OPERATOR)
    with pytest.raises(services.InvitationGone):
        services.accept(token=invited[1], user=charlie)


def test_the_link_of_a_team_that_was_removed_opens_nothing(
    team, other_team, invited, ingrid, charlie
):
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


def test_no_log_line_shows_the_token_of_a_link(invited):
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
