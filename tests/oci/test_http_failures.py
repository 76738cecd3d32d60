"""Failures of connections as typed errors, which hold no URL and no secret."""

import json
import threading
import traceback

import pytest

from registry_ui.oci.connections import Limits
from registry_ui.oci.errors import (
    ConnectionFailed,
    OciError,
)
from tests.parts.bytes_readers import descriptor_of, source_of
from tests.parts.scripted_server import Reply
from tests.parts.scripted_tokens import BASIC, CREDENTIAL, SECRET
from tests.parts.small_manifest import FOUND, MANIFEST, RAW


def test_something_that_is_not_http(client_of):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak():
            connection, _ = server.accept()
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
            connection.close()

        threading.Thread(target=speak, daemon=True).start()
        with pytest.raises(ConnectionFailed):
            client_of(f"127.0.0.1:{server.getsockname()[1]}").ping()


def test_cut_manifest_is_an_error_of_the_connection(scripted, store):
    scripted.on("GET", MANIFEST, Reply(body=RAW[:50], length=len(RAW), headers=FOUND))
    with pytest.raises(ConnectionFailed):
        store.get_manifest("1.0")


BLOB = b"blob" * 1000


def test_no_secret_in_any_error_or_its_chain(scripted, client_of):
    echo = json.dumps(
        {
            "errors": [
                {"code": "DENIED", "message": f"{SECRET} {BASIC} https://x.example/y?sig={SECRET}"}
            ]
        }
    ).encode()
    faults = (
        Reply(reset=True),
        Reply(403, echo),
        Reply(500, echo),
        Reply(404, echo),
        Reply(418, echo),
        Reply(200, b"<", length=50),
        Reply(429, echo),
    )
    scripted.on("GET", "/v2/", Reply(401, headers={"WWW-Authenticate": 'Basic realm="r"'}))
    for fault in faults:
        for method in ("GET", "POST", "PUT", "HEAD"):
            scripted.on(method, "/v2/a/.*", fault)
        store = client_of(
            scripted, CREDENTIAL, limits=Limits(tries=2, read=2, first_pause=0.001)
        ).store("a")
        for call, *arguments in (
            (store.get_manifest, "1.0"),
            (store.head_manifest, "1.0"),
            (store.open_blob, descriptor_of(BLOB)),
            (store.write_blob, descriptor_of(BLOB), source_of(BLOB)),
        ):
            try:
                call(*arguments)
            except OciError as exc:
                text = "".join(traceback.format_exception(exc)) + repr(exc) + str(exc.stored())
                assert SECRET not in text
                assert BASIC.removeprefix("Basic ") not in text
                failure = exc
                while failure is not None:
                    assert type(failure).__module__.split(".")[0] not in ("requests", "urllib3"), (
                        "their exceptions hold headers and URLs"
                    )
                    failure = failure.__cause__ or failure.__context__
    assert SECRET not in repr(CREDENTIAL)


def test_signed_url_of_a_redirect_is_not_in_the_error(
    scripted, client_of, internet, scripted_servers
):
    cdn = scripted_servers()
    internet.add("cdn.example", cdn, "93.184.216.35")
    scripted.on(
        "GET",
        "/v2/a/blobs/.*",
        Reply(307, headers={"Location": f"http://cdn.example/b?X-Signature={SECRET}"}),
    )
    cdn.on("GET", "/b", Reply(reset=True))
    with pytest.raises(OciError) as caught:
        client_of(scripted).store("a").open_blob(descriptor_of(BLOB))
    assert SECRET not in "".join(traceback.format_exception(caught.value))
