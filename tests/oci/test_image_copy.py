"""Copies from one real registry to another, by the algorithm of every kind of transfer."""

import pytest

from registry_ui.oci.client import Endpoint, RegistryClient
from registry_ui.oci.digest import Digest
from registry_ui.oci.egress import EgressPolicy
from registry_ui.oci.errors import BlobUnknown, Cancelled, InvalidManifest, ManifestUnknown
from registry_ui.oci.image_copy import PlatformChoice, copy_image
from registry_ui.oci.manifest import Manifest, Platform
from registry_ui.oci.progress import Progress
from registry_ui.oci.store import Cancellation
from tests.parts.slow_line import slow_line

ALL = PlatformChoice.parse("all")


@pytest.fixture
def store_at():
    """Return a repository of the registry at a host, as an ImageStore."""
    clients = []

    def make(host, repository):
        client = RegistryClient(
            Endpoint(host, scheme="http"), egress=EgressPolicy(allow_loopback=True)
        )
        clients.append(client)
        return client.store(repository)

    yield make
    for client in clients:
        client.close()


def copy(source, reference, target, tag, **options):
    options = {"platform": ALL, "progress": Progress(), "cancellation": Cancellation(), **options}
    return copy_image(source, reference, target, tag, **options)


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


def test_present_blobs_are_not_sent_again(registry, second_registry, image_factory, store_at):
    image = image_factory(registry)
    ends = (
        store_at(registry.host, image.repository),
        image.tag,
        store_at(second_registry.host, second_registry.new_repository()),
    )
    copy(*ends, "one")

    assert copy(*ends, "two").moved == 0


def test_every_blob_of_an_index_is_fetched_once(registry, second_registry, image_factory, store_at):
    built = image_factory.build_index(platforms=["linux/amd64", "linux/arm64/v8"])
    image = image_factory.push(registry, built, registry.new_repository(), "1")
    with slow_line(registry.port) as line:
        copy(
            store_at(line.host, image.repository),
            "1",
            store_at(second_registry.host, second_registry.new_repository()),
            "1",
        )

        assert line.count("GET", "/blobs/") == len(built.blobs)


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


# --- the choice of the platform


@pytest.mark.parametrize(
    ("offered", "wanted", "fits"),
    [
        ("linux/arm64/v8", "linux/arm64", True),
        ("linux/arm64", "linux/arm64/v8", True),
        ("linux/arm/v7", "linux/arm", True),
        ("linux/arm/v6", "linux/arm/v7", False),
        ("linux/amd64", "linux/arm64", False),
        ("windows/amd64", "linux/amd64", False),
    ],
)
def test_a_platform_serves_another(offered, wanted, fits):
    assert Platform.parse(offered).satisfies(Platform.parse(wanted)) is fits


@pytest.mark.parametrize(
    "text", ["linux", "linux/amd64/v8/x", "/amd64", "linux/", "li nux/amd64", "<b>/x"]
)
def test_malformed_platform_is_refused(text):
    with pytest.raises(InvalidManifest):
        PlatformChoice.parse(text)


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
    with pytest.raises(Exception, match="only, not for linux/s390x"):
        copy(source, image.tag, target, "2", platform=PlatformChoice.parse("linux/s390x"))


def test_a_manifest_keeps_its_bytes(image_factory):
    built = image_factory.build_image()

    assert Manifest.parse(built.content, built.media_type).raw is built.content
