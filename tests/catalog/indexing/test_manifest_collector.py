import json

import pytest

from registry_ui.catalog.indexing import manifest_collector
from registry_ui.catalog.indexing.manifest_collector import ManifestCollector
from registry_ui.catalog.indexing.manifests import Fetched
from registry_ui.oci.errors import ConnectionFailed, InvalidManifest, ManifestUnknown
from registry_ui.oci.manifest import OCI_INDEX, OCI_MANIFEST, Manifest
from tests.parts.images import build_index


class FakeRegistry:
    """Manifests by digest, as a registry has them."""

    def __init__(self, *built):
        self.manifests = {}
        for image in built:
            self.add(image)

    def add(self, built):
        for manifest in (built, *built.children):
            self.put(manifest.content, manifest.media_type)

    def put(self, content, media_type):
        manifest = Manifest.parse(content, media_type)
        self.manifests[str(manifest.digest)] = Fetched(manifest)
        return manifest

    def index_of(self, *children):
        entries = [
            {"mediaType": child.media_type, "digest": str(child.digest), "size": child.size}
            for child in children
        ]
        return self.put(
            json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode(),
            OCI_INDEX,
        )

    def answer(self, collector, known=()):
        """Answer all requests, and return the fetched digests in their order."""
        fetched = []
        while True:
            for digest in collector.pop_new():
                if digest in known:
                    collector.add(digest, self.manifests[digest])
            requests = collector.pop_requests()
            if not requests:
                return fetched
            for request in requests:
                fetched.append(request.digest)
                if request.digest in self.manifests:
                    collector.add(request.digest, self.manifests[request.digest])
                else:
                    collector.fail(request.digest, ManifestUnknown("It is not there."))


@pytest.fixture
def multi():
    return build_index(platforms=["linux/amd64", "linux/arm64"], attestation=True, layers=0)


def test_an_index_is_complete_with_its_children(multi):
    registry, collector = FakeRegistry(multi), ManifestCollector()
    collector.request(multi.digest, "team/app")

    assert registry.answer(collector) == [multi.digest, *(child.digest for child in multi.children)]
    (artifact,) = collector.pop_complete()
    assert (artifact.digest, artifact.error) == (multi.digest, None)
    assert set(artifact.members) == {multi.digest, *(child.digest for child in multi.children)}
    assert len(collector) == 0


def test_attestations_are_requested_without_their_config(multi):
    collector = ManifestCollector()
    collector.request(multi.digest, "team/app")
    collector.pop_new()
    collector.pop_requests()
    collector.add(multi.digest, FakeRegistry(multi).manifests[multi.digest])
    collector.pop_new()

    assert [request.with_config for request in collector.pop_requests()] == [
        True,
        True,
        False,
        False,
    ]


def test_a_known_manifest_is_not_fetched(multi):
    registry, collector = FakeRegistry(multi), ManifestCollector()
    collector.request(multi.digest, "team/app")

    known = {child.digest for child in multi.children[:3]}
    assert registry.answer(collector, known) == [multi.digest, multi.children[3].digest]
    assert len(collector.pop_complete()[0].members) == 5


def test_two_indexes_that_share_a_child_fetch_it_once(multi):
    registry, collector = FakeRegistry(multi), ManifestCollector()
    child = registry.manifests[multi.children[0].digest].manifest
    other = registry.index_of(child)
    for digest in (multi.digest, str(other.digest), multi.children[0].digest):
        collector.request(digest, "team/app")

    fetched = registry.answer(collector)
    assert len(fetched) == len(set(fetched)) == 6
    assert {artifact.digest for artifact in collector.pop_complete()} == {
        multi.digest,
        str(other.digest),
        multi.children[0].digest,
    }
    assert len(collector) == 0


def test_a_missing_child_is_left_out(multi):
    registry, collector = FakeRegistry(multi), ManifestCollector()
    del registry.manifests[multi.children[1].digest]
    collector.request(multi.digest, "team/app")
    registry.answer(collector)

    (artifact,) = collector.pop_complete()
    assert artifact.error is None
    assert set(artifact.members) == {
        multi.digest,
        *(child.digest for child in multi.children if child is not multi.children[1]),
    }


def test_a_child_that_cannot_be_fetched_fails_its_index(multi):
    registry, collector = FakeRegistry(multi), ManifestCollector()
    collector.request(multi.digest, "team/app")
    collector.pop_new()
    collector.pop_requests()
    collector.add(multi.digest, registry.manifests[multi.digest])
    collector.pop_new()
    collector.pop_requests()
    collector.fail(multi.children[2].digest, ConnectionFailed("It was cut."))

    (artifact,) = collector.pop_complete()
    assert isinstance(artifact.error, ConnectionFailed)
    for child in multi.children:
        collector.add(child.digest, registry.manifests[child.digest])
    assert collector.pop_complete() == []
    assert len(collector) == 0


def test_a_failed_digest_can_be_requested_again(multi):
    registry, collector = FakeRegistry(), ManifestCollector()
    collector.request(multi.digest, "team/app")
    registry.answer(collector)
    (failed,) = collector.pop_complete()
    assert isinstance(failed.error, ManifestUnknown)
    registry.add(multi)
    collector.request(multi.digest, "team/app")
    registry.answer(collector)

    assert collector.pop_complete()[0].error is None


def test_an_index_that_names_too_many_manifests_fails(multi, monkeypatch):
    monkeypatch.setattr(manifest_collector, "MEMBERS_LIMIT", 4)
    registry, collector = FakeRegistry(multi), ManifestCollector()
    collector.request(multi.digest, "team/app")

    assert registry.answer(collector) == [multi.digest]
    assert isinstance(collector.pop_complete()[0].error, InvalidManifest)


def test_a_long_chain_of_indexes_ends():
    registry, collector = FakeRegistry(), ManifestCollector()
    below = registry.put(json.dumps(empty_image()).encode(), OCI_MANIFEST)
    for _depth in range(1200):
        below = registry.index_of(below)
    collector.request(str(below.digest), "team/app")
    registry.answer(collector)

    (artifact,) = collector.pop_complete()
    assert len(artifact.members) == manifest_collector.DEPTH_LIMIT + 1
    assert len(collector) == 0


def test_indexes_that_share_their_children_do_not_multiply():
    registry, collector = FakeRegistry(), ManifestCollector()
    level = [
        registry.put(
            json.dumps({**empty_image(), "annotations": {"n": str(number)}}).encode(), OCI_MANIFEST
        )
        for number in range(8)
    ]
    for _depth in range(30):
        level = [registry.index_of(*level[number:], *level[:number]) for number in range(8)]
    collector.request(str(level[0].digest), "team/app")
    registry.answer(collector)

    (artifact,) = collector.pop_complete()
    assert artifact.error is None
    assert len(artifact.members) <= 8 * manifest_collector.DEPTH_LIMIT + 1


def empty_image():
    config = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": f"sha256:{'0' * 64}",
        "size": 2,
    }
    return {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}
