"""TLS by name over judged addresses, tunnels through a proxy, and the time limits of sockets."""

import socket

import pytest

from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.egress import EgressPolicy
from registry_ui.oci.errors import ConnectionFailed, ConnectionTimeout, TlsFailed
from registry_ui.oci.tls import context_for
from tests.parts.bytes_readers import descriptor_of, read_all
from tests.parts.certificates import make_authority
from tests.parts.scripted_server import Reply
from tests.parts.scripted_tokens import CREDENTIAL
from tests.parts.tunnel_proxy import serve_tunnels


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
    client = client_of(
        "docker.io",
        BasicCredential("alice", "secret"),
        scheme="https",
        ca_pem=pem,
        token_hosts=("auth.docker.io",),
        api_host="registry-1.docker.io",
    )
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
    with pytest.raises(TlsFailed, match=r"location=cdn\.example"):
        client_of("registry.example", scheme="https", ca_pem=pem).list_tags("a")
    assert cdn.calls == []


def test_https_goes_through_a_tunnel_and_is_verified_by_name(
    tunnel_proxy, scripted_servers, tls_of, client_of
):
    context, pem = tls_of("registry.example")
    registry = scripted_servers(context)
    tunnel_proxy.target = registry.port
    policy = EgressPolicy(proxy_url=tunnel_proxy.url)
    client_of("registry.example", scheme="https", ca_pem=pem, egress=policy).ping()
    assert tunnel_proxy.heads[0].startswith(b"CONNECT registry.example:443 ")
    assert b"Proxy-Authorization: Basic" in tunnel_proxy.heads[0]
    assert "Proxy-Authorization" not in registry.calls[0].headers
    with pytest.raises(TlsFailed):
        client_of("other.example", scheme="https", ca_pem=pem, egress=policy).ping()


def test_proxy_that_refuses(tunnel_proxy, client_of):
    policy = EgressPolicy(proxy_url=tunnel_proxy.url)
    with pytest.raises(ConnectionFailed, match=r"^proxy_refused location=") as caught:
        client_of("registry.example", scheme="https", egress=policy).ping()
    assert "hidden" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_plain_http_goes_to_the_proxy_with_the_whole_url_and_the_login(scripted, client_of):
    scripted.on("GET", "/v2/", Reply(401, headers={"WWW-Authenticate": 'Basic realm="r"'}))
    policy = EgressPolicy(proxy_url=f"http://user:hidden@{scripted.host}")
    client = client_of("registry.example", CREDENTIAL, egress=policy)
    scripted.on("GET", "/v2/a/tags/list", Reply(body=b'{"tags":["1"]}'))

    assert client.list_tags("a") == ["1"]
    for call in scripted.calls:
        assert call.headers["Host"] == "registry.example"
        assert call.headers["Proxy-Authorization"] == "Basic dXNlcjpoaWRkZW4="
    (pool,) = client.transport._connections._pools.values()
    assert pool.num_connections == 1, "the connection to the proxy is kept open"


def test_a_proxy_that_speaks_tls_is_verified_and_carries_the_tls_of_the_registry(
    scripted_servers, tls_of, client_of, tmp_path, monkeypatch
):
    proxy_context, proxy_pem = tls_of("127.0.0.1", signer=make_authority())
    context, pem = tls_of("registry.example")
    blob = b"layer" * 100_000
    registry = scripted_servers(context)
    registry.on("GET", "/v2/a/blobs/.*", Reply(body=blob))

    with serve_tunnels(proxy_context) as proxy:
        proxy.target = registry.port
        options = {"scheme": "https", "ca_pem": pem, "egress": EgressPolicy(proxy_url=proxy.url)}
        with pytest.raises(TlsFailed):
            client_of("registry.example", **options).ping()
        assert not proxy.heads, "the login is for the right proxy only"

        (tmp_path / "system.pem").write_text(proxy_pem)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
        context_for.cache_clear()
        try:
            store = client_of("registry.example", **options).store("a")
            assert read_all(store.open_blob(descriptor_of(blob))) == blob
        finally:
            context_for.cache_clear()
    assert proxy.heads[0].startswith(b"CONNECT registry.example:443 ")


def test_a_pool_that_is_pushed_out_closes_no_connection_in_use(scripted, client_of):
    blob = b"layer" * 400_000
    scripted.on("GET", "/v2/a/blobs/.*", Reply(body=blob))
    client = client_of(scripted)
    reader = client.store("a").open_blob(descriptor_of(blob))

    for number in range(40):
        client.transport._connections.pool_for(f"http://host-{number}.example/", None)

    assert read_all(reader) == blob
    assert len(client.transport._connections._pools) == 16


def test_cookies_are_never_sent_back(scripted, client_of):
    scripted.on("GET", ".*", Reply(body=b'{"tags":["1"]}', headers={"Set-Cookie": "a=1; Path=/"}))
    client = client_of(scripted)

    client.list_tags("a")
    client.list_tags("a")
    assert not any("Cookie" in call.headers for call in scripted.calls)


def test_host_that_accepts_and_says_nothing(client_of):
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ConnectionTimeout):
            client_of(host).ping()
        with pytest.raises(ConnectionTimeout):
            client_of(host, scheme="https").ping()
