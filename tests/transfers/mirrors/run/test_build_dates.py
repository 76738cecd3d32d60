from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from registry_ui.oci.errors import Cancelled, ManifestUnknown
from tests.parts.images import build_image, build_index
from tests.parts.index_rows import BUILT, make_image, make_repository
from tests.parts.memory_store import MemoryStore
from tests.transfers.mirrors.memory_registry import manifest_path
from tests.transfers.mirrors.rows import mirror_row
from transfers.mirrors.run.build_dates import build_date_lookup

NAME = "library/nginx"

pytestmark = pytest.mark.django_db


class Endpoints:
    """The source of a run, as a store in memory that counts what is read."""

    def __init__(self, store):
        self.store = store
        self.repositories = []

    def source(self, repository):
        self.repositories.append(repository)
        return self.store


@pytest.fixture
def pool():
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_a_date_of_the_index_costs_no_request(team, pool):
    mirror = mirror_row(team)
    make_repository(
        mirror.source_registry, "library/nginx", {"1": make_image(mirror.source_registry, ("a", 1))}
    )
    store = MemoryStore()

    dates = build_date_lookup(mirror, "library/nginx", Endpoints(store), pool)(["1"])

    assert dates == {"1": BUILT}


def test_a_tag_that_the_index_does_not_know_is_read_from_its_config(team, pool):
    image = build_image(seed="dated")
    index = build_index(seed="dated", platforms=["linux/amd64", "linux/arm64"], attestation=True)
    store = MemoryStore(image, index)
    store.manifests |= {"1": store.manifests[image.digest], "2": store.manifests[index.digest]}
    endpoints = Endpoints(store)

    dates = build_date_lookup(mirror_row(team), "library/new", endpoints, pool)(["1", "2"])

    assert dates["1"] is not None
    # Of an index, the first image counts.
    assert dates["2"] == dates["1"]
    assert endpoints.repositories == ["library/new"]


def test_a_tag_without_a_date_and_a_missing_one_are_none(team, pool):
    class Store:
        def get_manifest(self, reference):
            raise ManifestUnknown("manifest_missing", host="h", repository="r", name=reference)

    lookup = build_date_lookup(mirror_row(team), "library/nginx", Endpoints(Store()), pool)

    assert lookup(["1", "2"]) == {"1": None, "2": None}


def test_a_cancellation_stops_the_look_up(team, pool):
    class Store:
        def get_manifest(self, reference):
            raise Cancelled("cancelled")

    lookup = build_date_lookup(mirror_row(team), "library/nginx", Endpoints(Store()), pool)

    with pytest.raises(Cancelled):
        lookup(["1"])


@pytest.fixture
def run(claimed_run):
    return claimed_run(NAME)


@pytest.fixture
def dates(run, open_endpoints, pool):
    return build_date_lookup(run.mirror, NAME, open_endpoints(run), pool)


def test_a_date_of_the_index_takes_no_request_and_others_are_read_from_the_image(run, hub, dates):
    row = make_image(
        run.mirror.source_registry, ("a", 1), built_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    make_repository(run.mirror.source_registry, NAME, {"1.26": row})
    hub.add(NAME, build_image(layers=1, layer_size=10), "1.26", "1.27")

    assert dates(["1.26", "1.27"]) == {"1.26": row.built_at, "1.27": BUILT}

    assert hub.server.made("GET", manifest_path(NAME, "1.26")) == []
    assert len(hub.server.made("GET", manifest_path(NAME, "1.27"))) == 1


def test_the_index_of_another_repository_does_not_count(run, hub, dates):
    row = make_image(
        run.mirror.source_registry, ("a", 1), built_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    make_repository(run.mirror.source_registry, "library/redis", {"1.27": row})
    hub.add(NAME, build_image(layers=1, layer_size=10), "1.27")

    assert dates(["1.27"]) == {"1.27": BUILT}


def test_thousands_of_names_are_looked_up_in_the_index(run, dates, hub):
    names = [f"1.{number}" for number in range(1500)]
    row = make_image(run.mirror.source_registry, ("a", 1))
    make_repository(run.mirror.source_registry, NAME, dict.fromkeys(names, row))

    assert dates(names) == dict.fromkeys(names, row.built_at)
    assert hub.server.calls == []
