"""Artifacts in bulk: inserted once, completed where a document is missing."""

import pytest

from registry_ui.catalog.indexing.artifact_rows import (
    artifacts_by_digest,
    chunks,
    describe_artifacts,
    index_lock,
    save_artifacts,
    stored_manifests,
)
from registry_ui.catalog.indexing.manifests import Fetched
from registry_ui.catalog.models import Artifact, ArtifactDocument, Blob
from registry_ui.oci.manifest import Manifest
from tests.parts.images import build_index

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


@pytest.fixture
def index():
    return build_index(platforms=["linux/amd64", "linux/arm64"])


def save(registry, built):
    members = {}
    for one in (built, *built.children):
        manifest = Manifest.parse(one.content, one.media_type)
        members[str(manifest.digest)] = Fetched(manifest, one.blobs.get(one.config, b""))
    with index_lock(registry):
        return save_artifacts(registry, describe_artifacts(members))


def test_items_come_in_lists_of_a_bounded_size():
    assert list(chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(chunks([])) == []


def test_an_index_is_saved_with_its_images_documents_and_blobs(make_registry, index):
    registry = make_registry()
    saved = save(registry, index)

    assert len(saved) == 3
    root = saved[str(index.digest)]
    assert {link.platform for link in root.child_links.all()} == {"linux/amd64", "linux/arm64"}
    assert stored_manifests(registry, [str(index.digest)])[str(index.digest)].manifest.raw == (
        index.content
    )
    assert Blob.objects.filter(registry=registry).exists()


def test_saving_twice_changes_nothing(make_registry, index):
    registry = make_registry()
    first = save(registry, index)

    assert save(registry, index) == first
    assert Artifact.objects.count() == 3


def test_a_row_without_its_document_is_completed(make_registry, index):
    registry = make_registry()
    save(registry, index)
    ArtifactDocument.objects.filter(artifact__digest=str(index.digest)).delete()
    assert str(index.digest) not in artifacts_by_digest(registry, [str(index.digest)])

    save(registry, index)

    assert str(index.digest) in artifacts_by_digest(registry, [str(index.digest)])


def test_another_registrys_artifacts_are_its_own(make_registry, index):
    first, second = make_registry(), make_registry(host="other.example.com")
    save(first, index)

    assert artifacts_by_digest(second, [str(index.digest)]) == {}
