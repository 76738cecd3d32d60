"""Parts of the tests of repository lists: a scripted registry, and its list by one provider."""

import json
from collections.abc import Callable, Iterator

import pytest

from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.client import Endpoint, RegistryClient
from registry_ui.oci.connections import Limits
from registry_ui.oci.egress import EgressPolicy
from registry_ui.providers.catalogue import provider_named
from registry_ui.providers.repository_lists import ListingSource, RepositoryList
from tests.parts.scripted_server import Reply, ScriptedServer, scripted_server

QUICK = Limits(connect=2, read=2, tries=2, first_pause=0.01, longest_pause=1, all_pauses=2)
SECRET = "canary-5ecret-8f1d27b3a9"
LOGIN = BasicCredential("acme", SECRET)
CATALOG = "/v2/_catalog"


def reply(document: object, status: int = 200, **headers: str) -> Reply:
    return Reply(
        status, json.dumps(document).encode(), {"Content-Type": "application/json", **headers}
    )


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as running:
        yield running


@pytest.fixture
def other_server() -> Iterator[ScriptedServer]:
    with scripted_server() as running:
        yield running


@pytest.fixture
def list_of(server: ScriptedServer) -> Iterator[Callable[..., RepositoryList]]:
    """Yield a function that lists the scripted registry as one provider's."""
    clients = []

    def open_it(
        provider: str, login: BasicCredential | None = None, **values: list[str]
    ) -> RepositoryList:
        client = RegistryClient(
            Endpoint(server.host, "http"),
            login,
            egress=EgressPolicy(allow_loopback=True),
            limits=QUICK,
        )
        clients.append(client)
        return provider_named(provider).list_repositories(ListingSource(client, login, **values))

    yield open_it
    for client in clients:
        client.close()
