"""Fixtures of the OCI tests: scripted servers, a fake internet, and clients with short limits."""

import ipaddress
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from registry_ui.oci import egress
from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.client import Endpoint, RegistryClient, RegistryStore
from registry_ui.oci.connections import Limits
from registry_ui.oci.egress import EgressPolicy
from registry_ui.oci.errors import HostUnknown
from tests.parts.certificates import Certificate, make_authority, make_server_certificate
from tests.parts.scripted_server import Reply, ScriptedServer, scripted_server
from tests.parts.scripted_tokens import TAGS, ask_for_token, require_token
from tests.parts.tunnel_proxy import TunnelProxy, serve_tunnels

QUICK = Limits(
    connect=2,
    read=2,
    answer=2,
    first_pause=0.01,
    longest_pause=2,
    all_pauses=4,
    minimum_rate=1000,
    rate_window=1,
)


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def scripted_servers() -> Iterator[Callable[..., ScriptedServer]]:
    """Yield a function that starts one more scripted server."""
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(scripted_server(*arguments))


@pytest.fixture
def client_of() -> Iterator[Callable[..., RegistryClient]]:
    """Yield a function that opens a client of a scripted server, or of a host."""
    with ExitStack() as stack:

        def make(
            server: ScriptedServer | str, credential: BasicCredential | None = None, **options: Any
        ) -> RegistryClient:
            host = server if isinstance(server, str) else server.host
            endpoint = Endpoint(
                host,
                options.pop("scheme", "http" if isinstance(server, str) else server.scheme),
                options.pop("ca_pem", ""),
                options.pop("token_hosts", ()),
                options.pop("api_host", ""),
            )
            options.setdefault("egress", EgressPolicy(allow_loopback=True))
            options.setdefault("limits", QUICK)
            return stack.enter_context(RegistryClient(endpoint, credential, **options))

        yield make


@pytest.fixture
def store(scripted, client_of) -> RegistryStore:
    """The repository team/app of the scripted registry."""
    return client_of(scripted).store("team/app")


@pytest.fixture
def tunnel_proxy() -> Iterator[TunnelProxy]:
    with serve_tunnels() as proxy:
        yield proxy


@dataclass
class Internet:
    """Names and public addresses that lead to scripted servers.

    A connection to any other address is recorded in `strayed`, and fails.
    """

    names: dict[str, list[str]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    strayed: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)

    def add(self, name: str, server: ScriptedServer, address: str) -> None:
        self.names[name] = [address]
        self.ports[address] = server.port

    def look_up(self, host: str, port: int) -> list[tuple[socket.AddressFamily, str, Any]]:
        try:
            addresses = [str(ipaddress.ip_address(host))]
        except ValueError:
            addresses = self.names.get(host, [])
        if not addresses:
            raise HostUnknown(f"The name {host} does not exist.")
        return [(socket.AF_INET, address, (address, port)) for address in addresses]


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    network = Internet()
    connect = egress._connect_in_slices

    def redirected(
        sock: socket.socket, destination: Any, deadline: float, cancellation: Any
    ) -> None:
        network.connected.append(destination[0])
        if destination[0] in network.ports:
            destination = ("127.0.0.1", network.ports[destination[0]])
        elif destination[0] != "127.0.0.1":
            network.strayed.append(destination[0])
            raise ConnectionRefusedError
        connect(sock, destination, deadline, cancellation)

    monkeypatch.setattr(egress, "_look_up", network.look_up)
    monkeypatch.setattr(egress, "_connect_in_slices", redirected)
    return network


@pytest.fixture(scope="session")
def authority() -> Certificate:
    return make_authority()


@pytest.fixture
def tls_of(authority: Certificate, tmp_path: Path) -> Callable[..., tuple[ssl.SSLContext, str]]:
    """Return a function that makes a server's TLS context for some hosts, and its authority."""

    def make(
        *hosts: str, expired: bool = False, signer: Certificate = authority
    ) -> tuple[ssl.SSLContext, str]:
        leaf = make_server_certificate(signer, *hosts, expired=expired)
        certificate, key = tmp_path / f"{hosts[0]}.pem", tmp_path / f"{hosts[0]}.key"
        certificate.write_text(leaf.pem)
        key.write_text(leaf.key_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context, signer.pem

    return make


@pytest.fixture
def token_registry_of(scripted):
    """Return a function that starts a registry with its own /token; each body is one answer."""

    def make(*documents):
        ask_for_token(scripted, "/token")
        scripted.on(
            "GET", "/token", *(Reply(body=json.dumps(document).encode()) for document in documents)
        )
        return scripted

    return make


@pytest.fixture
def registry_and_realm(internet, scripted_servers):
    registry, realm = scripted_servers(), scripted_servers()
    internet.add("registry.example", registry, "93.184.216.34")
    internet.add("auth.example", realm, "93.184.216.35")
    ask_for_token(registry, "http://auth.example/token")
    realm.on("GET", "/token", Reply(body=b'{"token":"t"}'))
    registry.on("GET", "/v2/a/tags/list", require_token("t", TAGS))
    return registry, realm


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


@pytest.fixture
def registry_and_cdn(internet, scripted_servers):
    """Return a public registry, and another public host to which it redirects."""
    registry, cdn = scripted_servers(), scripted_servers()
    internet.add("registry.example", registry, "93.184.216.34")
    internet.add("cdn.example", cdn, "93.184.216.35")
    registry.on("GET", "/v2/", Reply(401, headers={"WWW-Authenticate": 'Basic realm="r"'}))
    return registry, cdn
