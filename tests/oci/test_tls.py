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
    assert caught.value.code == "certificate_authority_unknown"
    assert caught.value.parameters == {"location": server.host}
    assert [call.path for call in server.calls] == ["/v2/"]


def test_wrong_host_expired_and_foreign_authority(scripted_servers, tls_of, client_of):
    for hosts, options, code in (
        (("registry.example",), {}, "certificate_for_another_host"),
        (("127.0.0.1",), {"expired": True}, "certificate_expired"),
        (
            ("127.0.0.1",),
            {"signer": make_authority("Somebody else")},
            "certificate_authority_unknown",
        ),
    ):
        context, pem = tls_of(*hosts, **options)
        server = scripted_servers(context)
        trusted = pem if "signer" not in options else tls_of("127.0.0.1")[1]
        with pytest.raises(TlsFailed, match=f"^{code} location=127.0.0.1"):
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
    with pytest.raises(TlsFailed, match=r"^certificate_expired "):
        client_of(registry, BasicCredential("alice", "secret"), ca_pem=pem).list_tags("a")
    assert tokens.calls == []


def test_https_on_a_plain_port_says_so_and_never_falls_back(scripted, client_of):
    with pytest.raises(TlsFailed) as caught:
        client_of(scripted.host, scheme="https").ping()
    assert caught.value.code == "tls_not_spoken"
    assert caught.value.parameters == {"location": scripted.host}
    assert scripted.made("GET", "/v2/") == []


def test_unreadable_authority(scripted, client_of):
    with pytest.raises(TlsFailed, match=r"^authority_certificate_unreadable$"):
        client_of(
            scripted, ca_pem="-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----"
        )
