import json

import pytest

from registry_ui.catalog.models import Tag
from registry_ui.images.models import LocalImage
from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe
from tests.parts.processes import wait_until
from tests.parts.scripted_server import Reply
from tests.parts.slow_line import slow_line
from tests.transfers.conftest import add_credential, blob_files, states
from tests.transfers.scripted_registry import (
    kill,
    layers_done,
    recover,
    reference_via,
    times_fetched,
)
from tests.transfers.scripts import ranged
from tests.transfers.test_runner import run_in_thread, wait_for
from transfers import services
from transfers.models import State, Transfer

pytestmark = pytest.mark.django_db(transaction=True)


PLATFORMS = ["linux/amd64", "linux/arm64/v8"]


@pytest.fixture
def copy(team, alice):
    """Return a function that copies in this process as Alice and returns the ended row."""

    def run(source, target, **options):
        endpoints = {"source": Reference.parse(source), "target": Reference.parse(target)}
        return services.run_in_process(
            services.start_copy(team=team, user=alice, enqueue=False, **endpoints, **options)
        )

    return run


def steps(transfer):
    return [(step["name"], step["state"]) for step in transfer.progress["steps"]]


def test_a_copy_of_an_index_keeps_its_digest_and_every_platform(
    team, copy, registry, second_registry, add_registry, image_factory, skopeo, images_directory
):
    add_registry(team, registry)
    add_registry(team, second_registry)
    image = image_factory(registry, platforms=PLATFORMS, attestation=True)
    repository = second_registry.new_repository()

    transfer = copy(image.reference, f"{second_registry.host}/{repository}:2.0")

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert second_registry.digest_of(repository, "2.0") == image.digest == transfer.digest
    assert skopeo.manifest(second_registry, repository, "2.0") == image.built.content
    assert all(
        second_registry.digest_of(repository, child.digest) == child.digest
        for child in image.children
    )
    assert steps(transfer) == [("source", "done"), ("target", "done"), ("copy", "done")]
    assert (transfer.size, transfer.progress["note"]) == (image.built.size, "")
    assert not LocalImage.objects.exists()
    assert not images_directory.exists() or blob_files(images_directory) == []


@pytest.mark.parametrize(
    "endpoints", [("token_registry", "htpasswd_registry"), ("htpasswd_registry", "token_registry")]
)
def test_each_endpoint_has_its_own_login(
    endpoints, request, team, copy, add_registry, image_factory
):
    source, target = map(request.getfixturevalue, endpoints)
    add_registry(team, source)
    add_registry(team, target)
    image, repository = image_factory(source), target.new_repository()

    transfer = copy(image.reference, f"{target.host}/{repository}:1.0")

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert target.digest_of(repository, "1.0") == image.digest
    details = [step["detail"] for step in transfer.progress["steps"]]
    assert source.username in details[0]
    assert target.username in details[1]
    assert source.password not in json.dumps(transfer.progress)


def test_a_copy_within_a_registry_mounts_and_transfers_no_byte(
    team, copy, registry, add_registry, image_factory
):
    image, repository = image_factory(registry, layers=3), registry.new_repository()
    with slow_line(registry.port) as line:
        add_registry(team, registry, host=line.host)

        transfer = copy(reference_via(line, image), f"{line.host}/{repository}:1.0")

        assert transfer.state == State.SUCCEEDED, transfer.error
        assert states(transfer) == ["mounted"] * 3
        assert {layer["from"] for layer in transfer.progress["layers"]} == {image.repository}
        assert (transfer.bytes_done, transfer.bytes_total) == (0, 0)
        assert times_fetched(line, image) == [0] * 3
    assert registry.digest_of(repository, "1.0") == image.digest


def test_a_copy_within_a_repository_is_one_more_tag(
    team, copy, registry, add_registry, image_factory
):
    add_registry(team, registry)
    image = image_factory(registry, platforms=PLATFORMS)

    transfer = copy(image.reference, f"{registry.host}/{image.repository}:stable")

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert set(states(transfer)) == {"exists"}
    assert registry.digest_of(image.repository, "stable") == image.digest


def test_a_copy_of_one_platform_says_that_the_digest_is_another_one(
    team, copy, registry, second_registry, add_registry, image_factory
):
    add_registry(team, registry)
    add_registry(team, second_registry)
    image, repository = (
        image_factory(registry, platforms=PLATFORMS),
        second_registry.new_repository(),
    )

    transfer = copy(
        image.reference, f"{second_registry.host}/{repository}:1.0", platform="linux/arm64/v8"
    )

    arm = next(child for child in image.children if child.platform == "linux/arm64/v8")
    assert transfer.state == State.SUCCEEDED, transfer.error
    assert second_registry.digest_of(repository, "1.0") == arm.digest == transfer.digest
    note = transfer.progress["note"]
    assert "linux/arm64/v8" in note
    assert image.digest[7:19] in note
    assert arm.digest[7:19] in note


def test_existing_blobs_are_not_sent_again(
    team, copy, registry, second_registry, add_registry, image_factory
):
    image, repository = image_factory(registry, layers=3), second_registry.new_repository()
    with slow_line(registry.port) as line:
        add_registry(team, registry, host=line.host)
        add_registry(team, second_registry)
        copy(reference_via(line, image), f"{second_registry.host}/{repository}:1.0")
        line.requests.clear()

        again = copy(reference_via(line, image), f"{second_registry.host}/{repository}:latest")

        assert states(again) == ["exists"] * 3
        assert times_fetched(line, image) == [0] * 3
        assert again.bytes_total == 0


def test_the_index_shows_the_copy_at_once(
    team, copy, registry, second_registry, add_registry, image_factory
):
    add_registry(team, registry)
    row = add_registry(team, second_registry)
    image, repository = image_factory(registry), second_registry.new_repository()

    copy(image.reference, f"{second_registry.host}/{repository}:1.0")

    tag = Tag.objects.get(repository__registry=row, repository__name=repository)
    assert (tag.name, tag.digest) == ("1.0", image.digest)


def test_a_missing_image_is_named_and_nothing_is_written(
    team, copy, registry, second_registry, add_registry, image_factory
):
    add_registry(team, registry)
    add_registry(team, second_registry)
    image, repository = image_factory(registry), second_registry.new_repository()

    transfer = copy(
        f"{registry.host}/{image.repository}:nope", f"{second_registry.host}/{repository}:1.0"
    )

    assert (transfer.state, transfer.error["kind"]) == (State.FAILED, "ManifestUnknown")
    assert "nope" in describe(transfer.error).sentence
    assert second_registry.tags(repository) == []


def test_a_login_that_is_refused_at_the_target_stops_it_before_the_first_byte(
    team, copy, registry, htpasswd_registry, add_registry, image_factory
):
    row = add_registry(team, htpasswd_registry, with_credential=False)
    add_credential(row, htpasswd_registry.username, "canary-wrong-password")
    image = image_factory(registry)
    with slow_line(registry.port) as line:
        add_registry(team, registry, host=line.host)

        transfer = copy(
            reference_via(line, image),
            f"{htpasswd_registry.host}/{htpasswd_registry.new_repository()}:1.0",
        )

        assert (transfer.state, transfer.error["kind"]) == (State.FAILED, "Unauthorized")
        assert steps(transfer) == [("source", "done"), ("target", "failed"), ("copy", "waiting")]
        assert times_fetched(line, image) == [0, 0]
    assert htpasswd_registry.host in describe(transfer.error).sentence
    assert "canary" not in json.dumps([transfer.error, transfer.progress])


def test_a_credential_for_pulling_only_does_not_write(
    team, alice, registry, htpasswd_registry, add_registry, image_factory, copy
):
    add_registry(team, registry)
    row = add_registry(team, htpasswd_registry)
    transfer = copy(
        image_factory(registry).reference,
        f"{htpasswd_registry.host}/{htpasswd_registry.new_repository()}:1.0",
    )
    assert transfer.state == State.SUCCEEDED, transfer.error
    row.credentials.update(can_push=False)

    again = services.run_in_process(services.retry(transfer, alice, enqueue=False))

    assert (again.state, again.error["kind"]) == (State.FAILED, "CredentialUnusable")


def test_a_layer_cut_short_at_the_source_is_resumed_where_it_broke(
    team, copy, faulty_registry, second_registry, add_registry
):
    add_registry(team, second_registry)
    repository = second_registry.new_repository()
    faulty_registry.answer_layer(
        Reply(body=faulty_registry.layer_content, cut=70_000),
        lambda call: ranged(call, faulty_registry.layer_content),
    )

    transfer = copy(faulty_registry.reference, f"{second_registry.host}/{repository}:1.0")

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert second_registry.digest_of(repository, "1.0") == faulty_registry.image.digest
    assert [
        call.headers.get("Range")
        for call in faulty_registry.server.made("GET", f".*/{faulty_registry.layer}")
    ] == [
        None,
        "bytes=70000-",
    ]


def test_a_source_that_sends_other_bytes_leaves_nothing_at_the_target(
    team, copy, faulty_registry, second_registry, add_registry
):
    add_registry(team, second_registry)
    repository = second_registry.new_repository()
    faulty_registry.answer_layer(Reply(body=b"x" * len(faulty_registry.layer_content)))

    transfer = copy(faulty_registry.reference, f"{second_registry.host}/{repository}:1.0")

    assert (transfer.state, transfer.error["kind"]) == (State.FAILED, "ContentMismatch")
    assert second_registry.tags(repository) == []


@pytest.fixture
def slow_copy(team, alice, registry, second_registry, add_registry, image_factory):
    """Return a copy in the middle of its last layer, which would take a minute.

    Returns:
        The target, the row, the thread, the image and the source's line.
    """
    image = image_factory(registry, layers=3, layer_size=64 << 10)
    add_registry(team, second_registry)
    target = Reference.parse(f"{second_registry.host}/{second_registry.new_repository()}:1.0")
    with slow_line(registry.port) as line:
        add_registry(team, registry, host=line.host)
        line.hold("GET", image.layers[-1])
        transfer = services.start_copy(
            team=team,
            user=alice,
            source=Reference.parse(reference_via(line, image)),
            target=target,
            enqueue=False,
        )
        thread = run_in_thread(transfer)
        wait_for(lambda: len(layers_done(transfer)) == 3)
        yield target, transfer, thread, image, line
        line.release()
        thread.join()


def test_a_cancelled_copy_stops_and_its_retry_sends_only_the_rest(
    slow_copy, alice, second_registry
):
    target, transfer, thread, image, line = slow_copy

    services.cancel(transfer, alice)
    thread.join(10)

    ended = Transfer.objects.get(pk=transfer.pk)
    assert ended.state == State.CANCELLED
    assert second_registry.tags(target.repository) == []
    line.release()
    line.requests.clear()
    again = services.run_in_process(services.retry(ended, alice, enqueue=False))
    assert again.state == State.SUCCEEDED, again.error
    assert sorted(states(again)) == ["done", "exists", "exists"]
    assert times_fetched(line, image) == [0, 0, 1]
    assert second_registry.digest_of(target.repository, "1.0") == image.digest


def test_a_worker_killed_within_a_copy_is_replaced_by_one_that_sends_the_rest(
    team, alice, manage, line, registry, second_registry, add_registry, image_factory
):
    image = image_factory(registry, layers=3, layer_size=64 << 10)
    add_registry(team, second_registry)
    repository = second_registry.new_repository()
    line.hold("GET", image.layers[-1])
    worker = manage.start_worker()
    target = Reference.parse(f"{second_registry.host}/{repository}:1.0")
    transfer = services.start_copy(
        team=team, user=alice, source=Reference.parse(reference_via(line, image)), target=target
    )
    wait_until(lambda: len(layers_done(transfer)) == 3, seconds=30)

    kill(worker)
    line.release(drop=True)
    line.requests.clear()
    manage.start_worker()
    ended = recover(transfer)

    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 2), ended.error
    assert times_fetched(line, image) == [0, 0, 1]
    assert second_registry.digest_of(repository, "1.0") == image.digest


def test_a_line_cut_within_an_upload_is_taken_up_again(
    team, alice, registry, second_registry, add_registry, image_factory, short_limits
):
    image = image_factory(registry, layers=1, layer_size=256 << 10)
    add_registry(team, registry)
    with slow_line(second_registry.port) as line:
        add_registry(team, second_registry, host=line.host)
        repository = second_registry.new_repository()
        line.hold("PUT", image.layers[0].replace(":", "%3A"))
        transfer = services.start_copy(
            team=team,
            user=alice,
            source=Reference.parse(image.reference),
            target=Reference.parse(f"{line.host}/{repository}:1.0"),
            enqueue=False,
        )
        thread = run_in_thread(transfer)
        assert line.is_holding.wait(20)
        line.release(drop=True)
        thread.join(30)

    ended = Transfer.objects.get(pk=transfer.pk)
    assert ended.state == State.SUCCEEDED, ended.error
    assert second_registry.digest_of(repository, "1.0") == image.digest
