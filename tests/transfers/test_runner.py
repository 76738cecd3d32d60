import json
import threading
import time

import pytest
from cryptography.fernet import Fernet

from registry_ui.accounts.models import Membership, Role
from registry_ui.images.models import LocalImage
from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe
from tests.parts.slow_line import slow_line
from transfers import services
from transfers.models import State, Transfer

from .conftest import add_credential, blob_files, check_every_blob_hashes_to_its_name, states
from .scripted_registry import times_fetched

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_pull_stores_every_blob_and_tags_the_image(
    team, pull, registry, add_registry, image_factory, images_directory
):
    add_registry(team, registry)
    image = image_factory(registry, layers=3)

    transfer = pull(image.reference)

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert transfer.digest == image.digest
    assert states(transfer) == ["done"] * 3
    local = LocalImage.objects.get(team=team)
    assert (str(local.reference), local.image_id, local.source_digest) == (
        image.reference,
        image.config,
        image.digest,
    )
    check_every_blob_hashes_to_its_name(images_directory)
    assert len(blob_files(images_directory)) == 5


def test_a_second_pull_transfers_no_blob(team, pull, registry, add_registry, image_factory):
    with slow_line(registry.port) as line:
        add_registry(team, registry, host=line.host)
        image = image_factory(registry, layers=3)
        reference = f"{line.host}/{image.repository}:{image.tag}"
        pull(reference)
        line.requests.clear()

        again = pull(reference)

        assert states(again) == ["exists"] * 3
        assert line.count("GET", "/blobs/") == 0
        assert again.bytes_done == again.bytes_total == 0


def test_one_platform_of_an_index_is_kept_and_the_index_remembered(
    team, pull, registry, add_registry, image_factory
):
    add_registry(team, registry)
    image = image_factory(registry, platforms=["linux/amd64", "linux/arm64/v8"])

    transfer = pull(image.reference, platform="linux/arm64")

    arm = next(child for child in image.children if child.platform.startswith("linux/arm64"))
    local = LocalImage.objects.get(team=team)
    assert transfer.state == State.SUCCEEDED, transfer.error
    assert (local.digest, local.image_id, local.source_digest) == (
        arm.digest,
        arm.config,
        image.digest,
    )
    assert [platform["platform"] for platform in local.platforms] == [
        "linux/arm64/v8"
    ] or local.platforms[0]["platform"].startswith("linux/arm64")


def test_all_platforms_keep_the_index_with_its_attestation(
    team, pull, registry, add_registry, image_factory
):
    add_registry(team, registry)
    image = image_factory(registry, platforms=["linux/amd64", "linux/arm64/v8"], attestation=True)

    transfer = pull(image.reference, platform="all")

    local = LocalImage.objects.get(team=team)
    assert transfer.state == State.SUCCEEDED, transfer.error
    assert (local.digest, local.source_digest) == (image.digest, image.digest)
    assert {platform["platform"] for platform in local.platforms} >= {"linux/amd64"}


def test_a_platform_that_the_index_lacks_is_named_with_those_that_it_has(
    team, pull, registry, add_registry, image_factory
):
    add_registry(team, registry)
    image = image_factory(registry, platforms=["linux/amd64", "linux/s390x"])

    transfer = pull(image.reference, platform="linux/riscv64")

    assert transfer.state == State.FAILED
    assert transfer.error["kind"] == "PlatformMissing"
    assert "linux/s390x" in describe(transfer.error).advice
    assert not LocalImage.objects.exists()


def test_a_pull_by_digest_alone_makes_a_name_without_a_tag(
    team, pull, registry, add_registry, image_factory
):
    add_registry(team, registry)
    image = image_factory(registry)

    transfer = pull(f"{registry.host}/{image.repository}@{image.digest}")

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert LocalImage.objects.get(team=team).tag == ""


@pytest.mark.parametrize("kind", ["htpasswd_registry", "token_registry", "tls_registry"])
def test_a_pull_works_with_every_kind_of_login(
    kind, request, team, pull, add_registry, image_factory
):
    registry = request.getfixturevalue(kind)
    add_registry(team, registry)

    transfer = pull(image_factory(registry).reference)

    assert transfer.state == State.SUCCEEDED, transfer.error


def test_a_missing_tag_fails_with_its_name(team, pull, registry, add_registry, image_factory):
    add_registry(team, registry)
    image = image_factory(registry)

    transfer = pull(f"{registry.host}/{image.repository}:no-such-tag")

    assert transfer.state == State.FAILED
    assert transfer.error["kind"] == "ManifestUnknown"
    assert "no-such-tag" in describe(transfer.error).sentence
    assert describe(transfer.error).advice


def test_a_wrong_password_fails_with_advice_and_the_secret_is_nowhere(
    team, pull, htpasswd_registry, add_registry, image_factory
):
    row = add_registry(team, htpasswd_registry, with_credential=False)
    add_credential(row, htpasswd_registry.username, "canary-wrong-password")

    transfer = pull(image_factory(htpasswd_registry).reference)

    assert transfer.error["kind"] == "Unauthorized"
    assert describe(transfer.error).advice
    assert "canary" not in json.dumps(transfer.error)


def test_a_push_arrives_with_the_same_digest_as_skopeo_sees_it(
    team, pull, publish, registry, token_registry, add_registry, image_factory, skopeo
):
    add_registry(team, registry)
    add_registry(team, token_registry)
    image = image_factory(registry, platforms=["linux/amd64", "linux/arm64/v8"], attestation=True)
    pull(image.reference, platform="all")
    repository = token_registry.new_repository()

    transfer = publish(image.reference, f"{token_registry.host}/{repository}:9.9")

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert token_registry.digest_of(repository, "9.9") == image.digest == transfer.digest
    assert skopeo.manifest(token_registry, repository, "9.9") == image.built.content
    assert transfer.size == image.built.size


def test_publishing_shows_its_three_steps(
    team, pull, publish, registry, htpasswd_registry, add_registry, image_factory
):
    add_registry(team, registry)
    add_registry(team, htpasswd_registry)
    image = image_factory(registry)
    pull(image.reference)

    transfer = publish(
        image.reference, f"{htpasswd_registry.host}/{htpasswd_registry.new_repository()}:1"
    )

    assert [(step["name"], step["state"]) for step in transfer.progress["steps"]] == [
        ("login", "done"),
        ("tag", "done"),
        ("push", "done"),
    ]
    assert htpasswd_registry.username in transfer.progress["steps"][0]["detail"]
    assert LocalImage.objects.filter(team=team, image_id=image.config).count() == 2


def test_a_refused_login_stops_publishing_before_anything_is_tagged(
    team, pull, publish, registry, htpasswd_registry, add_registry, image_factory
):
    add_registry(team, registry)
    row = add_registry(team, htpasswd_registry, with_credential=False)
    add_credential(row, htpasswd_registry.username, "wrong")
    image = image_factory(registry)
    pull(image.reference)

    transfer = publish(
        image.reference, f"{htpasswd_registry.host}/{htpasswd_registry.new_repository()}:1"
    )

    assert transfer.state == State.FAILED
    assert [step["state"] for step in transfer.progress["steps"]] == [
        "failed",
        "waiting",
        "waiting",
    ]
    assert LocalImage.objects.count() == 1


def test_a_second_push_sends_no_layer_and_a_neighbour_mounts_them(
    team, pull, publish, registry, add_registry, image_factory
):
    add_registry(team, registry)
    image = image_factory(registry, layers=3)
    pull(image.reference)

    again = services.run_in_process(
        services.start_push(
            team=team, user=None, reference=Reference.parse(image.reference), enqueue=False
        )
    )
    sibling = publish(image.reference, f"{registry.host}/{registry.new_repository()}:1")

    assert states(again) == ["exists"] * 3
    assert states(sibling) == ["mounted"] * 3
    assert {layer["from"] for layer in sibling.progress["layers"]} == {image.repository}
    assert sibling.bytes_total == 0


def test_a_reader_may_not_push_and_is_told_so(
    team, pull, publish, registry, token_registry, add_registry, image_factory
):
    add_registry(team, registry)
    row = add_registry(team, token_registry, with_credential=False)
    add_credential(row, token_registry.reader_username, token_registry.reader_password)
    image = image_factory(registry)
    pull(image.reference)
    repository = token_registry.new_repository()

    transfer = publish(image.reference, f"{token_registry.host}/{repository}:1")

    assert transfer.state == State.FAILED
    assert transfer.error["kind"] in ("Denied", "Unauthorized")
    assert describe(transfer.error).advice
    assert token_registry.tags(repository) == []


def test_a_retag_is_one_manifest_put(team, alice, registry, add_registry, image_factory):
    image = image_factory(registry)
    with slow_line(registry.port) as line:
        add_registry(team, registry, host=line.host)
        source = Reference.parse(f"{line.host}/{image.repository}:{image.tag}")

        transfer = services.run_in_process(
            services.start_retag(
                team=team,
                user=alice,
                source=source,
                target=source.with_tag("stable"),
                enqueue=False,
            )
        )

        assert transfer.state == State.SUCCEEDED, transfer.error
        assert registry.digest_of(image.repository, "stable") == image.digest
        assert (line.count("PUT", ""), line.count("POST", ""), times_fetched(line, image)) == (
            1,
            0,
            [0, 0],
        )
    assert not LocalImage.objects.exists()


def test_a_tag_is_an_alias_of_the_same_image(
    team, alice, pull, registry, add_registry, image_factory, images_directory
):
    add_registry(team, registry)
    image = image_factory(registry)
    pull(image.reference)
    before = len(blob_files(images_directory))

    transfer = services.start_tag(
        team=team,
        user=alice,
        source=Reference.parse(image.reference),
        target=Reference.parse("johndoe/my-app:v1.0"),
    )

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert list(LocalImage.objects.values_list("image_id", flat=True)) == [image.config] * 2
    assert len(blob_files(images_directory)) == before


# --- rights and secrets, looked up again when the job runs


def test_a_person_who_lost_the_right_meanwhile_is_refused(
    team, bob, registry, add_registry, image_factory
):
    add_registry(team, registry)
    transfer = services.start_pull(
        team=team,
        user=bob,
        reference=Reference.parse(image_factory(registry).reference),
        enqueue=False,
    )
    Membership.objects.filter(user=bob).update(role=Role.VIEWER)

    ended = services.run_in_process(transfer)

    assert (ended.state, ended.error["kind"]) == (State.FAILED, "Denied")
    assert "bob" in describe(ended.error).sentence


def test_a_person_who_was_removed_meanwhile_is_refused(
    team, bob, registry, add_registry, image_factory
):
    add_registry(team, registry)
    transfer = services.start_pull(
        team=team,
        user=bob,
        reference=Reference.parse(image_factory(registry).reference),
        enqueue=False,
    )
    bob.delete()

    ended = services.run_in_process(transfer)

    assert (ended.state, ended.error["kind"]) == (State.FAILED, "Denied")


def test_a_credential_that_was_removed_meanwhile_is_not_replaced_by_another(
    team, alice, htpasswd_registry, add_registry, image_factory
):
    row = add_registry(team, htpasswd_registry, with_credential=False)
    selected = add_credential(
        row, htpasswd_registry.username, htpasswd_registry.password, label="selected"
    )
    add_credential(row, htpasswd_registry.username, htpasswd_registry.password, label="other")
    reference = Reference.parse(image_factory(htpasswd_registry).reference)
    transfer = services.start_pull(
        team=team, user=alice, reference=reference, credential=selected, enqueue=False
    )
    # However it came about: a removal of the product's stops what waits, see test_dependents.
    Transfer.objects.filter(pk=transfer.pk).update(source_credential=None)

    ended = services.run_in_process(transfer)

    assert ended.state == State.FAILED
    assert "removed" in describe(ended.error).sentence


@pytest.mark.parametrize("change", [{"can_push": False}, {"repository_pattern": "elsewhere/*"}])
def test_a_credential_that_was_restricted_meanwhile_is_not_used_by_a_retry(
    alice,
    team,
    bob,
    pull,
    publish,
    registry,
    htpasswd_registry,
    add_registry,
    image_factory,
    change,
):
    add_registry(team, registry)
    row = add_registry(team, htpasswd_registry)
    image = image_factory(registry)
    pull(image.reference)
    target = f"{htpasswd_registry.host}/{htpasswd_registry.new_repository()}:1.0"
    pushed = publish(image.reference, target)
    assert pushed.state == State.SUCCEEDED, pushed.error
    row.credentials.update(**change)

    again = services.run_in_process(services.retry(pushed, bob, enqueue=False))

    assert (again.state, again.error["kind"]) == (State.FAILED, "CredentialUnusable")


def test_with_the_wrong_encryption_key_nothing_is_asked_of_the_registry(
    team, alice, htpasswd_registry, add_registry, image_factory, settings
):
    image = image_factory(htpasswd_registry)
    with slow_line(htpasswd_registry.port) as line:
        add_registry(team, htpasswd_registry, host=line.host)
        reference = Reference.parse(f"{line.host}/{image.repository}:{image.tag}")
        transfer = services.start_pull(team=team, user=alice, reference=reference, enqueue=False)
        settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

        ended = services.run_in_process(transfer)

        assert ended.state == State.FAILED
        assert "REGISTRY_UI_ENCRYPTION_KEYS" in describe(ended.error).advice
        assert line.requests == []


# --- cancelling and losing the row


def run_in_thread(transfer):
    from django.db import connection

    def run():
        try:
            services.run_in_process(transfer)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def wait_for(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


@pytest.fixture
def slow_pull(team, alice, registry, add_registry, image_factory):
    """Return a pull in the middle of a layer that would take a minute."""
    image = image_factory(registry, layers=1, layer_size=4 << 20)
    with slow_line(registry.port, bytes_per_second=64 << 10) as line:
        add_registry(team, registry, host=line.host)
        reference = Reference.parse(f"{line.host}/{image.repository}:{image.tag}")
        transfer = services.start_pull(team=team, user=alice, reference=reference, enqueue=False)
        thread = run_in_thread(transfer)
        wait_for(lambda: Transfer.objects.get(pk=transfer.pk).bytes_done > 0)
        yield transfer, thread, line
        line.bytes_per_second = None
        thread.join()


def test_a_running_transfer_is_cancelled_within_two_seconds(slow_pull, alice):
    transfer, thread, _ = slow_pull
    started = time.monotonic()

    services.cancel(transfer, alice)
    thread.join(10)

    transfer.refresh_from_db()
    assert transfer.state == State.CANCELLED
    assert time.monotonic() - started < 4
    assert not LocalImage.objects.exists()


def test_a_retry_goes_on_from_what_has_arrived(slow_pull, alice):
    transfer, thread, line = slow_pull
    services.cancel(transfer, alice)
    thread.join()
    line.bytes_per_second = None

    retried = services.run_in_process(
        services.retry(Transfer.objects.get(pk=transfer.pk), alice, enqueue=False)
    )

    assert retried.state == State.SUCCEEDED, retried.error
    assert retried.retry_of_id == transfer.pk
    assert retried.bytes_done == retried.bytes_total


def test_a_run_that_lost_its_row_stops_and_changes_nothing(slow_pull):
    transfer, thread, _ = slow_pull
    Transfer.objects.filter(pk=transfer.pk).update(state=State.QUEUED, claim=None)

    thread.join(10)

    transfer.refresh_from_db()
    assert not thread.is_alive()
    assert (transfer.state, transfer.error) == (State.QUEUED, None)


def test_a_queued_transfer_is_cancelled_at_once_and_never_runs(
    team, alice, registry, add_registry, image_factory
):
    add_registry(team, registry)
    transfer = services.start_pull(
        team=team,
        user=alice,
        reference=Reference.parse(image_factory(registry).reference),
        enqueue=False,
    )

    services.cancel(transfer, alice)

    assert services.run_in_process(transfer).state == State.CANCELLED
    assert not LocalImage.objects.exists()


def test_an_ended_transfer_is_not_cancelled(
    team, alice, pull, registry, add_registry, image_factory
):
    add_registry(team, registry)
    transfer = pull(image_factory(registry).reference)

    services.cancel(transfer, alice)

    transfer.refresh_from_db()
    assert transfer.state == State.SUCCEEDED


def test_two_workers_never_run_the_same_row(team, alice, registry, add_registry, image_factory):
    add_registry(team, registry)
    transfer = services.start_pull(
        team=team,
        user=alice,
        reference=Reference.parse(image_factory(registry).reference),
        enqueue=False,
    )

    claims = [Transfer.claim_for_run(transfer.pk, name) for name in ("one", "two")]

    assert [claim is not None for claim in claims] == [True, False]
