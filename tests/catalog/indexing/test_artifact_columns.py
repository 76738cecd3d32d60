"""The columns of an artifact, from its documents."""

import json

from registry_ui.catalog.indexing.artifact_columns import (
    artifact_type_of,
    blobs_of,
    columns_of,
    configs_of,
    without_absent,
)
from registry_ui.catalog.indexing.manifests import Fetched
from registry_ui.catalog.models import UNSTATED
from registry_ui.oci.manifest import OCI_MANIFEST, Manifest
from tests.parts.images import build_image, build_index


def members_of(built):
    members = {}
    for one in (built, *built.children):
        config = one.blobs.get(one.config, b"")
        manifest = Manifest.parse(one.content, one.media_type)
        members[str(manifest.digest)] = Fetched(manifest, config)
    return members


def columns(built):
    members = members_of(built)
    return columns_of(str(built.digest), members, configs_of(members))


def test_an_image_has_its_platform_size_and_layers():
    image = build_image(layers=2, layer_size=100)
    found = columns(image)

    assert (found["media_type"], found["layer_count"]) == (image.media_type, 2)
    assert [row["platform"] for row in found["platforms"]] == ["linux/amd64"]
    assert found["config_digest"].startswith("sha256:")
    assert found["manifest_size"] == len(image.content)


def test_an_index_counts_the_layers_of_its_images():
    index = build_index(platforms=["linux/amd64", "linux/arm64"])
    found = columns(index)

    assert {row["platform"] for row in found["platforms"]} == {"linux/amd64", "linux/arm64"}
    assert found["layer_count"] == sum(
        len(json.loads(child.content)["layers"]) for child in index.children
    )
    assert found["config_digest"] == ""


def test_a_sparse_index_has_the_children_that_exist():
    index = build_index(platforms=["linux/amd64", "linux/arm64"])
    members = members_of(index)
    manifest = members[str(index.digest)].manifest
    gone = manifest.children[0]
    del members[str(gone.digest)]

    present = without_absent(manifest, members)

    assert [child.digest for child in present.children] == [manifest.children[1].digest]
    found = columns_of(str(index.digest), members, configs_of(members))
    assert len(found["platforms"]) == 1


def test_the_type_of_an_artifact_may_be_that_of_its_config():
    config = {"mediaType": "application/vnd.x+json", "digest": f"sha256:{'0' * 64}", "size": 2}
    body = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}
    artifact = Manifest.parse(json.dumps(body).encode(), OCI_MANIFEST)
    image = Manifest.parse(build_image().content, OCI_MANIFEST)

    assert artifact_type_of(artifact) == "application/vnd.x+json"
    assert artifact_type_of(image) == ""
    assert set(blobs_of(artifact).values()) == {2}


def test_an_image_without_a_date_is_unstated():
    config = {"mediaType": "application/vnd.x+json", "digest": f"sha256:{'0' * 64}", "size": 2}
    body = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}
    manifest = Manifest.parse(json.dumps(body).encode(), OCI_MANIFEST)
    members = {str(manifest.digest): Fetched(manifest)}

    assert columns_of(str(manifest.digest), members, {})["built_at"] == UNSTATED
