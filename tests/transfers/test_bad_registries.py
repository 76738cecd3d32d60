"""Pulls from a registry that is missing or faulty, each of which ends with a clear error."""

import json
import time

import pytest

from registry_ui.images.models import LocalImage
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry, Security
from registry_ui.web.errors import describe
from tests.parts.images import OCI_MANIFEST, build_image, digest_of
from tests.parts.processes import free_port, wait_until
from tests.parts.scripted_server import Reply
from transfers import services
from transfers.models import State, Transfer

from .conftest import add_credential, check_every_blob_hashes_to_its_name
from .scripted_registry import CANARY, check_error
from .scripts import HTML, REPOSITORY, SHORT_LIMITS, flipped, ranged
from .test_runner import run_in_thread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fails(team, alice, pull, registry, add_registry, image_factory, images_directory, client_for):
    """Run a pull that must fail, check what holds for every failure, and return the row."""
    add_registry(team, registry)
    assert pull(image_factory(registry).reference).state == State.SUCCEEDED

    def run(reference, **options):
        before = names()
        transfer = pull(reference, **options)
        assert transfer.state == State.FAILED, transfer.state
        check_error(transfer, client_for(alice))
        assert names() == before
        check_every_blob_hashes_to_its_name(images_directory)
        healthy = pull(image_factory(registry).reference)
        assert healthy.state == State.SUCCEEDED, healthy.error
        return transfer

    return run


def names():
    return sorted(LocalImage.objects.values_list("registry", "repository", "tag", "digest"))


# --- nobody there, or nobody who knows us


def test_an_unknown_host_is_named(fails, short_limits):
    transfer = fails("registry.no-such-host.invalid/team/app:1.0")

    assert transfer.error["kind"] == "HostUnknown"
    assert "registry.no-such-host.invalid" in describe(transfer.error).sentence


def test_a_refused_port_is_named(team, fails, short_limits):
    host = f"127.0.0.1:{free_port()}"
    Registry.objects.create(team=team, name=host, host=host, security=Security.PLAIN_HTTP)

    transfer = fails(f"{host}/team/app:1.0")

    assert transfer.error["kind"] == "ConnectionFailed"
    assert host in describe(transfer.error).sentence
    assert "port" in describe(transfer.error).advice


def test_a_wrong_password_is_told_apart_from_everything_else(
    team, fails, htpasswd_registry, add_registry, image_factory
):
    row = add_registry(team, htpasswd_registry, with_credential=False)
    add_credential(row, htpasswd_registry.username, CANARY)

    transfer = fails(image_factory(htpasswd_registry).reference)

    assert transfer.error["kind"] == "Unauthorized"
    assert htpasswd_registry.host in describe(transfer.error).sentence
    assert "secret" in describe(transfer.error).advice


def test_a_missing_repository_is_named(fails, registry):
    transfer = fails(f"{registry.host}/team/no-such-repository:1.0")

    assert transfer.error["kind"] in ("RepositoryUnknown", "ManifestUnknown")
    assert f"{registry.host}" in describe(transfer.error).sentence
    assert "team/no-such-repository" in describe(transfer.error).sentence


def test_a_missing_tag_is_named_with_its_repository(fails, registry, image_factory):
    image = image_factory(registry)

    transfer = fails(f"{registry.host}/{image.repository}:no-such-tag")

    assert transfer.error["kind"] == "ManifestUnknown"
    assert f"{registry.host}/{image.repository}" in describe(transfer.error).sentence
    assert "no-such-tag" in describe(transfer.error).sentence


def test_a_web_page_in_place_of_a_registry_is_reported(fails, faulty_registry):
    faulty_registry.server.on("GET", "/v2/.*", HTML)

    transfer = fails(faulty_registry.reference)

    assert transfer.error["kind"] == "NotARegistry"
    assert faulty_registry.host in describe(transfer.error).sentence
    assert "web page" in describe(transfer.error).sentence


def test_a_web_page_in_place_of_a_manifest_is_reported(fails, faulty_registry):
    faulty_registry.answer_manifest(HTML)

    assert "web page" in describe(fails(faulty_registry.reference).error).sentence


# --- manifests


def manifest_document(**members):
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, **members}).encode()


def test_another_manifest_than_the_digest_names_is_refused(fails, faulty_registry):
    faulty_registry.serve_manifest(
        build_image().content, OCI_MANIFEST, faulty_registry.image.digest
    )

    transfer = fails(f"{faulty_registry.host}/{REPOSITORY}@{faulty_registry.image.digest}")

    assert transfer.error["kind"] == "ContentMismatch"
    assert faulty_registry.host in describe(transfer.error).sentence
    assert faulty_registry.server.made("GET", ".*/blobs/.*") == []


BAD_MANIFESTS = {
    "an image and an index at once": (
        manifest_document(layers=[], config={}, manifests=[]),
        "at once",
    ),
    "nine MiB": (
        manifest_document(layers=[], config={}, annotations={"padding": "x" * (9 << 20)}),
        "8 MiB",
    ),
    "schema 1": (
        json.dumps({"schemaVersion": 1, "name": "team/app", "fsLayers": []}).encode(),
        "schema 1",
    ),
    "not JSON": (b"\x00\x01 no JSON at all", "not JSON"),
    "a list": (b"[]", "not a JSON object"),
    "without a config": (manifest_document(layers=[]), "no config"),
    "without layers": (manifest_document(config={}), "no list of layers"),
    "a malformed digest": (
        manifest_document(
            layers=[],
            config={"mediaType": "a/b", "size": 1, "digest": "sha256:../../../etc/passwd"},
        ),
        "malformed digest",
    ),
    "a negative size": (
        manifest_document(
            layers=[], config={"mediaType": "a/b", "size": -1, "digest": digest_of(b"")}
        ),
        "size",
    ),
    "of an unknown type": (
        json.dumps({"schemaVersion": 2, "mediaType": "text/x-surprise", "layers": []}).encode(),
        "text/x-surprise",
    ),
}


@pytest.mark.parametrize("case", BAD_MANIFESTS)
def test_a_bad_manifest_is_refused_and_its_location_named(fails, faulty_registry, case):
    content, expected = BAD_MANIFESTS[case]
    faulty_registry.serve_manifest(
        content,
        "application/json" if b"surprise" in content or b"fsLayers" in content else OCI_MANIFEST,
    )

    transfer = fails(faulty_registry.reference)

    assert transfer.error["kind"] == "InvalidManifest"
    assert expected in describe(transfer.error).sentence
    assert faulty_registry.reference in describe(transfer.error).sentence
    assert faulty_registry.server.made("GET", ".*/blobs/.*") == []


# --- blobs


def test_a_layer_cut_short_is_resumed_where_it_broke(pull, faulty_registry, images_directory):
    faulty_registry.answer_layer(
        Reply(body=faulty_registry.layer_content, cut=70_000),
        lambda call: ranged(call, faulty_registry.layer_content),
    )

    transfer = pull(faulty_registry.reference)

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert [
        call.headers.get("Range")
        for call in faulty_registry.server.made("GET", f".*/{faulty_registry.layer}")
    ] == [
        None,
        "bytes=70000-",
    ]
    check_every_blob_hashes_to_its_name(images_directory)


def test_a_layer_that_is_always_cut_short_fails(fails, faulty_registry, short_limits):
    faulty_registry.answer_layer(Reply(body=faulty_registry.layer_content, cut=0))

    transfer = fails(faulty_registry.reference)

    assert transfer.error["kind"] == "ConnectionFailed"
    assert faulty_registry.host in describe(transfer.error).sentence
    assert (
        len(faulty_registry.server.made("GET", f".*/{faulty_registry.layer}"))
        <= 2 * SHORT_LIMITS.tries
    )


def test_a_layer_of_another_length_is_damaged_at_its_source(fails, faulty_registry):
    faulty_registry.answer_layer(Reply(body=faulty_registry.layer_content[:-1]))

    transfer = fails(faulty_registry.reference)

    assert transfer.error["kind"] == "ContentMismatch"
    assert faulty_registry.host in describe(transfer.error).sentence
    assert "source" in describe(transfer.error).advice


def test_a_flipped_bit_in_a_layer_is_noticed(fails, faulty_registry, images_directory):
    faulty_registry.serve_blob(faulty_registry.layer, flipped(faulty_registry.layer_content))

    transfer = fails(faulty_registry.reference)

    assert transfer.error["kind"] == "ContentMismatch"
    assert faulty_registry.layer.removeprefix("sha256:")[:12] in describe(transfer.error).sentence
    assert not list(images_directory.rglob(f"*{faulty_registry.layer.removeprefix('sha256:')}"))


def test_a_config_that_is_not_what_its_digest_names_is_noticed(fails, faulty_registry):
    faulty_registry.serve_blob(
        faulty_registry.image.config,
        flipped(faulty_registry.image.blobs[faulty_registry.image.config]),
    )

    transfer = fails(faulty_registry.reference)

    assert transfer.error["kind"] == "ContentMismatch"
    assert (
        faulty_registry.image.config.removeprefix("sha256:")[:12]
        in describe(transfer.error).sentence
    )


def test_a_missing_layer_is_named(fails, faulty_registry):
    faulty_registry.answer_layer(Reply(404))

    transfer = fails(faulty_registry.reference)

    assert transfer.error["kind"] == "BlobUnknown"
    assert f"{faulty_registry.host}/{REPOSITORY}" in describe(transfer.error).sentence
    assert faulty_registry.layer in describe(transfer.error).sentence


def test_a_tag_is_unchanged_when_its_new_image_is_broken(fails, pull, faulty_registry):
    assert pull(faulty_registry.reference).state == State.SUCCEEDED
    old, faulty_registry.image = faulty_registry.image, build_image()
    faulty_registry.serve(faulty_registry.image)
    faulty_registry.serve_blob(faulty_registry.layer, flipped(faulty_registry.layer_content))

    fails(faulty_registry.reference)

    assert LocalImage.objects.get(repository=REPOSITORY).digest == old.digest


# --- a registry in trouble


def test_a_short_retry_after_is_waited_for_and_shown(team, alice, faulty_registry):
    faulty_registry.answer_layer(
        Reply(429, headers={"Retry-After": "3"}), Reply(body=faulty_registry.layer_content)
    )
    transfer = services.start_pull(
        team=team, user=alice, reference=Reference.parse(faulty_registry.reference), enqueue=False
    )
    thread = run_in_thread(transfer)

    wait_until(
        lambda: Transfer.objects.get(pk=transfer.pk).progress.get("phase") == "paused",
        seconds=10,
        what="the pause on the row",
    )
    pause = Transfer.objects.get(pk=transfer.pk).progress["pause"]
    thread.join(20)

    transfer.refresh_from_db()
    assert (pause["kind"], pause["code"]) == ("RateLimited", "rate_limited_for")
    assert pause["parameters"]["host"] == faulty_registry.host
    assert transfer.state == State.SUCCEEDED, transfer.error
    assert transfer.progress["phase"] != "paused"


def test_a_very_long_retry_after_fails_at_once_and_says_when(fails, faulty_registry):
    faulty_registry.answer_manifest(Reply(429, headers={"Retry-After": "7200"}))

    transfer = fails(faulty_registry.reference)

    assert transfer.error["kind"] == "RateLimited"
    assert "2 hours" in describe(transfer.error).sentence
    assert len(faulty_registry.server.made("GET", ".*/manifests/.*")) == 1


def test_a_registry_that_recovers_after_three_503_is_waited_for(
    pull, faulty_registry, short_limits
):
    faulty_registry.answer_manifest(
        *[Reply(503)] * 3,
        Reply(body=faulty_registry.image.content, headers={"Content-Type": OCI_MANIFEST}),
    )
    faulty_registry.answer_layer(*[Reply(503)] * 3, Reply(body=faulty_registry.layer_content))

    transfer = pull(faulty_registry.reference)

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert len(faulty_registry.server.made("GET", f".*/{faulty_registry.layer}")) == 4


def test_a_registry_that_never_recovers_is_given_up_after_a_few_tries(
    fails, faulty_registry, short_limits
):
    faulty_registry.answer_manifest(Reply(500))

    transfer = fails(faulty_registry.reference)

    assert transfer.error["kind"] == "ServerFailed"
    assert faulty_registry.host in describe(transfer.error).sentence
    assert "500" in describe(transfer.error).sentence
    assert len(faulty_registry.server.made("GET", ".*/manifests/.*")) == SHORT_LIMITS.tries


def test_a_registry_that_hangs_is_given_up(fails, faulty_registry, short_limits):
    faulty_registry.answer_manifest(Reply(stall=60))

    transfer = fails(faulty_registry.reference)

    assert transfer.error["kind"] == "ConnectionTimeout"
    assert faulty_registry.host in describe(transfer.error).sentence


def test_a_layer_that_drips_is_given_up(fails, faulty_registry, short_limits):
    faulty_registry.answer_layer(Reply(body=faulty_registry.layer_content, drip=0.02))

    transfer = fails(faulty_registry.reference)

    assert transfer.error["kind"] == "ConnectionTimeout"
    assert "too slowly" in describe(transfer.error).sentence


def test_a_manifest_that_drips_is_given_up(fails, faulty_registry, short_limits):
    faulty_registry.answer_manifest(
        Reply(body=faulty_registry.image.content, headers={"Content-Type": OCI_MANIFEST}, drip=0.02)
    )

    transfer = fails(faulty_registry.reference)

    assert transfer.error["kind"] == "ConnectionTimeout"
    assert faulty_registry.host in describe(transfer.error).sentence


def test_a_hanging_registry_does_not_hold_up_another_transfer(
    team, alice, pull, registry, add_registry, image_factory, faulty_registry
):
    add_registry(team, registry)
    faulty_registry.answer_manifest(Reply(stall=60))
    hanging = services.start_pull(
        team=team, user=alice, reference=Reference.parse(faulty_registry.reference), enqueue=False
    )
    thread = run_in_thread(hanging)
    wait_until(lambda: faulty_registry.server.made("GET", ".*/manifests/.*"))

    assert pull(image_factory(registry).reference).state == State.SUCCEEDED

    started = time.monotonic()
    services.cancel(hanging, alice)
    thread.join(10)
    assert time.monotonic() - started < 5
    assert Transfer.objects.get(pk=hanging.pk).state == State.CANCELLED
