"""The facts that the row of an image keeps."""

import json
from datetime import UTC, datetime

import pytest

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import InvalidManifest
from registry_ui.oci.image_facts import gather_facts, parse_time
from registry_ui.oci.manifest import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Manifest
from tests.parts.images import build_image, build_index
from tests.parts.memory_store import MemoryStore


def facts_of(built):
    store = MemoryStore(built)
    return gather(store, store.get_manifest(built.digest))


def gather(store, root):
    return gather_facts(root, store.get_manifest, lambda config: store.blobs[config.digest])


def test_an_image_has_its_configs_digest_platform_and_time():
    built = build_image(platform="linux/arm/v7")

    facts = facts_of(built)

    assert str(facts.image_id) == built.config
    assert facts.created_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert facts.size == sum(map(len, built.blobs.values()))
    assert [image.as_row() for image in facts.platforms] == [
        {
            "platform": "linux/arm/v7",
            "digest": built.digest,
            "image_id": built.config,
            "size": facts.size,
        }
    ]


def test_an_index_counts_shared_blobs_once_and_no_attestation_as_a_platform():
    built = build_index(
        platforms=["linux/amd64", "linux/arm64"], attestation=True, shared_layers=["base"]
    )

    row = facts_of(built).as_row()

    assert row["image_id"] == row["digest"] == built.digest
    assert [entry["platform"] for entry in row["platforms"]] == ["linux/amd64", "linux/arm64"]
    assert {entry["digest"] for entry in row["manifests"]} == {
        built.digest,
        *(child.digest for child in built.children),
    }
    assert {entry["digest"]: entry["size"] for entry in row["blobs"]} == {
        digest: len(content) for digest, content in built.blobs.items()
    }
    assert row["size"] == sum(map(len, built.blobs.values()))


def test_the_config_of_an_artifact_is_not_its_id():
    config = {"mediaType": "application/vnd.oci.empty.v1+json"}
    config |= {"digest": str(Digest.of(b"{}")), "size": 2}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}
    artifact = Manifest.parse(json.dumps(document).encode())

    facts = gather(MemoryStore(), artifact)

    assert facts.image_id == artifact.digest
    assert facts.platforms == []
    assert facts.created_at is None
    assert facts.blobs == {Digest.of(b"{}"): 2}


def test_a_platform_is_cleaned_and_cut_for_its_column():
    store = MemoryStore()
    config = store.add_blob(json.dumps({"os": "l\0" + "o" * 60, "architecture": "x" * 60}).encode())
    entry = {"mediaType": OCI_CONFIG, "digest": str(config.digest), "size": config.size}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": entry, "layers": []}

    (image,) = gather(store, Manifest.parse(json.dumps(document).encode())).platforms

    assert image.platform.startswith("looo")
    assert len(image.platform) == 100


def test_indexes_more_than_four_deep_are_refused():
    store, inner = MemoryStore(), build_image(seed="inner").descriptor()
    for _level in range(5):
        document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [inner]}
        manifest = Manifest.parse(json.dumps(document).encode())
        store.put_manifest(manifest, manifest.digest)
        inner = {"mediaType": OCI_INDEX, "digest": str(manifest.digest), "size": manifest.size}

    with pytest.raises(InvalidManifest, match=r"^index_too_deep_to_store$"):
        gather(store, manifest)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00+02:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01T12:00:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59Z", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1_700_000_000, None),
    ],
)
def test_a_time_is_parsed_or_missing(text, expected):
    assert parse_time(text) == expected
