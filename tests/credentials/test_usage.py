"""Records of the use of a credential."""

import pytest

from registry_ui.accounts.models import Action, AuditEvent
from registry_ui.credentials.models import Credential, CredentialGrant
from registry_ui.credentials.usage import CredentialUse, record_use

pytestmark = pytest.mark.django_db


@pytest.fixture
def credential(make_registry, make_credential):
    return make_credential(make_registry(), "robot")


def test_a_use_is_on_the_row_and_a_page_adds_no_event(credential, team):
    record_use(credential, team, CredentialUse(target="registry.example.com/app", by="alice"))

    stored = Credential.objects.get()
    assert (stored.used_by, stored.used_for) == ("alice", "registry.example.com/app")
    assert stored.used_at is not None
    assert not AuditEvent.objects.filter(action=Action.CREDENTIAL_USED).exists()


def test_a_job_adds_an_event_to_the_owners_log(credential, team, other_team, charlie):
    grant = CredentialGrant.objects.create(credential=credential, team=other_team)
    use = CredentialUse(
        target="registry.example.com/app:1",
        person=charlie,
        by="charlie",
        operation="pull",
        is_recorded=True,
    )

    record_use(credential, other_team, use)

    event = AuditEvent.objects.get(action=Action.CREDENTIAL_USED)
    assert (event.team_key, event.actor_name) == (team.pk, "charlie")
    assert (event.details["by_team"], event.details["operation"]) == (other_team.name, "pull")
    assert event.address is None
    assert CredentialGrant.objects.get(pk=grant.pk).used_at is not None
