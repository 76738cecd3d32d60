import json

import pytest

from registry_ui.oci.errors import ConnectionFailed, InvalidManifest, ManifestUnknown
from registry_ui.oci.manifest import OCI_INDEX, OCI_MANIFEST, Manifest
from registry_ui.registries.indexing import gathering
from registry_ui.registries.indexing.fetching import Fetched
from registry_ui.registries.indexing.gathering import Gathering
from tests.parts.images import build_index


class Shelf:
    """Manifests by digest, as a registry has them."""

    def __init__(self, *built):
        self.manifests = {}
        for each in built:
            self.add(each)

    def add(self, built):
        for each in (built, *built.children):
            self.put(each.content, each.media_type)

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

    def fill(self, gathered, known=()):
        """Bring everything that is asked for; returns the digests in the order in which they were fetched."""
        fetched = []
        while True:
            for digest in gathered.new():
                if digest in known:
                    gathered.arrived(digest, self.manifests[digest])
            wishes = gathered.wishes()
            if not wishes:
                return fetched
            for wish in wishes:
                fetched.append(wish.digest)
                if wish.digest in self.manifests:
                    gathered.arrived(wish.digest, self.manifests[wish.digest])
                else:
                    gathered.failed(wish.digest, ManifestUnknown("It is not there."))


@pytest.fixture
def multi():
    return build_index(platforms=["linux/amd64", "linux/arm64"], attestation=True, layers=0)


def test_an_index_is_whole_with_its_children(multi):
    shelf, gathered = Shelf(multi), Gathering()
    gathered.want(multi.digest, "team/app")

    assert shelf.fill(gathered) == [multi.digest, *(child.digest for child in multi.children)]
    (whole,) = gathered.whole()
    assert (whole.digest, whole.error) == (multi.digest, None)
    assert set(whole.members) == {multi.digest, *(child.digest for child in multi.children)}
    assert len(gathered) == 0


def test_attestations_are_wanted_without_their_config(multi):
    gathered = Gathering()
    gathered.want(multi.digest, "team/app")
    gathered.new()
    gathered.wishes()
    gathered.arrived(multi.digest, Shelf(multi).manifests[multi.digest])
    gathered.new()

    assert [wish.with_config for wish in gathered.wishes()] == [True, True, False, False]


def test_what_is_at_hand_is_not_fetched(multi):
    shelf, gathered = Shelf(multi), Gathering()
    gathered.want(multi.digest, "team/app")

    known = {child.digest for child in multi.children[:3]}
    assert shelf.fill(gathered, known) == [multi.digest, multi.children[3].digest]
    assert len(gathered.whole()[0].members) == 5


def test_two_indexes_that_share_a_child_fetch_it_once(multi):
    shelf, gathered = Shelf(multi), Gathering()
    child = shelf.manifests[multi.children[0].digest].manifest
    other = shelf.index_of(child)
    for digest in (multi.digest, str(other.digest), multi.children[0].digest):
        gathered.want(digest, "team/app")

    fetched = shelf.fill(gathered)
    assert len(fetched) == len(set(fetched)) == 6
    assert {whole.digest for whole in gathered.whole()} == {
        multi.digest,
        str(other.digest),
        multi.children[0].digest,
    }
    assert len(gathered) == 0


def test_a_child_that_is_not_there_is_left_out(multi):
    shelf, gathered = Shelf(multi), Gathering()
    del shelf.manifests[multi.children[1].digest]
    gathered.want(multi.digest, "team/app")
    shelf.fill(gathered)

    (whole,) = gathered.whole()
    assert whole.error is None
    assert set(whole.members) == {
        multi.digest,
        *(child.digest for child in multi.children if child is not multi.children[1]),
    }


def test_a_child_that_cannot_be_had_makes_the_index_fail(multi):
    shelf, gathered = Shelf(multi), Gathering()
    gathered.want(multi.digest, "team/app")
    gathered.new()
    gathered.wishes()
    gathered.arrived(multi.digest, shelf.manifests[multi.digest])
    gathered.new()
    gathered.wishes()
    gathered.failed(multi.children[2].digest, ConnectionFailed("It was cut."))

    (whole,) = gathered.whole()
    assert isinstance(whole.error, ConnectionFailed)
    for child in multi.children:
        gathered.arrived(child.digest, shelf.manifests[child.digest])
    assert gathered.whole() == []
    assert len(gathered) == 0


def test_what_failed_can_be_wanted_again(multi):
    shelf, gathered = Shelf(), Gathering()
    gathered.want(multi.digest, "team/app")
    shelf.fill(gathered)
    (failed,) = gathered.whole()
    assert isinstance(failed.error, ManifestUnknown)
    shelf.add(multi)
    gathered.want(multi.digest, "team/app")
    shelf.fill(gathered)

    assert gathered.whole()[0].error is None


def test_an_index_that_names_too_many_manifests_fails(multi, monkeypatch):
    monkeypatch.setattr(gathering, "MEMBERS_LIMIT", 4)
    shelf, gathered = Shelf(multi), Gathering()
    gathered.want(multi.digest, "team/app")

    assert shelf.fill(gathered) == [multi.digest]
    assert isinstance(gathered.whole()[0].error, InvalidManifest)


def test_a_long_chain_of_indexes_ends():
    shelf, gathered = Shelf(), Gathering()
    below = shelf.put(json.dumps(empty_image()).encode(), OCI_MANIFEST)
    for _depth in range(1200):
        below = shelf.index_of(below)
    gathered.want(str(below.digest), "team/app")
    shelf.fill(gathered)

    (whole,) = gathered.whole()
    assert len(whole.members) == gathering.DEPTH_LIMIT + 1
    assert len(gathered) == 0


def test_indexes_that_share_their_children_do_not_multiply():
    shelf, gathered = Shelf(), Gathering()
    level = [
        shelf.put(
            json.dumps({**empty_image(), "annotations": {"n": str(number)}}).encode(), OCI_MANIFEST
        )
        for number in range(8)
    ]
    for _depth in range(30):
        level = [shelf.index_of(*level[number:], *level[:number]) for number in range(8)]
    gathered.want(str(level[0].digest), "team/app")
    shelf.fill(gathered)

    (whole,) = gathered.whole()
    assert whole.error is None
    assert len(whole.members) <= 8 * gathering.DEPTH_LIMIT + 1


def empty_image():
    config = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": f"sha256:{'0' * 64}",
        "size": 2,
    }
    return {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}
