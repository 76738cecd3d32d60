import pytest

from registry_ui.images.services import name_image
from registry_ui.images.store import LocalStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.manifest import Descriptor, Manifest
from registry_ui.oci.reference import Reference
from tests.parts.images import BuiltManifest

from .blob_sources import Source


def parsed(built: BuiltManifest) -> Manifest:
    return Manifest.parse(built.content, built.media_type)


def write_blobs(store: LocalStore, built: BuiltManifest) -> None:
    for digest, content in built.blobs.items():
        store.write_blob(Descriptor("", Digest.parse(digest), len(content)), Source(content))


def put(store: LocalStore, built: BuiltManifest, reference: str | None = None) -> None:
    """Store an image in the order of a pull: blobs, manifests, index."""
    write_blobs(store, built)
    for child in built.children:
        store.put_manifest(parsed(child), Digest.parse(child.digest))
    store.put_manifest(parsed(built), reference or Digest.parse(built.digest))


@pytest.fixture
def pulled(db, image_factory):
    """A function that pulls an image for a team and returns its row.

    `pulled(team, "docker.io/library/app:1.0", built)`
    """

    def pull(team, name: str, built: BuiltManifest | None = None, *, user=None, **options):
        reference = Reference.parse(name)
        built = built or image_factory.build_image(layer_size=2000, **options)
        put(LocalStore(team, reference, user=user), built)
        digest = Digest.parse(built.digest)

        return name_image(
            team=team,
            user=user,
            name=reference,
            digest=digest,
            source_digest=digest,
            origin=str(reference),
        )

    return pull
