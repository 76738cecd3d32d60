"""Copies from one real registry to another, by the algorithm of every kind of transfer."""

import pytest

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import BlobUnknown, Cancelled, ManifestUnknown
from registry_ui.oci.store import Cancellation
from tests.parts.image_copies import copy


def test_an_index_arrives_whole_and_the_same(registry, second_registry, image_factory, store_at):
    image = image_factory(registry, platforms=["linux/amd64", "linux/arm64/v8"], attestation=True)
    repository = second_registry.new_repository()

    copied = copy(
        store_at(registry.host, image.repository),
        image.tag,
        store_at(second_registry.host, repository),
        "copy",
    )

    assert (
        second_registry.digest_of(repository, "copy") == image.digest == str(copied.manifest.digest)
    )
    assert all(
        second_registry.digest_of(repository, child.digest) == child.digest
        for child in image.children
    )
    assert copied.moved == sum(len(blob) for blob in image.blobs.values())


def test_by_digest_no_tag_is_made(registry, second_registry, image_factory, store_at):
    image = image_factory(registry)
    repository = second_registry.new_repository()

    copy(
        store_at(registry.host, image.repository),
        Digest.parse(image.digest),
        store_at(second_registry.host, repository),
        None,
    )

    assert second_registry.digest_of(repository, image.digest) == image.digest
    assert second_registry.tags(repository) == []


def test_a_missing_tag_moves_nothing(registry, second_registry, store_at):
    repository = second_registry.new_repository()

    with pytest.raises(ManifestUnknown):
        copy(
            store_at(registry.host, registry.new_repository()),
            "none",
            store_at(second_registry.host, repository),
            "1",
        )

    assert second_registry.tags(repository) == []


def test_a_missing_layer_leaves_the_tag_unchanged(
    own_registry, second_registry, image_factory, store_at
):
    repository = second_registry.new_repository()
    old = image_factory(second_registry, repository, "stable")
    new = image_factory(own_registry, layers=4)
    own_registry.session().delete(
        f"{own_registry.url}/v2/{new.repository}/blobs/{new.layers[2]}", timeout=30
    ).raise_for_status()

    with pytest.raises(BlobUnknown):
        copy(
            store_at(own_registry.host, new.repository),
            new.tag,
            store_at(second_registry.host, repository),
            "stable",
        )

    assert second_registry.digest_of(repository, "stable") == old.digest


def test_a_cancelled_copy_raises_and_tags_nothing(
    registry, second_registry, image_factory, store_at
):
    image = image_factory(registry)
    repository = second_registry.new_repository()
    cancellation = Cancellation()
    cancellation.request()

    with pytest.raises(Cancelled):
        copy(
            store_at(registry.host, image.repository),
            image.tag,
            store_at(second_registry.host, repository),
            "1",
            cancellation=cancellation,
        )

    assert second_registry.tags(repository) == []


def test_a_blob_that_vanished_after_its_lookup_is_sent_again(
    registry, own_registry, image_factory, store_at
):
    """The target's garbage collector runs between the lookup and the manifest's PUT.

    The registry then answers MANIFEST_BLOB_UNKNOWN.
    """
    image = image_factory(registry)
    repository = own_registry.new_repository()
    target = store_at(own_registry.host, repository)
    copy(store_at(registry.host, image.repository), image.tag, target, "one")

    class Forgetful:
        """The real store, whose registry loses a blob just after the first lookup."""

        def __init__(self):
            self.looked = False

        def __getattr__(self, name):
            return getattr(target, name)

        def put_manifest(self, manifest, reference):
            if not self.looked:
                self.looked = True
                own_registry.session().delete(
                    f"{own_registry.url}/v2/{repository}/blobs/{image.layers[0]}", timeout=30
                ).raise_for_status()
            target.put_manifest(manifest, reference)

    copy(store_at(registry.host, image.repository), image.tag, Forgetful(), "two")

    assert own_registry.digest_of(repository, "two") == image.digest
    assert own_registry.has_blob(repository, image.layers[0])
