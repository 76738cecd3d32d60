"""Shares: who may give, change and revoke them, and which audit logs hear of it."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from registry_ui.accounts.models import Action, AuditEvent
from registry_ui.credentials.grants import change_grant, revoke_grant, share_credential
from registry_ui.credentials.models import CredentialGrant
from registry_ui.registries.models import Registry

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

PULL = {"can_push": False, "repository_pattern": "", "expires_at": None}
HOST = "registry.example.com"


@pytest.fixture
def credential(make_registry, make_credential):
    return make_credential(make_registry(host=HOST))


@pytest.fixture
def grant(credential, other_team, alice):
    return share_credential(credential=credential, team=other_team, user=alice, terms=PULL)


def test_only_admins_of_the_owner_share_change_and_revoke(credential, grant, bob, charlie, team):
    for user in (bob, charlie):
        with pytest.raises(PermissionDenied):
            share_credential(credential=credential, team=team, user=user, terms=PULL)
        with pytest.raises(PermissionDenied):
            change_grant(grant=grant, user=user, terms=PULL)
        with pytest.raises(PermissionDenied):
            revoke_grant(grant=grant, user=user)
    assert CredentialGrant.objects.get().is_in_force


def test_a_team_gets_it_once_and_the_owner_never(credential, grant, alice, team, other_team):
    with pytest.raises(ValidationError, match="owns it"):
        share_credential(credential=credential, team=team, user=alice, terms=PULL)
    with pytest.raises(ValidationError, match="already"):
        share_credential(credential=credential, team=other_team, user=alice, terms=PULL)


def test_both_teams_hear_of_it_and_the_other_one_learns_no_address(credential, grant, team):
    events = AuditEvent.objects.filter(action=Action.GRANT_CREATED)

    assert {event.team_key for event in events} == {team.pk, grant.team_id}
    assert all(event.details["terms"] == "pull" for event in events)


def test_the_other_teams_registry_is_indexed_soon(credential, other_team, alice, make_registry):
    theirs = make_registry(host=HOST, team=other_team)
    share_credential(credential=credential, team=other_team, user=alice, terms=PULL)

    assert Registry.objects.get(pk=theirs.pk).next_index_at <= timezone.now()


def test_a_change_records_the_former_terms(grant, alice):
    terms = {"can_push": True, "repository_pattern": "shop/*", "expires_at": None}
    change_grant(grant=grant, user=alice, terms=terms)

    event = AuditEvent.objects.filter(action=Action.GRANT_CHANGED).first()
    assert (event.details["was"], event.details["terms"]) == ("pull", "pull, push of shop/*")


def test_a_revoked_grant_is_revoked_once_and_never_changed(grant, alice):
    revoke_grant(grant=grant, user=alice)
    assert revoke_grant(grant=grant, user=alice) == 0

    assert AuditEvent.objects.filter(action=Action.GRANT_REVOKED).count() == 2
    with pytest.raises(ValidationError, match="meanwhile"):
        change_grant(grant=grant, user=alice, terms=PULL)
