"""Redirects, and connections that are kept open."""

import pytest

from registry_ui.oci.errors import (
    EgressRefused,
    OciError,
)
from tests.parts.bytes_readers import descriptor_of, read_all, source_of
from tests.parts.scripted_server import Reply
from tests.parts.scripted_tokens import CREDENTIAL
from tests.parts.tag_lists import TAGS, page


def test_upload_location_on_plain_http_explains_the_proxy(scripted_servers, tls_of, client_of):
    context, pem = tls_of("127.0.0.1")
    registry = scripted_servers(context)
    registry.on(
        "POST",
        "/v2/a/blobs/uploads/",
        Reply(202, headers={"Location": f"http://{registry.host}/v2/up"}),
    )
    with pytest.raises(OciError) as caught:
        client_of(registry, ca_pem=pem).store("a").write_blob(descriptor_of(b"x"), source_of(b"x"))
    assert caught.value.code == "redirect_to_own_plain_http"


def test_kept_connection_that_was_closed_meanwhile(scripted, client_of):
    scripted.on("GET", TAGS, page(["1"]))
    client = client_of(scripted)
    client.list_tags("team/app")
    for pool in client.transport._connections._pools.values():
        pool.pool.queue[-1].sock.shutdown(2)
    assert client.list_tags("team/app") == ["1"]


BLOB = b"blob content " * 1000


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_to_another_host_carries_no_login(registry_and_cdn, client_of, status):
    registry, cdn = registry_and_cdn
    registry.on(
        "GET", "/v2/a/blobs/.*", Reply(status, headers={"Location": "http://cdn.example/b?X-Sig=1"})
    )
    cdn.on("GET", "/b", Reply(body=BLOB))
    store = client_of("registry.example", CREDENTIAL).store("a")
    assert read_all(store.open_blob(descriptor_of(BLOB))) == BLOB
    assert registry.made("GET", "/v2/a/.*")[0].authorization.startswith("Basic ")
    assert [call.authorization for call in cdn.calls] == [""]


def test_redirect_to_another_port_carries_no_login(scripted_servers, client_of):
    registry, other = scripted_servers(), scripted_servers()
    registry.on("GET", "/v2/", Reply(401, headers={"WWW-Authenticate": 'Basic realm="r"'}))
    registry.on("GET", "/v2/a/blobs/.*", Reply(307, headers={"Location": f"{other.url}/b"}))
    other.on("GET", "/b", Reply(307, headers={"Location": f"{registry.url}/back"}))
    registry.on("GET", "/back", Reply(body=BLOB))
    assert (
        read_all(client_of(registry, CREDENTIAL).store("a").open_blob(descriptor_of(BLOB))) == BLOB
    )
    assert other.calls[0].authorization == ""
    assert registry.made("GET", "/back")[0].authorization == "", (
        "what was dropped does not come back"
    )


def test_upload_to_another_host_carries_no_login(registry_and_cdn, client_of):
    registry, cdn = registry_and_cdn
    registry.on(
        "POST",
        "/v2/a/blobs/uploads/",
        Reply(202, headers={"Location": "http://cdn.example/up?sig=a%2Fb"}),
    )
    cdn.on("PUT", "/up", Reply(201))
    client_of("registry.example", CREDENTIAL).store("a").write_blob(
        descriptor_of(BLOB), source_of(BLOB)
    )
    (put,) = cdn.made("PUT")
    assert put.authorization == ""
    assert put.body == BLOB
    assert put.query == {"sig": ["a/b"], "digest": [str(descriptor_of(BLOB).digest)]}


def test_more_than_three_redirects_are_refused(scripted, client_of):
    scripted.on("GET", "/v2/a/blobs/.*", Reply(307, headers={"Location": "/r"}))
    scripted.on("GET", "/r", Reply(307, headers={"Location": "/r"}))
    with pytest.raises(EgressRefused, match=r"^too_many_redirects .*limit=3"):
        client_of(scripted).store("a").open_blob(descriptor_of(BLOB))
    assert len(scripted.made("GET", "/r")) == 3


def test_redirect_to_plain_http_is_refused(internet, scripted_servers, client_of, tls_of):
    context, pem = tls_of("127.0.0.1")
    registry, plain = scripted_servers(context), scripted_servers()
    internet.add("cdn.example", plain, "93.184.216.35")
    registry.on("GET", "/v2/a/blobs/.*", Reply(307, headers={"Location": "http://cdn.example/b"}))
    with pytest.raises(EgressRefused, match=r"^redirect_to_(own_)?plain_http "):
        client_of(registry, ca_pem=pem).store("a").open_blob(descriptor_of(BLOB))
    assert plain.calls == []
