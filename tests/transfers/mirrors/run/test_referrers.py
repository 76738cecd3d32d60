"""Signatures, attestations and lists of referrers of mirrored images."""

import json

import pytest

from registry_ui.images.models import LocalImage
from tests.parts.gateway import gateway
from tests.parts.images import build_image, digest_of, push
from tests.parts.scripted_server import Reply
from transfers.mirrors.services.mirrors import create_mirror
from transfers.models import State

from ..conftest import registry_row
from ..outcomes import outcome

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def sign(registry, image) -> str:
    """Push a signature in cosign's older form: under a tag of its own."""
    tag = f"{image.digest.replace(':', '-')}.sig"
    push(registry, build_image(layers=1, layer_size=60), image.repository, tag)
    return tag


def put(registry, repository, document, name, media_type):
    content = json.dumps(document).encode()
    answer = registry.session().put(
        f"{registry.url}/v2/{repository}/manifests/{name}",
        data=content,
        headers={"Content-Type": media_type},
        timeout=30,
    )
    answer.raise_for_status()
    return digest_of(content)


def refer(registry, image, note: str) -> str:
    """Push a referrer and list it under the fallback tag, for a registry without the API."""
    repository = image.repository
    built = build_image(layers=1, layer_size=60)
    push(registry, built, repository, "scratch")
    document = {
        **json.loads(built.content),
        "subject": image.built.descriptor(),
        "annotations": {"note": note},
    }
    media_type = document["mediaType"]
    digest = digest_of(json.dumps(document).encode())
    put(registry, repository, document, digest, media_type)
    tag = image.digest.replace(":", "-")
    present = registry.session().get(
        f"{registry.url}/v2/{repository}/manifests/{tag}", headers={"Accept": OCI_INDEX}, timeout=30
    )
    entries = present.json()["manifests"] if present.ok else []
    entries.append(
        {"mediaType": media_type, "digest": digest, "size": len(json.dumps(document).encode())}
    )
    put(
        registry,
        repository,
        {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries},
        tag,
        OCI_INDEX,
    )
    return digest


def test_a_signature_is_copied_even_if_added_later(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository)
    tag = sign(registry, image)
    mirror = make_mirror(repository)
    run_mirror(mirror)
    assert second_registry.digest_of(repository, tag) == registry.digest_of(repository, tag)

    other = image_factory(registry, repository, "2.0")
    run_mirror(mirror)
    later = sign(registry, other)
    run = run_mirror(mirror)

    assert outcome(run) == {
        "1.0": "up_to_date done",
        "2.0": "up_to_date done",
        tag: "up_to_date done",
        later: "new done",
    }
    assert second_registry.digest_of(repository, later) == registry.digest_of(repository, later)


def test_named_tags_are_copied_without_a_list_of_tags(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository)
    with gateway(registry.host) as source:
        source.server.on("GET", ".*/tags/list", Reply(403))
        run = run_mirror(make_mirror(repository, source=source, selection={"tags": ["1.0"]}))
    assert run.state == State.SUCCEEDED
    assert second_registry.digest_of(repository, "1.0") == image.digest
    assert any(repository in note for note in run.progress["notes"])


def test_lists_of_referrers_are_merged(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository)
    ours = refer(registry, image, "ours")
    mirror = make_mirror(repository)
    run_mirror(mirror)
    theirs = refer(
        second_registry, type(image)(second_registry, repository, "1.0", image.built), "theirs"
    )
    newer = refer(registry, image, "newer")

    run = run_mirror(mirror)

    tag = image.digest.replace(":", "-")
    assert run.state == State.SUCCEEDED
    listed = second_registry.session().get(
        f"{second_registry.url}/v2/{repository}/manifests/{tag}",
        headers={"Accept": OCI_INDEX},
        timeout=30,
    )
    assert {entry["digest"] for entry in listed.json()["manifests"]} == {ours, theirs, newer}
    assert outcome(run_mirror(mirror))[tag] == "up_to_date done"


def test_the_local_images_are_a_target(team, registry, image_factory, run_mirror):
    repository = registry.new_repository()
    images = [image_factory(registry, repository, tag) for tag in ("1.0", "1.1")]
    sign(registry, images[0])
    source = registry_row(team, registry.host, "Source")
    mirror = create_mirror(
        team=team,
        user=None,
        values={
            "name": "Here",
            "source_registry": source,
            "repositories": [repository],
            "naming": {"kind": "prefix", "prefix": "kept"},
        },
    )

    run = run_mirror(mirror)

    assert run.error is None
    assert outcome(run) == {"1.0": "new done", "1.1": "new done"}
    rows = LocalImage.objects.filter(
        team=team, registry=registry.host, repository=f"kept/{repository}"
    )
    assert dict(rows.values_list("tag", "digest")) == {image.tag: image.digest for image in images}
    again = run_mirror(mirror)
    assert outcome(again) == {"1.0": "up_to_date done", "1.1": "up_to_date done"}
