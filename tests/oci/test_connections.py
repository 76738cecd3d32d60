"""TLS by name over judged addresses, tunnels through a proxy, and the time limits of sockets."""

import socket
import threading

import pytest

from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.egress import EgressPolicy
from registry_ui.oci.errors import ConnectionFailed, ConnectionTimeout, TlsFailed
from tests.parts.scripted_server import Reply


@pytest.fixture
def docker_hub(internet, scripted_servers, tls_of):
    """Yield Docker Hub's two hosts, with certificates of an authority that the test trusts."""
    context, pem = tls_of("registry-1.docker.io", "auth.docker.io")
    registry, tokens = scripted_servers(context), scripted_servers(context)
    internet.add("registry-1.docker.io", registry, "93.184.216.34")
    internet.add("auth.docker.io", tokens, "93.184.216.35")
    challenge = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"'
    registry.on("GET", "/v2/", Reply(401, headers={"WWW-Authenticate": challenge}))
    registry.on("GET", "/v2/library/nginx/tags/list", Reply(body=b'{"tags":["1"]}'))
    tokens.on("GET", "/token", Reply(body=b'{"token":"t"}'))
    return registry, tokens, pem


def test_docker_hub_by_its_short_name(docker_hub, client_of):
    registry, tokens, pem = docker_hub
    client = client_of("docker.io", BasicCredential("alice", "secret"), scheme="https", ca_pem=pem)
    assert client.list_tags("library/nginx") == ["1"]
    assert tokens.calls[0].query["service"] == ["registry.docker.io"]
    assert tokens.calls[0].authorization.startswith("Basic ")
    assert registry.made("GET", "/v2/library/nginx/tags/list")[0].authorization == "Bearer t"


def test_own_authority_is_not_trusted_for_foreign_hosts(
    internet, scripted_servers, tls_of, client_of
):
    own, pem = tls_of("registry.example")
    foreign, _ = tls_of("cdn.example")
    registry, cdn = scripted_servers(own), scripted_servers(foreign)
    internet.add("registry.example", registry, "93.184.216.34")
    internet.add("cdn.example", cdn, "93.184.216.35")
    registry.on("GET", "/v2/a/tags/list", Reply(307, headers={"Location": "https://cdn.example/x"}))
    with pytest.raises(TlsFailed, match=r"cdn\.example"):
        client_of("registry.example", scheme="https", ca_pem=pem).list_tags("a")
    assert cdn.calls == []


@pytest.fixture
def tunnelling_proxy():
    """Yield a proxy that connects every tunnel to one port, and records the requests to it."""
    asked: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))
    ports = {"target": 0}

    def pump(one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        other.close()

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            asked.append(head)
            if not ports["target"]:
                client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                client.close()
                continue
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            target = socket.create_connection(("127.0.0.1", ports["target"]))
            for pair in ((client, target), (target, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://user:hidden@127.0.0.1:{server.getsockname()[1]}", ports, asked
    server.close()


def test_https_goes_through_a_tunnel_and_is_verified_by_name(
    tunnelling_proxy, scripted_servers, tls_of, client_of
):
    proxy_url, ports, asked = tunnelling_proxy
    context, pem = tls_of("registry.example")
    registry = scripted_servers(context)
    ports["target"] = registry.port
    policy = EgressPolicy(proxy_url=proxy_url)
    client_of("registry.example", scheme="https", ca_pem=pem, egress=policy).ping()
    assert asked[0].startswith(b"CONNECT registry.example:443 ")
    assert b"Proxy-Authorization: Basic" in asked[0]
    assert "Proxy-Authorization" not in registry.calls[0].headers
    with pytest.raises(TlsFailed):
        client_of("other.example", scheme="https", ca_pem=pem, egress=policy).ping()


def test_proxy_that_refuses(tunnelling_proxy, client_of):
    proxy_url, _, _ = tunnelling_proxy
    with pytest.raises(ConnectionFailed, match="proxy refused") as caught:
        client_of(
            "registry.example", scheme="https", egress=EgressPolicy(proxy_url=proxy_url)
        ).ping()
    assert "hidden" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_host_that_accepts_and_says_nothing(client_of):
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ConnectionTimeout):
            client_of(host).ping()
        with pytest.raises(ConnectionTimeout):
            client_of(host, scheme="https").ping()
