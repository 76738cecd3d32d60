"""Grants: when they are in force, and who sees them."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from registry_ui.credentials.models import CredentialGrant

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


@pytest.fixture
def grant(make_registry, make_credential, other_team):
    credential = make_credential(make_registry())
    return CredentialGrant.objects.create(credential=credential, team=other_team, can_push=True)


def set_times(grant, *, expires=None, revoked=None):
    now = timezone.now()
    grant.expires_at = None if expires is None else now + timedelta(days=expires)
    grant.revoked_at = None if revoked is None else now + timedelta(days=revoked)
    grant.save()


@pytest.mark.parametrize(
    ("expires", "revoked", "state"),
    [
        (None, None, "ok"),
        (30, None, "ok"),
        (3, None, "expiring"),
        (-1, None, "expired"),
        (None, -1, "expired"),
    ],
)
def test_the_times_decide_the_state(grant, expires, revoked, state):
    set_times(grant, expires=expires, revoked=revoked)
    rows = CredentialGrant.objects

    assert (grant.state, grant.is_in_force) == (state, state != "expired")
    assert rows.in_force().exists() is grant.is_in_force
    assert rows.ended().exists() is not grant.is_in_force
    assert rows.ending().exists() is (state == "expiring")
    assert grant.state_label


def test_both_teams_see_it_and_nobody_else(grant, alice, charlie, ingrid):
    rows = CredentialGrant.objects

    assert rows.visible_to(alice).exists()
    assert rows.visible_to(charlie).exists()
    assert rows.granted_by(alice).exists()
    assert not rows.granted_by(charlie).exists()


def test_it_never_allows_more_than_the_credential(grant):
    assert grant.may_push
    grant.credential.can_push = False
    assert not grant.may_push


def test_a_team_has_one_grant_that_was_not_revoked(grant):
    again = {"credential": grant.credential, "team": grant.team}
    with pytest.raises(IntegrityError), transaction.atomic():
        CredentialGrant.objects.create(**again)

    set_times(grant, revoked=0)
    assert CredentialGrant.objects.create(**again).is_in_force
