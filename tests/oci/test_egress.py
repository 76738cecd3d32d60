"""The hosts to which the client connects (HARDENING 1 to 6, 9 and 11)."""

import threading
import time

import pytest

from registry_ui.oci.egress import EgressPolicy
from registry_ui.oci.errors import Cancelled, ConnectionFailed, EgressRefused, HostUnknown, OciError
from registry_ui.oci.store import Cancellation
from tests.parts.bytes_readers import descriptor_of, read_all, source_of
from tests.parts.scripted_server import Reply
from tests.parts.scripted_tokens import CREDENTIAL

BLOB = b"blob content " * 1000
FORBIDDEN = (
    "http://169.254.169.254/latest/meta-data",
    "http://[::1]/x",
    "http://[::ffff:127.0.0.1]/x",
    "http://2852039166/x",  # 169.254.169.254 in one number
    "http://0x7f.1/x",
    "http://0.0.0.0/x",
    "http://[fd00:ec2::254]/x",
    "http://100.100.100.200/x",
    "http://[::ffff:a9fe:a9fe]/x",
    "http://[64:ff9b::a9fe:a9fe]/x",
    "http://localhost/x",
)
ELSEWHERE = (
    "file:///etc/passwd",
    "ftp://example.com/x",
    "http://user:password@example.com/x",
    "http://example.com:99999/x",
)


def test_own_loopback_needs_permission(scripted, client_of):
    client_of(scripted).ping()
    with pytest.raises(EgressRefused, match=r"^address_loopback "):
        client_of(scripted, egress=EgressPolicy()).ping()
    assert len(scripted.calls) == 1


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "[fe80::1]", "0.0.0.0:5000", "2852039166", "100.100.100.200"]
)
def test_metadata_addresses_are_never_connected_to(client_of, host):
    with pytest.raises(EgressRefused):
        client_of(host, egress=EgressPolicy(allow_private=True, allow_loopback=True)).ping()


def test_private_registry_by_setting(internet, scripted, client_of):
    internet.add("registry.corp", scripted, "10.1.2.3")
    client_of("registry.corp", egress=EgressPolicy()).ping()
    with pytest.raises(EgressRefused, match=r"(^address_private |scope=private)"):
        client_of("registry.corp", egress=EgressPolicy(allow_private=False)).ping()
    assert internet.connected == ["10.1.2.3"]


@pytest.mark.parametrize("target", [*FORBIDDEN, *ELSEWHERE])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_of_a_blob_to_a_forbidden_address_is_refused(scripted, client_of, target, status):
    scripted.on("GET", "/v2/a/blobs/.*", Reply(status, headers={"Location": target}))
    with pytest.raises(EgressRefused):
        client_of(scripted).store("a").open_blob(descriptor_of(BLOB))


@pytest.mark.parametrize("target", FORBIDDEN)
def test_upload_location_at_a_forbidden_address_is_refused(scripted, client_of, target):
    scripted.on("POST", "/v2/a/blobs/uploads/", Reply(202, headers={"Location": target}))
    with pytest.raises(EgressRefused):
        client_of(scripted).store("a").write_blob(descriptor_of(BLOB), source_of(BLOB))


@pytest.mark.parametrize(
    "target", [*FORBIDDEN, "https://evil.example/v2/a/tags/list", "//evil.example/x"]
)
def test_next_page_elsewhere_is_refused(scripted, client_of, internet, target):
    reply = Reply(body=b'{"tags":["x"]}', headers={"Link": f'<{target}>; rel="next"'})
    scripted.on("GET", "/v2/a/tags/list", reply)
    with pytest.raises(EgressRefused):
        client_of(scripted).list_tags("a")
    assert internet.connected == ["127.0.0.1"]


@pytest.mark.parametrize("target", FORBIDDEN)
@pytest.mark.parametrize("credential", [None, CREDENTIAL])
def test_token_realm_at_a_forbidden_address_is_refused(scripted, client_of, target, credential):
    scripted.on(
        "GET",
        "/v2/",
        Reply(401, headers={"WWW-Authenticate": f'Bearer realm="{target}",service="s"'}),
    )
    with pytest.raises(EgressRefused):
        client_of(scripted, credential).list_tags("a")


def test_unauthorized_at_a_redirect_gets_no_token(registry_and_cdn, client_of):
    registry, cdn = registry_and_cdn
    registry.on("GET", "/v2/a/blobs/.*", Reply(302, headers={"Location": "http://cdn.example/b"}))
    cdn.on("GET", "/b", Reply(401, headers={"WWW-Authenticate": 'Basic realm="evil"'}))
    with pytest.raises(OciError, match=r"cdn\.example"):
        client_of("registry.example", CREDENTIAL).store("a").open_blob(descriptor_of(BLOB))
    assert cdn.calls
    assert {call.authorization for call in cdn.calls} == {""}


def test_foreign_layer_url_gets_no_request(registry_and_cdn, client_of):
    registry, cdn = registry_and_cdn
    registry.on("GET", "/v2/a/blobs/.*", Reply(body=BLOB))
    descriptor = descriptor_of(BLOB)
    foreign = type(descriptor)(
        descriptor.media_type,
        descriptor.digest,
        descriptor.size,
        urls=("http://cdn.example/layer",),
    )
    read_all(client_of("registry.example", CREDENTIAL).store("a").open_blob(foreign))
    assert cdn.calls == []


def test_public_registry_cannot_send_clients_into_a_private_network(
    internet, scripted_servers, client_of
):
    registry, inside = scripted_servers(), scripted_servers()
    internet.add("registry.example", registry, "93.184.216.34")
    internet.add("intranet.example", inside, "10.0.0.7")
    registry.on(
        "GET", "/v2/a/blobs/.*", Reply(307, headers={"Location": "http://intranet.example/admin"})
    )
    with pytest.raises(EgressRefused, match=r"(^address_private |scope=private)"):
        client_of("registry.example").store("a").open_blob(descriptor_of(BLOB))
    assert inside.calls == []


@pytest.mark.parametrize("later", [False, True])
def test_public_registry_with_a_private_address_too_opens_no_private_network(
    internet, scripted_servers, client_of, later
):
    registry, inside = scripted_servers(), scripted_servers()
    internet.add("registry.example", registry, "93.184.216.34")
    internet.ports["10.0.0.6"] = registry.port
    internet.add("intranet.example", inside, "10.0.0.7")
    registry.on(
        "GET", "/v2/a/blobs/.*", Reply(307, headers={"Location": "http://intranet.example/admin"})
    )
    client = client_of("registry.example")
    if later:
        client.ping()
        client.transport._connections.close()
    internet.names["registry.example"] = ["10.0.0.6"] if later else ["93.184.216.34", "10.0.0.6"]
    with pytest.raises(EgressRefused, match=r"(^address_private |scope=private)"):
        client.store("a").open_blob(descriptor_of(BLOB))
    assert inside.calls == []


def test_private_registry_may_send_clients_to_its_private_storage(
    internet, scripted_servers, client_of
):
    registry, storage = scripted_servers(), scripted_servers()
    internet.add("registry.corp", registry, "10.0.0.6")
    internet.add("minio.corp", storage, "10.0.0.7")
    registry.on("GET", "/v2/a/blobs/.*", Reply(307, headers={"Location": "http://minio.corp/b"}))
    storage.on("GET", "/b", Reply(body=BLOB))
    assert read_all(client_of("registry.corp").store("a").open_blob(descriptor_of(BLOB))) == BLOB


def test_name_that_resolves_inside_later_is_judged_anew(internet, scripted, client_of):
    internet.add("registry.example", scripted, "93.184.216.34")
    client = client_of("registry.example", egress=EgressPolicy(allow_private=False))
    client.ping()
    client.transport._connections.close()
    internet.names["registry.example"] = ["169.254.169.254"]
    with pytest.raises(EgressRefused):
        client.ping()
    assert internet.connected == ["93.184.216.34"], "the judged address is the one connected to"


def test_forbidden_addresses_beside_a_good_one_are_skipped(internet, scripted, client_of):
    internet.add("registry.example", scripted, "93.184.216.34")
    internet.names["registry.example"].insert(0, "169.254.169.254")
    client_of("registry.example").ping()
    assert internet.connected == ["93.184.216.34"]


def test_unknown_host_says_so(client_of):
    with pytest.raises(HostUnknown, match=r"registry\.invalid"):
        client_of("registry.invalid").ping()


def test_nothing_listens(client_of):
    with pytest.raises(ConnectionFailed, match=r"^connection_refused "):
        client_of("127.0.0.1:1").ping()


def test_connecting_can_be_cancelled(client_of, monkeypatch):
    monkeypatch.setattr("registry_ui.oci.egress._look_up", lambda *_: time.sleep(5))
    cancellation = Cancellation()
    threading.Timer(0.2, cancellation.request).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        client_of("slow.example", cancellation=cancellation).ping()
    assert time.monotonic() - started < 4


@pytest.mark.parametrize(
    ("no_proxy", "host", "is_direct"),
    [
        (["example.com"], "registry.example.com", True),
        (["example.com"], "notexample.com", False),
        ([".internal"], "a.internal", True),
        (["10.0.0.0/8"], "10.2.3.4", True),
        (["10.0.0.0/8"], "11.2.3.4", False),
        (["*"], "anything.example", True),
        (["registry.example:5000"], "registry.example", True),
        ([], "127.0.0.1", True),
        ([], "localhost", True),
        ([], "registry.example", False),
    ],
)
def test_no_proxy(no_proxy, host, is_direct):
    policy = EgressPolicy(proxy_url="http://user:hidden@proxy:3128", no_proxy=no_proxy)
    assert (policy.proxy_for(host, 5000) is None) is is_direct
    assert "hidden" not in repr(policy)


def test_proxy_is_used_and_forbidden_destinations_are_still_refused(
    internet, scripted_servers, client_of
):
    proxy, registry = scripted_servers(), scripted_servers()
    internet.add("proxy.corp", proxy, "10.9.9.9")
    internet.add("registry.example", registry, "93.184.216.34")
    proxy.on("GET", ".*", Reply(body=b"{}", headers={"Content-Type": "application/json"}))
    policy = EgressPolicy(allow_private=False, proxy_url="http://proxy.corp:3128")
    client_of("registry.example", egress=policy).ping()
    assert [call.path for call in proxy.calls] == ["/v2/"]
    assert registry.calls == []
    with pytest.raises(EgressRefused):
        client_of("169.254.169.254", egress=policy).ping()
    assert len(proxy.calls) == 1
