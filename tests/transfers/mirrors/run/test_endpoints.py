import pytest
from django.utils import timezone

from registry_ui.credentials.models import CredentialGrant
from registry_ui.credentials.selection import AmbiguousCredential, CredentialUnusable
from registry_ui.oci.errors import Cancelled, Denied
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import Cancellation
from registry_ui.web.errors import describe
from tests.transfers.conftest import add_credential
from tests.transfers.mirrors.conftest import registry_row
from transfers.mirrors.models import Mirror, MirrorRun
from transfers.mirrors.services import change_mirror
from transfers.models import State

NAME = "library/nginx"

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_run_fails_without_its_removed_credential(
    registry, htpasswd_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository)
    mirror = make_mirror(repository, target=htpasswd_registry)
    credential = add_credential(
        mirror.target_registry, htpasswd_registry.username, htpasswd_registry.password
    )
    change_mirror(mirror=mirror, user=None, values={"target_credential": credential})

    assert run_mirror(mirror).state == State.SUCCEEDED
    assert htpasswd_registry.digest_of(repository, "1.0") == image.digest

    credential.delete()
    run = run_mirror(Mirror.objects.get(pk=mirror.pk))
    assert run.state == State.FAILED
    assert "removed" in describe(run.error).sentence
    assert htpasswd_registry.password not in str(list(Mirror.objects.values())) + str(
        list(mirror.runs.values())
    )


def test_without_a_selected_login_each_repository_uses_the_fitting_one(
    registry, htpasswd_registry, image_factory, make_mirror, run_mirror
):
    covered, uncovered = registry.new_repository(), registry.new_repository()
    for repository in (covered, uncovered):
        image_factory(registry, repository)
    mirror = make_mirror(covered, uncovered, target=htpasswd_registry)
    fitting = add_credential(
        mirror.target_registry,
        htpasswd_registry.username,
        htpasswd_registry.password,
        repository_pattern=covered,
    )
    wrong = add_credential(
        mirror.target_registry, "nobody", "wrong", label="wrong", repository_pattern=uncovered
    )

    run = run_mirror(mirror)

    states = {item.source_repository: item.state for item in run.items.all()}
    assert states[covered] == "done"
    assert states.get(uncovered) != "done"
    assert htpasswd_registry.digest_of(covered, "1.0") == registry.digest_of(covered, "1.0")
    for credential in (fitting, wrong):
        credential.refresh_from_db()
        assert credential.used_at is not None


def test_several_equal_logins_are_ambiguous(
    registry, htpasswd_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    mirror = make_mirror(repository, target=htpasswd_registry)
    for label in ("one", "two"):
        add_credential(
            mirror.target_registry,
            htpasswd_registry.username,
            htpasswd_registry.password,
            label=label,
        )

    run = run_mirror(mirror)

    assert run.state == State.FAILED
    assert run.items.get().error["code"] == "credential_ambiguous"


def test_a_mirror_uses_a_shared_credential(
    registry, htpasswd_registry, other_team, image_factory, make_mirror, run_mirror, team
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    mirror = make_mirror(repository, target=htpasswd_registry)
    theirs = registry_row(other_team, htpasswd_registry.host, "Theirs")
    credential = add_credential(theirs, htpasswd_registry.username, htpasswd_registry.password)
    CredentialGrant.objects.create(credential=credential, team=team, can_push=True)
    change_mirror(mirror=mirror, user=None, values={"target_credential": credential})

    assert run_mirror(mirror).state == State.SUCCEEDED
    CredentialGrant.objects.update(revoked_at=timezone.now())
    run = run_mirror(Mirror.objects.get(pk=mirror.pk))
    assert run.state == State.FAILED


def change(run, **values) -> MirrorRun:
    """Return the run after a change of its mirror."""
    Mirror.objects.filter(pk=run.mirror_id).update(**values)
    return MirrorRun.objects.get(pk=run.pk)


@pytest.mark.parametrize("end", ["source", "target"])
def test_a_run_without_its_removed_login_stops_before_the_first_request(
    claimed_run, open_endpoints, hub, company, end
):
    run = change(claimed_run(NAME), **{f"needs_{end}_credential": True})

    with pytest.raises(Denied):
        open_endpoints(run)

    assert hub.server.calls + company.server.calls == []


def test_a_local_pull_has_no_target_and_does_not_need_its_login(claimed_run, open_endpoints, hub):
    run = claimed_run(NAME, run_values={"is_local_pull": True})
    run = change(run, needs_target_credential=True)

    endpoints = open_endpoints(run)

    assert endpoints.target_client(NAME) is None
    assert endpoints.target_registry_store(NAME) is None
    assert endpoints.local_name(NAME) == Reference(hub.host, NAME)
    assert endpoints.target(NAME).head_manifest("1.0") is None


def test_repositories_with_the_same_login_share_a_client_and_the_ends_do_not(
    claimed_run, open_endpoints
):
    run = claimed_run("a/app", "b/app", "c/app")
    add_credential(run.mirror.source_registry, "robot", "x", repository_pattern="c/*")
    endpoints = open_endpoints(run)

    assert endpoints.source_client("a/app") is endpoints.source_client("b/app")
    assert endpoints.source_client("a/app") is not endpoints.source_client("c/app")
    assert endpoints.source_client("a/app") is not endpoints.target_client("a/app")
    assert endpoints.source("a/app") is endpoints.source("a/app")


def test_requests_of_both_ends_are_counted(claimed_run, open_endpoints, hub, company):
    endpoints = open_endpoints(claimed_run(NAME))
    endpoints.source(NAME).head_manifest("1.0")
    endpoints.target(NAME).head_manifest("1.0")

    # The question whether a registry requires a login is not counted.
    assert endpoints.requests == len(hub.server.made("HEAD") + company.server.made("HEAD")) == 2


def test_a_selected_login_must_cover_each_repository(claimed_run, open_endpoints):
    run = claimed_run("team/app", "other/app")
    reader = add_credential(run.mirror.source_registry, "robot", "x", repository_pattern="team/*")

    with pytest.raises(CredentialUnusable):
        open_endpoints(change(run, source_credential=reader))


def test_a_login_for_pulls_does_not_push(claimed_run, open_endpoints):
    run = claimed_run(NAME)
    reader = add_credential(run.mirror.target_registry, "reader", "x", can_push=False)

    # One that was not selected is left out, and the target is asked without a login.
    assert open_endpoints(run).target_client(NAME) is not None
    with pytest.raises(CredentialUnusable):
        open_endpoints(change(run, target_credential=reader))


def test_of_several_equal_logins_none_is_guessed_and_any_of_them_lists(claimed_run, open_endpoints):
    run = claimed_run(NAME)
    logins = [add_credential(run.mirror.source_registry, name, "x") for name in ("one", "two")]
    with pytest.raises(AmbiguousCredential):
        open_endpoints(run)

    _client, login = open_endpoints(run, checked=()).listing_client()

    assert login in logins


def test_a_limited_registry_on_both_ends_gives_each_request_one_slot(
    team, claimed_run, open_endpoints
):
    """Were there two limiters, or a nested request took a second slot, this would not end."""
    run = claimed_run(NAME)
    run.mirror.source_registry.mirror_max_requests = 1
    run.mirror.source_registry.save()
    run = change(run, target_registry=run.mirror.source_registry)
    cancellation = Cancellation()
    endpoints = open_endpoints(run, cancellation=cancellation)

    endpoints.source(NAME).head_manifest("1.0")
    endpoints.target(NAME).head_manifest("1.0")
    with endpoints.source_slot():
        cancellation.request()
        with pytest.raises(Cancelled), endpoints.target_slot():
            pass
