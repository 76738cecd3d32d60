from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.accounts.models import Invitation

pytestmark = pytest.mark.django_db


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
