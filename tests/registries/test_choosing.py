from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.oci.reference import Reference
from registry_ui.registries.choosing import index_credential
from registry_ui.registries.services import (
    AmbiguousCredential,
    CredentialUnfit,
    create_default_registries,
    credential_for,
    registry_for,
)

pytestmark = pytest.mark.postgresql

HOST = "registry.example.com"


def reference(repository: str = "my-company/app", host: str = HOST) -> Reference:
    return Reference.parse(f"{host}/{repository}:1.0")


@pytest.fixture
def row(make_registry):
    return make_registry(host=HOST)


def choose(team, repository: str = "my-company/app", *, push: bool = False, **more):
    return credential_for(team=team, reference=reference(repository), push=push, **more)


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
    assert "one" in caught.value.message
    assert choose(team, chosen=other) == other


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
    with pytest.raises(CredentialUnfit, match=words.replace("*", r"\*")):
        choose(team, push=True, chosen=unfit)


def test_a_chosen_one_of_another_team_or_host_is_refused(
    team, other_team, row, make_registry, make_credential
) -> None:
    foreign = make_credential(make_registry(team=other_team, host=HOST))
    elsewhere = make_credential(make_registry(host="other.example.com"))
    with pytest.raises(CredentialUnfit, match="belong"):
        choose(team, chosen=foreign)
    with pytest.raises(CredentialUnfit, match="never sent"):
        choose(team, chosen=elsewhere)


def test_docker_hub_is_there_from_the_start(team) -> None:
    hub = registry_for(team, "docker.io")
    assert hub is not None
    assert hub.provider == "docker_hub"
    create_default_registries(team)
    assert team.registries.count() == 2  # and this server


# --- reading for the index: a guess between equals does no harm


def test_the_index_reads_with_what_says_most_of_the_name_and_of_equals_with_what_may_least(
    row, make_credential
) -> None:
    default = make_credential(row, "default")
    assert index_credential(row, "my-company/app") == default
    make_credential(row, "younger")
    assert index_credential(row, "my-company/app") == default
    reader = make_credential(row, "reader", can_push=False)
    assert index_credential(row, "my-company/app") == reader
    company = make_credential(row, "company", repository_pattern="my-company/*")
    assert index_credential(row, "my-company/app") == company
    assert index_credential(row, "other/app") == reader


def test_the_index_sends_no_expired_login_and_a_refused_one_last(row, make_credential) -> None:
    make_credential(row, "expired", expires_at=timezone.now() - timedelta(days=1))
    assert index_credential(row, "my-company/app") is None
    refused = make_credential(
        row,
        "refused",
        can_push=False,
        repository_pattern="my-company/*",
        verify_error="The login was refused.",
    )
    assert index_credential(row, "my-company/app") == refused
    default = make_credential(row, "default")
    assert index_credential(row, "my-company/app") == default


def test_the_registrys_list_is_read_with_a_login_for_all_of_it(row, make_credential) -> None:
    company = make_credential(row, "company", repository_pattern="my-company/*", can_push=False)
    assert index_credential(row) == company
    default = make_credential(row, "default")
    assert index_credential(row) == default


# --- what other teams share


@pytest.fixture
def lend(team, other_team, make_registry, make_credential):
    """Another team's credential for the same host, shared with the team."""

    def give(
        username: str = "lent",
        *,
        pattern: str = "",
        registry_values: dict | None = None,
        terms: dict | None = None,
        **values,
    ):
        from registry_ui.registries.models import CredentialGrant, Registry

        row = Registry.objects.filter(team=other_team, host=HOST).first()
        row = row or make_registry(team=other_team, host=HOST, **(registry_values or {}))
        credential = make_credential(row, username, **values)
        CredentialGrant.objects.create(
            credential=credential, team=team, repository_pattern=pattern, **(terms or {})
        )
        return credential

    return give


def test_a_shared_one_serves_where_the_team_has_none_and_needs_no_registry_of_its_own(
    team, lend
) -> None:
    lent = lend()
    assert choose(team) == lent
    assert registry_for(team, HOST) is None


def test_of_own_and_shared_ones_the_most_specific_pattern_wins_whoever_wrote_it(
    team, row, make_credential, lend
) -> None:
    make_credential(row, "own", repository_pattern="my-company/*")
    by_credential = lend("by-credential", repository_pattern="my-company/app")
    by_share = lend("by-share", pattern="my-company/tools")
    assert choose(team) == by_credential
    assert choose(team, "my-company/tools") == by_share
    assert choose(team, "my-company/other").label == "own"


def test_both_patterns_of_a_shared_one_have_to_match(team, lend) -> None:
    lend(repository_pattern="my-company/*", pattern="*/app")
    assert choose(team) is not None
    assert choose(team, "my-company/other") is None
    assert choose(team, "elsewhere/app") is None


def test_a_tie_of_own_and_shared_is_for_a_person_to_decide_and_says_whose_each_is(
    team, row, make_credential, lend
) -> None:
    make_credential(row, "Robot")
    lend("Robot")
    with pytest.raises(AmbiguousCredential, match="“Robot of team Lighthouse”") as caught:
        choose(team)
    assert set(caught.value.names) == {"Robot", "Robot of team Lighthouse"}


def test_a_share_for_pulling_pushes_nothing(team, lend) -> None:
    lend()
    assert choose(team, push=True) is None
    assert choose(team, "my-company/tools", push=False) is not None
    pushing = lend("pushing", terms={"can_push": True})
    assert choose(team, push=True) == pushing


@pytest.mark.parametrize("moment", ["until", "revoked_at"])
def test_a_share_that_is_over_serves_nothing(team, lend, moment) -> None:
    lent = lend(terms={moment: timezone.now() - timedelta(minutes=1)})
    assert choose(team) is None
    with pytest.raises(CredentialUnfit, match="The team Lighthouse"):
        choose(team, chosen=lent)


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
    team, make_registry, lend, theirs, ours, fits
) -> None:
    make_registry(host=HOST, security=ours)
    lent = lend(registry_values={"security": theirs})
    assert (choose(team) == lent) is fits


def test_the_index_reads_with_what_is_shared_and_lists_only_with_a_share_for_all(
    row, lend, make_credential
) -> None:
    some = lend("some", pattern="my-company/*")
    assert index_credential(row, "my-company/app") == some
    assert index_credential(row, "other/app") is None
    assert index_credential(row) is None
    whole = lend("whole")
    assert index_credential(row) == whole
    own = make_credential(row, "own")
    assert index_credential(row) == own


def test_the_index_reads_with_no_share_that_is_over(row, lend) -> None:
    lend(terms={"revoked_at": timezone.now()})
    assert index_credential(row, "my-company/app") is None
