"""The authorities that are trusted, and the messages about failed handshakes."""

import pytest

from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.errors import TlsFailed
from tests.parts.certificates import make_authority
from tests.parts.scripted_server import Reply


def test_own_authority_is_trusted(scripted_servers, tls_of, client_of):
    context, pem = tls_of("127.0.0.1")
    server = scripted_servers(context)
    client_of(server, ca_pem=pem).ping()
    with pytest.raises(TlsFailed) as caught:
        client_of(server).ping()
    assert "add the authority's certificate" in caught.value.advice
    assert [call.path for call in server.calls] == ["/v2/"]


def test_wrong_host_expired_and_foreign_authority(scripted_servers, tls_of, client_of):
    for hosts, options, message in (
        (("registry.example",), {}, "another host"),
        (("127.0.0.1",), {"expired": True}, "expired"),
        (("127.0.0.1",), {"signer": make_authority("Somebody else")}, "authority"),
    ):
        context, pem = tls_of(*hosts, **options)
        server = scripted_servers(context)
        trusted = pem if "signer" not in options else tls_of("127.0.0.1")[1]
        with pytest.raises(TlsFailed, match=message):
            client_of(server, ca_pem=trusted).ping()
        assert server.calls == []


def test_certificate_of_the_token_service_is_verified_too(scripted_servers, tls_of, client_of):
    good, pem = tls_of("127.0.0.1")
    bad, _ = tls_of("127.0.0.1", expired=True)
    registry, tokens = scripted_servers(good), scripted_servers(bad)
    registry.on(
        "GET",
        "/v2/",
        Reply(401, headers={"WWW-Authenticate": f'Bearer realm="{tokens.url}/token"'}),
    )
    with pytest.raises(TlsFailed, match="expired"):
        client_of(registry, BasicCredential("alice", "secret"), ca_pem=pem).list_tags("a")
    assert tokens.calls == []


def test_https_on_a_plain_port_says_so_and_never_falls_back(scripted, client_of):
    with pytest.raises(TlsFailed) as caught:
        client_of(scripted.host, scheme="https").ping()
    assert "speaks plain HTTP" in caught.value.message
    assert "Plain HTTP" in caught.value.advice
    assert scripted.made("GET", "/v2/") == []


def test_unreadable_authority(scripted, client_of):
    with pytest.raises(TlsFailed, match="cannot be read"):
        client_of(
            scripted, ca_pem="-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----"
        )
