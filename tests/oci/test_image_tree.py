import json

import pytest

from registry_ui.oci import image_tree
from registry_ui.oci.copy_tasks import CopyTasks
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import InvalidManifest
from registry_ui.oci.image_tree import ImageTreeReader
from registry_ui.oci.manifest import OCI_INDEX, Manifest, Platform
from registry_ui.oci.platform_choice import PlatformChoice
from registry_ui.oci.store import Cancellation
from registry_ui.oci.worker_pools import WorkerPools
from tests.parts.image_copies import copy
from tests.parts.images import build_image, build_index
from tests.parts.memory_store import MemoryStore


def test_a_single_image_is_copied_unless_another_platform_was_chosen(
    registry, second_registry, image_factory, store_at
):
    image = image_factory(registry)
    source, target = (
        store_at(registry.host, image.repository),
        store_at(second_registry.host, second_registry.new_repository()),
    )

    copied = copy(
        source, image.tag, target, "1", platform=PlatformChoice(Platform.parse("linux/s390x"))
    )

    assert str(copied.manifest.digest) == image.digest
    with pytest.raises(Exception, match=r"^platform_differs .*platform=linux/s390x"):
        copy(source, image.tag, target, "2", platform=PlatformChoice.parse("linux/s390x"))


@pytest.fixture
def read():
    """Return a function that opens a reader of a store, and the blobs that it reports."""
    pools = WorkerPools.create(metadata=2, large=1)

    def make(store):
        reported = []

        def on_blob(blob, kind, platform):
            reported.append((str(blob.digest), kind, str(platform or "")))

        return ImageTreeReader(store, CopyTasks(pools, Cancellation()), on_blob), reported

    yield make
    pools.close()


def nested(depth):
    """Return a store with indexes inside of each other, and the outermost one."""
    store, inner = MemoryStore(), build_image(seed="inner").descriptor()
    for _level in range(depth):
        document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [inner]}
        manifest = Manifest.parse(json.dumps(document).encode(), OCI_INDEX)
        store.put_manifest(manifest, manifest.digest)
        inner = {"mediaType": OCI_INDEX, "digest": str(manifest.digest), "size": manifest.size}
    return store, manifest


def test_a_tree_has_an_index_after_what_it_names_and_every_blob_once(read):
    built = build_index(
        platforms=["linux/amd64", "linux/arm64"], attestation=True, shared_layers=["base"]
    )
    store = MemoryStore(built)
    reader, reported = read(store)

    tree = reader.read(store.get_manifest(built.digest))

    assert str(tree.root.digest) == built.digest
    assert [str(child.digest) for child in tree.children] == [
        child.digest for child in built.children
    ]
    assert {str(digest) for digest in tree.blobs} == set(built.blobs)
    amd64, arm64 = built.children[:2]
    assert (amd64.config, "config", "linux/amd64") in reported
    assert (arm64.layers[-1], "layer", "linux/arm64") in reported
    shared = amd64.layers[0]
    assert [platform for digest, _kind, platform in reported if digest == shared] == [
        "linux/amd64",
        "linux/arm64",
    ]


def test_a_child_of_an_unknown_type_is_a_blob(read):
    child = {"mediaType": "text/plain", "digest": str(Digest.of(b"note")), "size": 4}
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child]}
    reader, reported = read(MemoryStore())

    tree = reader.read(Manifest.parse(json.dumps(document).encode(), OCI_INDEX))

    assert list(tree.blobs) == [Digest.of(b"note")]
    assert tree.children == []
    assert reported == [(child["digest"], "layer", "")]


def test_a_manifest_that_is_named_again_further_down_is_fetched_once(read):
    built = build_index(platforms=["linux/amd64"])
    store = MemoryStore(built)
    document = json.loads(built.content)
    document["manifests"].append(built.descriptor())
    outer = Manifest.parse(json.dumps(document).encode(), OCI_INDEX)
    reader, _reported = read(store)

    tree = reader.read(outer)

    assert store.named("get_manifest").count(built.children[0].digest) == 1
    assert len(tree.children) == 2


def test_indexes_more_than_four_deep_are_refused(read):
    store, outermost = nested(5)
    reader, _reported = read(store)

    with pytest.raises(InvalidManifest, match=r"^index_too_deep$"):
        reader.read(outermost)


@pytest.mark.parametrize(
    ("limit", "value", "code"),
    [
        ("CHILDREN_LIMIT", 1, "too_many_manifests limit=1"),
        ("_MANIFESTS_LIMIT", 1000, "manifests_too_large limit_bytes=1000"),
        ("_BLOBS_LIMIT", 2, "too_many_blobs limit=2"),
    ],
)
def test_more_than_the_limits_are_refused(read, monkeypatch, limit, value, code):
    monkeypatch.setattr(image_tree, limit, value)
    built = build_index(platforms=["linux/amd64", "linux/arm64"])
    store = MemoryStore(built)
    reader, _reported = read(store)

    with pytest.raises(InvalidManifest, match=f"^{code}$"):
        reader.read(store.get_manifest(built.digest))


def test_one_platform_of_an_index_is_that_image(read):
    built = build_index(platforms=["linux/amd64", "linux/arm64"])
    store = MemoryStore(built)
    reader, _reported = read(store)
    index = store.get_manifest(built.digest)

    chosen = reader.select(index, PlatformChoice.parse("linux/arm64"))

    assert str(chosen.digest) == built.children[1].digest
    assert reader.select(index, PlatformChoice.parse("all")) is index
