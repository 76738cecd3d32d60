"""Audit events of the actions of people and workers."""

import pytest
from django.urls import reverse

from registry_ui.accounts.audit.log import Origin, acting_as, current_origin
from registry_ui.accounts.models import Action, ActorKind, AuditEvent, Outcome
from registry_ui.accounts.services import setup
from registry_ui.catalog.indexing import index_services as index
from registry_ui.catalog.models import Repository
from registry_ui.credentials import services as registries
from registry_ui.images.models import LocalImage
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry
from tests.parts.processes import free_port
from tests.transfers.conftest import add_registry  # noqa: F401
from transfers import services
from transfers.models import State

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

VALUES = {
    "name": "Harbour registry",
    "host": "registry.example.com",
    "security": "verify",
    "ca_certificate": "",
    "token_hosts": [],
    "index_hours": 6,
    "namespaces": [],
}
LOGIN = {
    "label": "ci robot",
    "username": "robot",
    "repository_pattern": "",
    "can_push": True,
    "expires_at": None,
}


def only(action) -> AuditEvent:
    return AuditEvent.objects.get(action=action)


@pytest.fixture
def registry(team, alice):
    return registries.add_registry(team=team, user=alice, provider="private", values=VALUES)


@pytest.fixture
def credential(registry, alice):
    return registries.add_credential(registry=registry, user=alice, values=LOGIN, secret="hunter22")


def test_registries(registry, team, alice):
    added = only(Action.REGISTRY_ADDED)
    assert (added.actor_kind, added.actor_name, added.actor_key) == (
        ActorKind.PERSON,
        "alice",
        str(alice.pk),
    )
    assert (added.team_key, added.object_kind, added.object_key, added.object_name) == (
        team.pk,
        "registry",
        str(registry.pk),
        "Harbour registry",
    )
    registries.change_registry(
        registry=registry, user=alice, values={**VALUES, "name": "New", "security": "plain_http"}
    )
    assert only(Action.REGISTRY_CHANGED).details == {
        "host": "registry.example.com",
        "changed": ["name", "security"],
        "connection": "plain_http",
    }
    registries.remove_registry(registry=Registry.objects.get(pk=registry.pk), user=alice)
    assert only(Action.REGISTRY_REMOVED).object_key == str(registry.pk)


def test_credentials(registry, credential, alice):
    registries.change_credential(
        credential=credential, user=alice, values={**LOGIN, "can_push": False}, secret="hunter23"
    )
    changed = only(Action.CREDENTIAL_CHANGED)
    assert changed.object_name == "ci robot (robot)"
    assert (changed.details["changed"], changed.details["new_secret"]) == (["can_push"], True)
    registries.remove_credential(credential=credential, user=alice)
    assert only(Action.CREDENTIAL_REMOVED).object_key == only(Action.CREDENTIAL_ADDED).object_key
    assert "hunter" not in repr(list(AuditEvent.objects.values()))


def test_a_login_test_that_fails(team, alice):
    host = f"127.0.0.1:{free_port()}"
    registry = registries.add_registry(
        team=team,
        user=alice,
        provider="private",
        values={**VALUES, "host": host, "security": "plain_http"},
    )
    credential = registries.add_credential(
        registry=registry, user=alice, values=LOGIN, secret="hunter22"
    )
    with acting_as(Origin(ActorKind.PERSON, user=alice)), pytest.raises(OciError):
        registries.check_login(credential)
    tested = only(Action.CREDENTIAL_TESTED)
    assert (tested.outcome, tested.actor_name, tested.object_name) == (
        Outcome.FAILED,
        "alice",
        "ci robot (robot)",
    )


def test_imported_logins(team, alice):
    text = '{"auths": {"registry.example.com": {"auth": "cm9ib3Q6aHVudGVyMjI="}}}'
    registries.import_docker_config(team=team, user=alice, text=text)
    registries.import_docker_config(team=team, user=alice, text=text)
    assert (
        only(Action.REGISTRY_ADDED).actor_name
        == only(Action.CREDENTIAL_ADDED).actor_name
        == "alice"
    )
    assert only(Action.CREDENTIAL_CHANGED).details["new_secret"] is True


def test_index_and_pins(registry, bob):
    repository = index.add_repository(registry=registry, user=bob, name="shop/web")
    assert only(Action.REPOSITORY_ADDED).object_name == "registry.example.com/shop/web"
    assert only(Action.INDEX_STARTED).details["repository"] == "shop/web"
    index.remove_repository(repository=Repository.objects.get(pk=repository.pk), user=bob)
    assert only(Action.REPOSITORY_REMOVED).actor_name == "bob"


def test_scheduled_indexing_is_not_recorded(registry):
    with acting_as(Origin(ActorKind.SYSTEM)):
        index.start_index(registry=registry, user=None)
    assert not AuditEvent.objects.filter(action=Action.INDEX_STARTED).exists()


def test_local_images(team, bob, client_for):
    digest = f"sha256:{'a' * 64}"
    name = {"registry": "docker.io", "repository": "library/nginx", "tag": "1.27"}
    image = LocalImage.objects.create(team=team, digest=digest, image_id=digest, size=1, **name)
    client_for(bob).post(reverse("images:remove", args=[image.pk]))
    removed = only(Action.IMAGE_REMOVED)
    assert (removed.actor_name, removed.object_name, removed.details["digest"]) == (
        "bob",
        "nginx:1.27",
        digest,
    )


# --- transfers


def test_a_transfer_that_fails(registry, credential, team, bob):
    port = free_port()
    Registry.objects.filter(pk=registry.pk).update(host=f"127.0.0.1:{port}", security="plain_http")
    reference = Reference.parse(f"127.0.0.1:{port}/shop/web:1")
    transfer = services.start_pull(team=team, user=bob, reference=reference, enqueue=False)
    started = only(Action.TRANSFER_STARTED)
    assert (started.actor_name, started.object_name, started.credential_name) == (
        "bob",
        str(reference),
        "ci robot (robot)",
    )
    assert started.details == {"kind": "pull", "registry": "Harbour registry"}

    ended = services.run_in_process(transfer)

    failed = only(Action.TRANSFER_FAILED)
    assert ended.state == State.FAILED
    assert (failed.outcome, failed.actor_kind, failed.actor_name) == (
        Outcome.FAILED,
        ActorKind.SYSTEM,
        "bob",
    )
    assert failed.details["error"] == ended.error


@pytest.mark.django_db(transaction=True)
def test_a_transfer_that_succeeds(team, bob, htpasswd_registry, add_registry, image_factory):  # noqa: F811
    add_registry(team, htpasswd_registry)
    image = image_factory(htpasswd_registry)
    transfer = services.start_pull(
        team=team, user=bob, reference=Reference.parse(image.reference), enqueue=False
    )
    ended = services.run_in_process(transfer)
    succeeded = only(Action.TRANSFER_SUCCEEDED)
    assert ended.state == State.SUCCEEDED
    assert (succeeded.actor_kind, succeeded.actor_name, succeeded.object_name) == (
        ActorKind.SYSTEM,
        "bob",
        image.reference,
    )
    assert succeeded.credential_key == str(ended.source_credential_id)
    assert succeeded.details["digest"] == ended.digest
    assert succeeded.details["bytes"] == ended.bytes_done > 0


def test_a_cancelled_transfer_is_recorded_once_with_the_actor(registry, team, alice, bob):
    reference = Reference.parse("registry.example.com/shop/web:1")
    transfer = services.start_pull(team=team, user=bob, reference=reference, enqueue=False)
    services.cancel(transfer, alice)
    services.cancel(transfer, bob)
    assert only(Action.TRANSFER_CANCELLED).actor_name == "alice"


def test_the_command_line_is_an_actor(registry, team):
    services.start_pull(
        team=team, user=None, reference=Reference.parse("registry.example.com/a:1"), enqueue=False
    )
    assert only(Action.TRANSFER_STARTED).actor_kind == ActorKind.COMMAND_LINE


# --- requests


def test_a_refusal_is_recorded_in_the_team_of_the_object(client_for, registry, victor, team):
    victor.memberships.filter(team=team).update(role="viewer")
    answer = client_for(victor).post(
        reverse("registries:remove", args=[registry.pk]), REMOTE_ADDR="192.0.2.7"
    )
    event = only(Action.ACCESS_REFUSED)
    assert answer.status_code == 403
    assert (event.outcome, event.actor_name, event.address, event.team_key) == (
        Outcome.REFUSED,
        "victor",
        "192.0.2.7",
        team.pk,
    )
    assert (event.object_name, event.details["method"]) == ("registries:remove", "POST")


def test_refusals_are_recorded_with_a_limit(client_for, registry, victor):
    client = client_for(victor)
    for _each in range(30):
        assert client.get(reverse("registries:edit", args=[registry.pk])).status_code == 403
    assert AuditEvent.objects.filter(action=Action.ACCESS_REFUSED).count() == 10


def test_the_clients_address_is_recorded_and_a_forged_header_ignored(client_for, registry, alice):
    client_for(alice).post(
        reverse("registries:remove", args=[registry.pk]),
        REMOTE_ADDR="192.0.2.7",
        headers={"X-Forwarded-For": "9.9.9.9"},
    )
    assert only(Action.REGISTRY_REMOVED).address == "192.0.2.7"


def test_the_origin_ends_with_the_request(client_for, alice):
    client_for(alice).get("/")
    assert current_origin() == Origin()


def test_the_setup_is_the_first_event(db):
    token = setup.issue_setup_token()
    setup.create_first_administrator(
        token=token, username="root", email="", password="x" * 20, team_name="Harbour"
    )
    assert only(Action.INSTALLATION_SET_UP).actor_name == "root"
