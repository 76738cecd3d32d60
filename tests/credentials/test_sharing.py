"""Why a team may not use another team's credential, in words."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.credentials.models import Credential, CredentialGrant
from registry_ui.credentials.sharing import (
    find_grant,
    lost_share_reason,
    name_for,
    uncovered_reason,
    unshared_reason,
)
from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

HOST = "registry.example.com"
APP = Reference.parse(f"{HOST}/my-company/app:1.0")


@pytest.fixture
def credential(make_registry, make_credential):
    return make_credential(make_registry(host=HOST), "robot")


@pytest.fixture
def grant(credential, other_team):
    return CredentialGrant.objects.create(credential=credential, team=other_team)


def words(reason):
    return describe(reason).sentence


def fresh(credential):
    return Credential.objects.get(pk=credential.pk)


def test_a_foreign_credential_is_named_with_its_owner(credential, team, other_team):
    assert name_for(credential, team) == "robot"
    assert name_for(credential, None) == "robot"
    assert name_for(credential, other_team) == "robot of team Harbour"


def test_without_a_grant_it_belongs_to_others(credential, other_team):
    assert find_grant(credential, other_team) is None
    assert "does not belong" in words(unshared_reason(credential, other_team))


def test_a_grant_in_force_allows_it(credential, grant, other_team):
    assert unshared_reason(credential, other_team) is None
    assert uncovered_reason(credential, other_team, APP, push=False) is None
    assert "pulling only" in words(uncovered_reason(credential, other_team, APP, push=True))


def test_a_pattern_that_does_not_match_is_named(credential, grant, other_team):
    CredentialGrant.objects.update(repository_pattern="shop/*")

    assert "shop/*" in words(uncovered_reason(fresh(credential), other_team, APP, push=False))


def test_an_ended_grant_says_when(credential, grant, other_team):
    CredentialGrant.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert "until" in words(unshared_reason(fresh(credential), other_team))
    assert "until" in words(lost_share_reason(other_team, APP))

    CredentialGrant.objects.update(revoked_at=timezone.now())
    assert "back on" in words(unshared_reason(fresh(credential), other_team))


def test_a_grant_that_is_in_force_comes_before_a_revoked_one(credential, grant, other_team):
    CredentialGrant.objects.update(revoked_at=timezone.now())
    again = CredentialGrant.objects.create(credential=credential, team=other_team)

    assert find_grant(fresh(credential), other_team) == again


@pytest.mark.parametrize(
    ("theirs", "ours", "is_allowed"),
    [("verify", "verify", True), ("plain_http", "verify", False), ("own_ca", "plain_http", True)],
)
def test_a_share_weakens_no_connection(
    make_registry, make_credential, other_team, theirs, ours, is_allowed
):
    credential = make_credential(make_registry(host=HOST, security=theirs))
    CredentialGrant.objects.create(credential=credential, team=other_team)
    make_registry(host=HOST, team=other_team, security=ours)

    assert (unshared_reason(credential, other_team) is None) is is_allowed


def test_a_team_that_never_had_a_share_lost_none(other_team):
    assert lost_share_reason(other_team, APP) is None
