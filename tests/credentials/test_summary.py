"""What the pages of credentials show: shares, recent uses, dependents."""

import pytest

from registry_ui.credentials.models import CredentialGrant
from registry_ui.credentials.summary import (
    credentials_shared_with,
    find_all_dependents,
    recent_uses,
)
from registry_ui.credentials.usage import CredentialUse, record_use

pytestmark = pytest.mark.django_db


@pytest.fixture
def credential(make_registry, make_credential):
    return make_credential(make_registry(), "robot", repository_pattern="my-company/*")


@pytest.fixture
def grant(credential, other_team):
    return CredentialGrant.objects.create(
        credential=credential, team=other_team, repository_pattern="*/app", can_push=True
    )


def test_a_team_sees_what_is_shared_with_it_and_not_its_own(credential, grant, team, other_team):
    [shared] = credentials_shared_with(other_team)

    assert shared.credential == credential
    assert shared.patterns == ["*/app", "my-company/*"]
    assert (shared.may_push, shared.has_problem) == (True, False)
    assert credentials_shared_with(team) == []


def test_a_refused_login_is_trouble_for_the_other_team_too(credential, grant, other_team):
    credential.mark_refused("Refused.")

    assert credentials_shared_with(other_team)[0].has_problem


def test_recent_uses_are_those_of_every_team_newest_first(credential, grant, team, other_team):
    for user_team, what in ((team, "first"), (other_team, "second")):
        record_use(
            credential,
            user_team,
            CredentialUse(target=what, by="bob", operation="pull", is_recorded=True),
        )
    record_use(credential, team, CredentialUse(target="a page", by="bob"))

    assert [event.details["target"] for event in recent_uses(credential)] == ["second", "first"]
    assert {event.details["by_team"] for event in recent_uses(credential)} == {
        team.name,
        other_team.name,
    }


def test_nothing_depends_on_an_unused_credential(credential, other_team):
    assert find_all_dependents(credential) == []
    assert find_all_dependents(credential, team=other_team) == []
