from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from registry_ui.accounts.models import Invitation, Role, SetupToken

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def invite(team, token, **values):
    now = timezone.now()
    values = {"expires_at": now + timedelta(days=1), **values}
    return Invitation.objects.create(team=team, token_hash=token, **values)


def test_an_open_invitation_is_neither_used_nor_revoked_nor_expired(team):
    now = timezone.now()
    still_open = invite(team, "a")
    invite(team, "b", accepted_at=now)
    invite(team, "c", revoked_at=now)
    invite(team, "d", expires_at=now - timedelta(seconds=1))

    assert list(Invitation.objects.all().open()) == [still_open]


def test_members_see_the_invitations_of_their_team(team, other_team, alice):
    ours = invite(team, "a")
    invite(other_team, "b")

    assert list(Invitation.objects.visible_to(alice)) == [ours]


def test_an_invitation_without_an_address_is_for_whoever_has_the_link(team):
    assert str(invite(team, "a")) == "whoever has the link"
    assert str(invite(team, "b", email="dora@example.com")) == "dora@example.com"


def test_an_invitation_outlives_its_people_but_not_the_team(team, charlie):
    invitation = invite(team, "a", created_by=charlie, accepted_by=charlie)

    charlie.delete()
    invitation.refresh_from_db()
    assert (invitation.created_by, invitation.accepted_by) == (None, None)

    team.delete()
    assert not Invitation.objects.exists()


def test_without_a_choice_an_invitation_gives_the_lowest_role(team):
    assert invite(team, "a").role == Role.VIEWER


def test_two_links_never_have_the_same_token(team):
    def set_up():
        return SetupToken.objects.create(token_hash="a")

    invite(team, "a")
    set_up()
    for create in (lambda: invite(team, "a"), set_up):
        with pytest.raises(IntegrityError), transaction.atomic():
            create()


def test_the_text_of_a_link_has_no_hash(team):
    """The audit log stores this text as the object's name."""
    assert "5ecret" not in str(SetupToken.objects.create(token_hash="5ecret"))
    assert "5ecret" not in str(invite(team, "5ecret"))
