from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.credentials.selection import select_for_index
from registry_ui.credentials.services import (
    AmbiguousCredential,
    CredentialUnusable,
    create_default_registries,
    find_registry,
    select_credential,
)
from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe
from tests.parts.error_texts import says, stored_error

pytestmark = pytest.mark.postgresql

HOST = "registry.example.com"


def reference(repository: str = "my-company/app", host: str = HOST) -> Reference:
    return Reference.parse(f"{host}/{repository}:1.0")


@pytest.fixture
def row(make_registry):
    return make_registry(host=HOST)


def choose(team, repository: str = "my-company/app", *, push: bool = False, **more):
    return select_credential(team=team, reference=reference(repository), push=push, **more)


def test_without_credentials_the_client_is_anonymous(team, row) -> None:
    assert choose(team) is None


def test_the_only_one_without_a_pattern_serves_everything(team, row, make_credential) -> None:
    only = make_credential(row)
    assert choose(team) == only
    assert choose(team, push=True) == only


def test_the_pattern_that_says_more_of_the_name_wins(team, row, make_credential) -> None:
    make_credential(row, "default")
    make_credential(row, "company", repository_pattern="my-company/*")
    app = make_credential(row, "app", repository_pattern="my-company/app*")
    exact = make_credential(row, "exact", repository_pattern="my-company/app")
    assert choose(team) == exact
    assert choose(team, "my-company/app-two") == app


def test_a_pattern_that_begins_with_a_wildcard_still_beats_none(team, row, make_credential) -> None:
    make_credential(row, "default")
    apps = make_credential(row, "apps", repository_pattern="*/app")
    assert choose(team) == apps


def test_a_pattern_that_does_not_match_is_no_candidate(team, row, make_credential) -> None:
    make_credential(row, repository_pattern="elsewhere/*")
    assert choose(team) is None


def test_a_tie_is_for_a_person_to_decide(team, row, make_credential) -> None:
    one, other = make_credential(row, "one"), make_credential(row, "other")
    with pytest.raises(AmbiguousCredential) as caught:
        choose(team)
    assert set(caught.value.candidates) == {one, other}
    assert "one" in describe(caught.value).sentence
    assert choose(team, selected=other) == other


def test_for_a_push_only_those_that_may_push_count(team, row, make_credential) -> None:
    make_credential(row, "reader", can_push=False, repository_pattern="my-company/*")
    pusher = make_credential(row, "pusher")
    assert choose(team, push=True) == pusher


def test_a_pull_only_credential_makes_no_push(team, row, make_credential) -> None:
    make_credential(row, can_push=False)
    assert choose(team, push=True) is None


def test_an_expired_one_is_skipped(team, row, make_credential) -> None:
    make_credential(
        row,
        "old",
        repository_pattern="my-company/app",
        expires_at=timezone.now() - timedelta(seconds=1),
    )
    new = make_credential(row, "new")
    assert choose(team) == new


def test_credentials_of_other_teams_and_hosts_never_count(
    team, other_team, row, make_registry, make_credential
) -> None:
    make_credential(make_registry(team=other_team, host=HOST))
    make_credential(make_registry(host="other.example.com"))
    assert choose(team) is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"expires_at": timezone.now() - timedelta(days=1)}, "expired"),
        ({"can_push": False}, "pulling only"),
        ({"repository_pattern": "elsewhere/*"}, "elsewhere/*"),
    ],
)
def test_a_chosen_one_that_does_not_fit_is_an_error_and_nothing_else_is_tried(
    team, row, make_credential, values, words
) -> None:
    make_credential(row, "fit")
    unfit = make_credential(row, "unfit", **values)
    with pytest.raises(CredentialUnusable, check=says(words.replace("*", r"\*"))):
        choose(team, push=True, selected=unfit)


def test_a_chosen_one_of_another_team_or_host_is_refused(
    team, other_team, row, make_registry, make_credential
) -> None:
    foreign = make_credential(make_registry(team=other_team, host=HOST))
    elsewhere = make_credential(make_registry(host="other.example.com"))
    with pytest.raises(CredentialUnusable, check=says("belong")):
        choose(team, selected=foreign)
    with pytest.raises(CredentialUnusable, check=says("never sent")):
        choose(team, selected=elsewhere)


def test_docker_hub_is_there_from_the_start(team) -> None:
    hub = find_registry(team, "docker.io")
    assert hub is not None
    assert hub.provider == "docker_hub"
    create_default_registries(team)
    assert team.registries.count() == 2  # and this server


# --- reading for the index: a guess between equals does no harm


def test_the_index_reads_with_the_most_specific_and_least_powerful_credential(
    row, make_credential
) -> None:
    default = make_credential(row, "default")
    assert select_for_index(row, "my-company/app") == default
    make_credential(row, "younger")
    assert select_for_index(row, "my-company/app") == default
    reader = make_credential(row, "reader", can_push=False)
    assert select_for_index(row, "my-company/app") == reader
    company = make_credential(row, "company", repository_pattern="my-company/*")
    assert select_for_index(row, "my-company/app") == company
    assert select_for_index(row, "other/app") == reader


def test_the_index_sends_no_expired_login_and_a_refused_one_last(row, make_credential) -> None:
    make_credential(row, "expired", expires_at=timezone.now() - timedelta(days=1))
    assert select_for_index(row, "my-company/app") is None
    refused = make_credential(
        row,
        "refused",
        can_push=False,
        repository_pattern="my-company/*",
        verify_error=stored_error("The login was refused."),
    )
    assert select_for_index(row, "my-company/app") == refused
    default = make_credential(row, "default")
    assert select_for_index(row, "my-company/app") == default


def test_the_registrys_list_is_read_with_a_login_for_all_of_it(row, make_credential) -> None:
    company = make_credential(row, "company", repository_pattern="my-company/*", can_push=False)
    assert select_for_index(row) == company
    default = make_credential(row, "default")
    assert select_for_index(row) == default


# --- what other teams share


@pytest.fixture
def share(team, other_team, make_registry, make_credential):
    """Share another team's credential for the same host with the team."""

    def give(
        username: str = "shared",
        *,
        pattern: str = "",
        registry_values: dict | None = None,
        terms: dict | None = None,
        **values,
    ):
        from registry_ui.credentials.models import CredentialGrant
        from registry_ui.registries.models import Registry

        row = Registry.objects.filter(team=other_team, host=HOST).first()
        row = row or make_registry(team=other_team, host=HOST, **(registry_values or {}))
        credential = make_credential(row, username, **values)
        CredentialGrant.objects.create(
            credential=credential, team=team, repository_pattern=pattern, **(terms or {})
        )
        return credential

    return give


def test_a_shared_one_serves_where_the_team_has_none_and_needs_no_registry_of_its_own(
    team, share
) -> None:
    shared = share()
    assert choose(team) == shared
    assert find_registry(team, HOST) is None


def test_the_most_specific_pattern_wins_among_own_and_shared_credentials(
    team, row, make_credential, share
) -> None:
    make_credential(row, "own", repository_pattern="my-company/*")
    by_credential = share("by-credential", repository_pattern="my-company/app")
    by_share = share("by-share", pattern="my-company/tools")
    assert choose(team) == by_credential
    assert choose(team, "my-company/tools") == by_share
    assert choose(team, "my-company/other").label == "own"


def test_both_patterns_of_a_shared_credential_must_match(team, share) -> None:
    share(repository_pattern="my-company/*", pattern="*/app")
    assert choose(team) is not None
    assert choose(team, "my-company/other") is None
    assert choose(team, "elsewhere/app") is None


def test_a_tie_of_own_and_shared_is_for_a_person_to_decide_and_says_whose_each_is(
    team, row, make_credential, share
) -> None:
    make_credential(row, "Robot")
    share("Robot")
    with pytest.raises(AmbiguousCredential, check=says("“Robot of team Lighthouse”")) as caught:
        choose(team)
    assert set(caught.value.names) == {"Robot", "Robot of team Lighthouse"}


def test_a_pull_only_grant_does_not_allow_a_push(team, share) -> None:
    share()
    assert choose(team, push=True) is None
    assert choose(team, "my-company/tools", push=False) is not None
    pushing = share("pushing", terms={"can_push": True})
    assert choose(team, push=True) == pushing


@pytest.mark.parametrize("field", ["expires_at", "revoked_at"])
def test_an_ended_grant_allows_nothing(team, share, field) -> None:
    shared = share(terms={field: timezone.now() - timedelta(minutes=1)})
    assert choose(team) is None
    with pytest.raises(CredentialUnusable, check=says("The team Lighthouse")):
        choose(team, selected=shared)


@pytest.mark.parametrize(
    ("theirs", "ours", "fits"),
    [
        ("plain_http", "verify", False),
        ("plain_http", "own_ca", False),
        ("own_ca", "verify", False),
        ("plain_http", "plain_http", True),
        ("verify", "own_ca", True),
        ("own_ca", "plain_http", True),
    ],
)
def test_a_share_weakens_no_connection_that_the_team_has_set(
    team, make_registry, share, theirs, ours, fits
) -> None:
    make_registry(host=HOST, security=ours)
    shared = share(registry_values={"security": theirs})
    assert (choose(team) == shared) is fits


def test_the_index_lists_only_with_a_grant_for_all_repositories(
    row, share, make_credential
) -> None:
    some = share("some", pattern="my-company/*")
    assert select_for_index(row, "my-company/app") == some
    assert select_for_index(row, "other/app") is None
    assert select_for_index(row) is None
    whole = share("whole")
    assert select_for_index(row) == whole
    own = make_credential(row, "own")
    assert select_for_index(row) == own


def test_the_index_ignores_ended_grants(row, share) -> None:
    share(terms={"revoked_at": timezone.now()})
    assert select_for_index(row, "my-company/app") is None
