from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from registry_ui.accounts.models import Action, AuditEvent, Team
from registry_ui.credentials.dependents import find_dependents
from registry_ui.credentials.models import Credential, CredentialGrant
from registry_ui.credentials.services import (
    CredentialUnusable,
    remove_credential,
    revoke_grant,
    rotate_credential,
    share_credential,
)
from registry_ui.images.models import LocalImage
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry, Security
from registry_ui.web.errors import describe
from tests.parts.error_texts import says
from tests.parts.processes import wait_until
from tests.parts.slow_line import slow_line
from tests.transfers.conftest import add_credential
from tests.transfers.test_faults_removing import run_in_thread
from transfers import services
from transfers.mirrors.services import create_mirror, run_in_process, start_run
from transfers.models import State, Transfer

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


FREE = {"can_push": False, "repository_pattern": "", "expires_at": None}


@pytest.fixture
def robot(team, add_registry, htpasswd_registry):
    """Return Harbour's credential for a registry that requires a login."""
    row = add_registry(team, htpasswd_registry, with_credential=False)
    return add_credential(
        row, htpasswd_registry.username, htpasswd_registry.password, label="Robot"
    )


@pytest.fixture
def share(robot, other_team, alice):
    def create(credential=None, **terms):
        return share_credential(
            credential=credential or robot, team=other_team, user=alice, terms={**FREE, **terms}
        )

    return create


@pytest.fixture
def pull_shared(other_team, charlie):
    """Return a function that pulls in this process as Charlie of the other team."""

    def run(reference, **options):
        started = services.start_pull(
            team=other_team,
            user=charlie,
            reference=Reference.parse(reference),
            enqueue=False,
            **options,
        )
        return services.run_in_process(started)

    return run


def test_the_other_team_pulls_with_what_is_shared_without_a_registry_of_its_own(
    share, pull_shared, robot, htpasswd_registry, image_factory
):
    grant = share()
    image = image_factory(htpasswd_registry)

    ended = pull_shared(image.reference)

    assert ended.state == State.SUCCEEDED, ended.error
    assert ended.source_credential == robot
    robot.refresh_from_db()
    grant.refresh_from_db()
    assert (robot.used_by, robot.used_for) == ("charlie", image.reference)
    assert grant.used_at is not None


def test_without_a_share_the_registry_refuses(robot, pull_shared, htpasswd_registry, image_factory):
    ended = pull_shared(image_factory(htpasswd_registry).reference)
    assert (ended.state, ended.source_credential) == (State.FAILED, None)
    assert "Robot" not in str(ended.error)


def test_each_use_is_in_the_owners_audit_log_with_team_person_and_reference(
    team, share, pull_shared, robot, htpasswd_registry, image_factory
):
    share()
    image = image_factory(htpasswd_registry)

    pull_shared(image.reference)

    event = AuditEvent.objects.get(action=Action.CREDENTIAL_USED)
    assert (event.team_key, event.actor_name, event.credential_key) == (
        team.pk,
        "charlie",
        str(robot.pk),
    )
    assert event.details == {
        "operation": "pull",
        "target": image.reference,
        "by_team": "Lighthouse",
    }
    assert (event.address, event.token_name) == (None, "")
    assert htpasswd_registry.password not in str(vars(event))


def test_the_owner_does_not_learn_the_target_of_a_copy(
    share, other_team, charlie, htpasswd_registry, registry, add_registry, image_factory
):
    share()
    add_registry(other_team, registry)
    image = image_factory(htpasswd_registry)
    target = Reference.parse(f"{registry.host}/{registry.new_repository()}:secret-plan")

    endpoints = {"source": Reference.parse(image.reference), "target": target}
    copied = services.run_in_process(
        services.start_copy(team=other_team, user=charlie, enqueue=False, **endpoints)
    )

    assert copied.state == State.SUCCEEDED, copied.error
    events = AuditEvent.objects.filter(action=Action.CREDENTIAL_USED)
    assert [event.details["operation"] for event in events] == ["pull"]
    assert "secret-plan" not in str([vars(event) for event in events])


def test_a_push_with_a_share_for_pulling_is_refused(
    share,
    robot,
    other_team,
    charlie,
    registry,
    htpasswd_registry,
    image_factory,
    pull_shared,
    add_registry,
):
    share()
    add_registry(other_team, registry)
    image = image_factory(registry)
    assert pull_shared(image.reference).state == State.SUCCEEDED
    target = Reference.parse(f"{htpasswd_registry.host}/{htpasswd_registry.new_repository()}:1.0")
    endpoints = {"source": Reference.parse(image.reference), "target": target}

    with pytest.raises(CredentialUnusable, check=says("for pulling only")):
        services.start_publish(
            team=other_team, user=charlie, credential=robot, enqueue=False, **endpoints
        )
    anonymous = services.run_in_process(
        services.start_publish(team=other_team, user=charlie, enqueue=False, **endpoints)
    )

    assert (anonymous.state, anonymous.target_credential) == (State.FAILED, None)


def test_a_share_for_pushing_pushes(
    share,
    robot,
    other_team,
    charlie,
    registry,
    htpasswd_registry,
    image_factory,
    pull_shared,
    add_registry,
):
    share(can_push=True)
    add_registry(other_team, registry)
    image = image_factory(registry)
    pull_shared(image.reference)
    target = Reference.parse(f"{htpasswd_registry.host}/{htpasswd_registry.new_repository()}:1.0")

    endpoints = {"source": Reference.parse(image.reference), "target": target}
    pushed = services.run_in_process(
        services.start_publish(team=other_team, user=charlie, enqueue=False, **endpoints)
    )

    assert pushed.state == State.SUCCEEDED, pushed.error
    assert pushed.target_credential == robot


def test_a_share_never_pushes_where_the_credential_itself_may_not(
    share, robot, pull_shared, other_team
):
    share(can_push=True)
    Credential.objects.filter(pk=robot.pk).update(can_push=False)
    robot.refresh_from_db()
    reference = Reference.parse(f"{robot.registry.host}/a/b:1")
    with pytest.raises(CredentialUnusable, check=says("pulling only")):
        services.start_retag(
            team=other_team,
            user=None,
            source=reference,
            target=reference.with_tag("2"),
            credential=robot,
        )


def test_a_share_for_some_repositories_serves_no_others(
    share, robot, pull_shared, htpasswd_registry, image_factory
):
    share(repository_pattern="open/*")
    inside, outside = (
        image_factory(htpasswd_registry, "open/app"),
        image_factory(htpasswd_registry, "closed/app"),
    )

    assert pull_shared(inside.reference).state == State.SUCCEEDED
    assert pull_shared(outside.reference).state == State.FAILED
    with pytest.raises(CredentialUnusable, check=says("for the repositories open/")):
        pull_shared(outside.reference, credential=robot)


def test_an_expired_share_is_refused_with_its_expiry(
    share, robot, pull_shared, htpasswd_registry, image_factory
):
    grant = share()
    CredentialGrant.objects.filter(pk=grant.pk).update(
        expires_at=timezone.now() - timedelta(minutes=1)
    )
    image = image_factory(htpasswd_registry)

    ended = pull_shared(image.reference)

    assert ended.state == State.FAILED
    assert "The team Harbour shared the credential “Robot” until" in describe(ended.error).sentence
    with pytest.raises(CredentialUnusable, check=says("until")):
        pull_shared(image.reference, credential=robot)


def test_after_it_is_revoked_the_next_pull_is_refused_with_actor_and_time(
    share, pull_shared, alice, htpasswd_registry, image_factory
):
    grant = share()
    image = image_factory(htpasswd_registry)
    assert pull_shared(image.reference).state == State.SUCCEEDED

    revoke_grant(grant=grant, user=alice)
    ended = pull_shared(image.reference)

    assert ended.state == State.FAILED
    assert "The team Harbour took the credential “Robot” back on" in describe(ended.error).sentence
    assert ended.source_credential is None


def test_a_retry_with_what_was_taken_back_is_refused_in_the_worker(
    share, pull_shared, robot, alice, charlie, htpasswd_registry, image_factory
):
    grant = share()
    ended = pull_shared(image_factory(htpasswd_registry).reference)
    revoke_grant(grant=grant, user=alice)
    robot.refresh_from_db()
    used_at = robot.used_at

    again = services.run_in_process(services.retry(ended, charlie, enqueue=False))

    assert (again.state, again.error["kind"]) == (State.FAILED, "CredentialUnusable")
    assert "took the credential “Robot” back" in describe(again.error).sentence
    robot.refresh_from_db()
    assert robot.used_at == used_at


def test_queued_transfers_with_it_are_cancelled_with_the_reason(
    share, alice, other_team, charlie, htpasswd_registry
):
    grant = share()
    reference = Reference.parse(f"{htpasswd_registry.host}/a/b:1")
    waiting = services.start_pull(team=other_team, user=charlie, reference=reference)

    assert revoke_grant(grant=grant, user=alice) == 1

    waiting.refresh_from_db()
    assert waiting.state == State.CANCELLED
    assert "took the credential “Robot” back" in describe(waiting.error).sentence
    assert "Harbour" in describe(waiting.error).advice
    event = AuditEvent.objects.get(action=Action.TRANSFER_CANCELLED)
    assert (event.team_key, event.actor_name, event.address) == (other_team.pk, "alice", None)
    assert "took the credential" in describe(event.details["error"]).sentence


def test_what_runs_with_it_is_stopped_and_told_why(
    team, share, alice, other_team, charlie, add_registry, htpasswd_registry, image_factory
):
    image = image_factory(htpasswd_registry)
    with slow_line(htpasswd_registry.port) as line:
        row = add_registry(team, htpasswd_registry, host=line.host, with_credential=False)
        grant = share(
            add_credential(
                row, htpasswd_registry.username, htpasswd_registry.password, label="Slow"
            )
        )
        line.hold("GET", "/blobs/")
        reference = Reference.parse(f"{line.host}/{image.repository}:{image.tag}")
        running = services.start_pull(
            team=other_team, user=charlie, reference=reference, enqueue=False
        )
        thread = run_in_thread(running)
        assert line.is_holding.wait(20)

        assert revoke_grant(grant=grant, user=alice) == 1
        wait_until(lambda: Transfer.objects.get(pk=running.pk).is_terminal, seconds=15)
        line.release(drop=True)
        thread.join(20)

    running.refresh_from_db()
    assert running.state == State.CANCELLED
    assert "took the credential “Slow” back" in describe(running.error).sentence
    assert not LocalImage.objects.exists()


def test_the_owners_own_transfers_continue_when_a_share_ends(
    share, robot, team, alice, htpasswd_registry
):
    grant = share()
    own = services.start_pull(
        team=team, user=alice, reference=Reference.parse(f"{htpasswd_registry.host}/a/b:1")
    )
    assert revoke_grant(grant=grant, user=alice) == 0
    own.refresh_from_db()
    assert own.state == State.QUEUED


def test_removing_a_credential_cancels_queued_transfers_in_every_team(
    share, robot, team, alice, other_team, charlie, htpasswd_registry
):
    share()
    reference = Reference.parse(f"{htpasswd_registry.host}/a/b:1")
    rows = [
        services.start_pull(team=owner, user=user, reference=reference)
        for owner, user in ((team, alice), (other_team, charlie))
    ]

    remove_credential(credential=robot, user=alice)

    for row in rows:
        row.refresh_from_db()
        assert row.state == State.CANCELLED
        assert "The team Harbour removed the credential “Robot”" in describe(row.error).sentence


@pytest.mark.parametrize("removed", ["registry", "team"])
def test_removing_a_registry_or_a_team_stops_what_others_do_with_its_credentials(
    share, robot, team, other_team, charlie, htpasswd_registry, removed
):
    share()
    reference = Reference.parse(f"{htpasswd_registry.host}/a/b:1")
    waiting = services.start_pull(team=other_team, user=charlie, reference=reference)

    (robot.registry if removed == "registry" else team).delete()

    waiting.refresh_from_db()
    assert waiting.state == State.CANCELLED
    assert "removed the credential “Robot”" in describe(waiting.error).sentence


def test_dependents_are_named_by_the_endpoint_that_the_credential_is_for(
    share, robot, other_team, charlie, registry, add_registry
):
    share()
    add_registry(other_team, registry)
    source = Reference.parse(f"{robot.registry.host}/a/b:1")
    target = Reference.parse(f"{registry.host}/private/c:secret-plan")
    services.start_copy(team=other_team, user=charlie, source=source, target=target)

    (dependent,) = find_dependents(robot)

    assert dependent.team == other_team
    assert "a/b:1" in dependent.description
    assert "charlie" in dependent.description
    assert "secret-plan" not in dependent.description
    assert find_dependents(robot, Team.objects.get(name="Harbour")) == []


def test_a_share_is_not_used_where_the_borrowers_own_registry_demands_more(
    share, pull_shared, robot, other_team, htpasswd_registry, image_factory
):
    share()
    Registry.objects.create(
        team=other_team, name="Strict", host=htpasswd_registry.host, security=Security.VERIFY
    )
    image = image_factory(htpasswd_registry)

    with pytest.raises(CredentialUnusable, check=says("less safely")):
        pull_shared(image.reference, credential=robot)
    ended = pull_shared(image.reference)

    assert (ended.state, ended.source_credential) == (State.FAILED, None)
    assert ended.error["kind"] == "TlsFailed"


def test_a_secret_goes_over_the_owners_connection_however_lax_the_borrowers_is(
    other_team, share, pull_shared, robot, htpasswd_registry
):
    share()
    Registry.objects.filter(pk=robot.registry_id).update(security=Security.VERIFY)
    Registry.objects.create(
        team=other_team, name="Lax", host=htpasswd_registry.host, security=Security.PLAIN_HTTP
    )

    ended = pull_shared(f"{htpasswd_registry.host}/a/b:1", plain_http=True)

    assert (ended.state, ended.error["kind"]) == (State.FAILED, "TlsFailed")


def test_an_open_form_with_what_was_taken_back_meanwhile_starts_nothing(
    share, robot, alice, charlie, client_for, htpasswd_registry
):
    revoke_grant(grant=share(), user=alice)
    values = {
        "reference": f"{htpasswd_registry.host}/a/b:1",
        "platform_choice": "machine",
        "credential": robot.pk,
    }

    response = client_for(charlie).post(reverse("transfers:pull"), values)

    page = response.content.decode()
    assert response.status_code == 422
    assert "The team may not use this credential, or not any more" in page
    assert "took the credential “Robot” back" in page
    assert not Transfer.objects.exists()


def test_the_id_of_a_credential_that_was_never_shared_is_worth_nothing(
    robot, charlie, client_for, htpasswd_registry
):
    values = {
        "reference": f"{htpasswd_registry.host}/a/b:1",
        "platform_choice": "machine",
        "credential": robot.pk,
    }

    response = client_for(charlie).post(reverse("transfers:pull"), values)

    assert response.status_code == 422
    assert "Robot" not in response.content.decode()
    assert not Transfer.objects.exists()


def test_form_page_and_list_say_whose_credential_it_is(
    share, pull_shared, charlie, client_for, htpasswd_registry, image_factory
):
    grant = share()
    image = image_factory(htpasswd_registry)
    client = client_for(charlie)
    form = client.get(
        f"{reverse('transfers:login', args=['pull'])}?reference={image.reference}"
    ).content.decode()
    assert "Robot of team Harbour" in form

    ended = pull_shared(image.reference)

    page = reverse("transfers:detail", args=[ended.pk])
    assert "of the team Harbour" in client.get(page).content.decode()
    assert (
        "with a credential of the team Harbour"
        in client.get(reverse("transfers:list")).content.decode()
    )
    revoke_grant(grant=grant, user=None)
    assert "a credential that its team shares no more" in client.get(page).content.decode()


def test_the_command_line_calls_it_by_its_team(
    share, robot, other_team, htpasswd_registry, add_registry, image_factory, capsys
):
    share()
    row = add_registry(other_team, htpasswd_registry, with_credential=False)
    add_credential(row, htpasswd_registry.username, htpasswd_registry.password, label="Robot")
    image = image_factory(htpasswd_registry)
    with pytest.raises(SystemExit):
        call_command("pull", image.reference, "--now", "--team", "lighthouse")
    assert "--credential 'Robot of team Harbour'" in capsys.readouterr().err

    call_command(
        "pull",
        image.reference,
        "--now",
        "--team",
        "lighthouse",
        "--credential",
        "Robot of team Harbour",
    )

    assert Transfer.objects.get().source_credential == robot


def test_a_new_secret_leaves_what_runs_alone_and_serves_what_starts(
    team, alice, robot, add_registry, htpasswd_registry, image_factory
):
    image = image_factory(htpasswd_registry)
    with slow_line(htpasswd_registry.port) as line:
        row = add_registry(team, htpasswd_registry, host=line.host, with_credential=False)
        credential = add_credential(row, htpasswd_registry.username, htpasswd_registry.password)
        line.hold("GET", "/blobs/")
        reference = Reference.parse(f"{line.host}/{image.repository}:{image.tag}")
        running = services.start_pull(team=team, user=alice, reference=reference, enqueue=False)
        thread = run_in_thread(running)
        assert line.is_holding.wait(20)

        rotate_credential(
            credential=credential,
            user=alice,
            secret="wrong from now on",
            expires_at=None,
            is_verified=False,
        )
        line.release()
        thread.join(30)
        later = services.run_in_process(
            services.start_pull(team=team, user=alice, reference=reference, enqueue=False)
        )

    running.refresh_from_db()
    assert running.state == State.SUCCEEDED, running.error
    assert (later.state, later.error["kind"]) == (State.FAILED, "Unauthorized")


@pytest.fixture
def mirror(other_team, robot, registry, add_registry):
    """Return a mirror of the other team with a shared source."""
    source = Registry.objects.create(
        team=other_team, name="Theirs", host=robot.registry.host, security=Security.PLAIN_HTTP
    )
    endpoints = {
        "source_registry": source,
        "source_credential": robot,
        "target_registry": add_registry(other_team, registry),
    }
    return create_mirror(
        team=other_team,
        user=None,
        values={"name": "secret plan", "repositories": ["team/app"], **endpoints},
    )


def test_a_mirror_of_the_other_team_is_named_by_its_source_and_stops_when_the_share_is_revoked(
    share, alice, robot, other_team, request
):
    grant = share()
    mirror = request.getfixturevalue("mirror")
    run = start_run(mirror=mirror, user=None)
    (dependent,) = find_dependents(robot, other_team)
    assert (dependent.description, dependent.state) == ("A mirror of team/app", State.QUEUED)

    assert revoke_grant(grant=grant, user=alice) == 1

    run.refresh_from_db()
    assert run.state == State.CANCELLED
    assert "took the credential “Robot” back" in describe(run.error).sentence


def test_a_later_run_of_the_mirror_fails_and_says_why(
    share, alice, request, htpasswd_registry, image_factory
):
    image_factory(htpasswd_registry, "team/app")
    grant = share()
    mirror = request.getfixturevalue("mirror")
    assert (
        run_in_process(start_run(mirror=mirror, user=None, enqueue=False)).state == State.SUCCEEDED
    )
    revoke_grant(grant=grant, user=alice)
    ended = run_in_process(start_run(mirror=mirror, user=None, enqueue=False))

    assert ended.state == State.FAILED
    assert "took the credential “Robot” back" in describe(ended.error).sentence
