"""The index of a team that reads a registry with what another team shares with it."""

import pytest

from registry_ui.accounts.models import Action, AuditEvent
from registry_ui.jobs.models import State
from registry_ui.registries.dependents import dependents_of
from registry_ui.registries.models import Credential, IndexRun, Registry
from registry_ui.registries.services import revoke_grant, share_credential

from .conftest import names

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def credential(htpasswd_row, htpasswd_registry, make_credential) -> Credential:
    return make_credential(
        htpasswd_row, htpasswd_registry.username, htpasswd_registry.password, label="Robot"
    )


@pytest.fixture
def theirs(make_registry, htpasswd_registry, other_team) -> Registry:
    """The other team's row of the same registry, without a login of its own."""
    return make_registry(htpasswd_registry, team=other_team, name="Theirs")


@pytest.fixture
def share(credential, other_team):
    def give(pattern: str = ""):
        terms = {"can_push": False, "repository_pattern": pattern, "until": None}
        return share_credential(credential=credential, team=other_team, user=None, terms=terms)

    return give


def test_a_share_shows_the_registry_and_its_owner_who_looks(
    share, theirs, credential, charlie, team, index, htpasswd_registry, image_factory
):
    image = image_factory(htpasswd_registry, "lent/app", "1.0")
    grant = share()

    assert index(theirs, user=charlie).state == State.SUCCEEDED

    assert names(theirs)["lent/app:1.0"] == image.digest
    event = AuditEvent.objects.get(action=Action.CREDENTIAL_USED)
    assert (event.team_key, event.actor_name, event.details["act"], event.details["by_team"]) == (
        team.pk,
        "charlie",
        "index",
        "Lighthouse",
    )
    grant.refresh_from_db()
    assert grant.used_at is not None


def test_a_share_for_some_repositories_shows_those_and_not_the_registrys_list(
    share, theirs, index, htpasswd_registry, image_factory
):
    image_factory(htpasswd_registry, "open/app", "1.0")
    image_factory(htpasswd_registry, "closed/app", "1.0")
    share("open/*")

    index(theirs)
    index(theirs, "open/app")
    index(theirs, "closed/app")

    assert set(names(theirs)) == {"open/app:1.0"}


def test_what_a_team_reads_with_its_own_is_no_event(
    htpasswd_row, credential, index, htpasswd_registry, image_factory
):
    image_factory(htpasswd_registry, "own/app", "1.0")
    assert index(htpasswd_row).state == State.SUCCEEDED
    assert not AuditEvent.objects.filter(action=Action.CREDENTIAL_USED).exists()


def test_after_it_is_taken_back_the_index_logs_in_no_more(
    share, theirs, credential, index, htpasswd_registry
):
    revoke_grant(grant=share(), user=None)
    index(theirs)
    credential.refresh_from_db()
    assert credential.used_at is None
    assert names(theirs) == {}


def test_a_look_that_goes_on_is_stopped_when_it_is_taken_back(
    share, theirs, credential, htpasswd_row, other_team
):
    grant = share()
    running = IndexRun.objects.create(team=other_team, registry=theirs, state=State.RUNNING)
    own = IndexRun.objects.create(
        team=htpasswd_row.team, registry=htpasswd_row, state=State.RUNNING
    )
    (found,) = dependents_of(credential, other_team)
    assert (found.state, found.team) == (State.RUNNING, other_team)

    assert revoke_grant(grant=grant, user=None) == 1

    running.refresh_from_db()
    own.refresh_from_db()
    assert running.cancel_requested_at is not None
    assert "took the credential “Robot” back" in running.error["message"]
    assert own.cancel_requested_at is None
