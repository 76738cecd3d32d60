"""The list of a registry row's repositories: the kind of list, and the row's settings."""

import json

import pytest

from registry_ui.catalog.repository_lists import open_listing
from registry_ui.credentials.clients import endpoint_of
from registry_ui.oci.client import RegistryClient
from registry_ui.oci.egress import EgressPolicy
from registry_ui.providers import docker_hub
from registry_ui.registries.models import Listing
from tests.parts.scripted_server import Reply, scripted_server


def reply(document):
    return Reply(200, json.dumps(document).encode(), {"Content-Type": "application/json"})


@pytest.fixture
def server():
    with scripted_server() as running:
        yield running


def listed(row):
    with RegistryClient(endpoint_of(row), egress=EgressPolicy(allow_loopback=True)) as client:
        listing, names = open_listing(row, client, None)
        return listing, list(names)


def test_the_real_registry_is_listed_by_its_catalog(registry, image_factory, make_registry):
    repository = image_factory(registry).repository
    listing, names = listed(make_registry(registry))
    assert listing == Listing.CATALOG
    assert repository in names


def test_the_provider_lists_the_namespaces_in_the_settings(server, make_registry):
    server.on("GET", "/api/v2.0/systeminfo", reply({}))
    server.on("GET", "/api/v2.0/projects/shop/repositories", reply([{"name": "shop/api"}]))
    row = make_registry(
        host=server.host, provider="harbor", namespaces=["shop"], security="plain_http"
    )
    assert listed(row) == (Listing.PROVIDER, ["shop/api"])


def test_without_namespaces_the_accounts_of_the_credentials_are_listed(
    server, make_registry, make_credential, monkeypatch
):
    monkeypatch.setattr(docker_hub, "API", server.url)
    row = make_registry(host=server.host, provider="docker_hub", security="plain_http")
    for username in ("Acme", "someone@example.com", "library", "acme-ci"):
        make_credential(row, username)
    server.on("GET", "/v2/namespaces/acme/repositories", reply({"results": [{"name": "app"}]}))
    server.on("GET", "/v2/namespaces/acme-ci/repositories", reply({"results": []}))
    assert listed(row) == (Listing.PROVIDER, ["acme/app"])
    assert len(server.calls) == 2
