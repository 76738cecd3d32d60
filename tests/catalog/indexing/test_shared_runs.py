"""Index runs with a credential that another team shares."""

import pytest

from registry_ui.accounts.models import Action, AuditEvent
from registry_ui.catalog.models import IndexRun
from registry_ui.credentials.dependents import find_dependents
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import revoke_grant, share_credential
from registry_ui.jobs.models import State
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe

from .conftest import names

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def credential(htpasswd_row, htpasswd_registry, make_credential) -> Credential:
    return make_credential(
        htpasswd_row, htpasswd_registry.username, htpasswd_registry.password, label="Robot"
    )


@pytest.fixture
def other_row(make_registry, htpasswd_registry, other_team) -> Registry:
    """The other team's row of the same registry, without a credential of its own."""
    return make_registry(htpasswd_registry, team=other_team, name="Theirs")


@pytest.fixture
def share(credential, other_team):
    def give(pattern: str = ""):
        terms = {"can_push": False, "repository_pattern": pattern, "expires_at": None}
        return share_credential(credential=credential, team=other_team, user=None, terms=terms)

    return give


def test_a_shared_credential_indexes_and_its_use_is_recorded(
    share, other_row, credential, charlie, team, index, htpasswd_registry, image_factory
):
    image = image_factory(htpasswd_registry, "shared/app", "1.0")
    grant = share()

    assert index(other_row, user=charlie).state == State.SUCCEEDED

    assert names(other_row)["shared/app:1.0"] == image.digest
    event = AuditEvent.objects.get(action=Action.CREDENTIAL_USED)
    assert (
        event.team_key,
        event.actor_name,
        event.details["operation"],
        event.details["by_team"],
    ) == (
        team.pk,
        "charlie",
        "index",
        "Lighthouse",
    )
    grant.refresh_from_db()
    assert grant.used_at is not None


def test_a_share_for_some_repositories_indexes_only_these(
    share, other_row, index, htpasswd_registry, image_factory
):
    image_factory(htpasswd_registry, "open/app", "1.0")
    image_factory(htpasswd_registry, "closed/app", "1.0")
    share("open/*")

    index(other_row)
    index(other_row, "open/app")
    index(other_row, "closed/app")

    assert set(names(other_row)) == {"open/app:1.0"}


def test_the_use_of_an_own_credential_is_no_event(
    htpasswd_row, credential, index, htpasswd_registry, image_factory
):
    image_factory(htpasswd_registry, "own/app", "1.0")
    assert index(htpasswd_row).state == State.SUCCEEDED
    assert not AuditEvent.objects.filter(action=Action.CREDENTIAL_USED).exists()


def test_a_revoked_share_is_not_used(share, other_row, credential, index, htpasswd_registry):
    revoke_grant(grant=share(), user=None)
    index(other_row)
    credential.refresh_from_db()
    assert credential.used_at is None
    assert names(other_row) == {}


def test_revoking_a_share_cancels_a_running_run(
    share, other_row, credential, htpasswd_row, other_team
):
    grant = share()
    running = IndexRun.objects.create(team=other_team, registry=other_row, state=State.RUNNING)
    own = IndexRun.objects.create(
        team=htpasswd_row.team, registry=htpasswd_row, state=State.RUNNING
    )
    (dependent,) = find_dependents(credential, other_team)
    assert (dependent.state, dependent.team) == (State.RUNNING, other_team)

    assert revoke_grant(grant=grant, user=None) == 1

    running.refresh_from_db()
    own.refresh_from_db()
    assert running.cancel_requested_at is not None
    assert "took the credential “Robot” back" in describe(running.error).sentence
    assert own.cancel_requested_at is None
