"""Logins that expire: exchanged in time, and in the middle of a transfer."""

import json
import threading
import time
from urllib.parse import parse_qs

import pytest

from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.errors import ConnectionFailed, ResponseError, Unauthorized
from registry_ui.oci.registry_login import RegistryLogin, SessionLogin
from tests.parts.bytes_readers import descriptor_of, read_all, source_of
from tests.parts.expiring_logins import LoginService
from tests.parts.scripted_server import Reply
from tests.parts.scripted_tokens import TAGS, ask_for_token, require_token

BLOB = bytes(range(256)) * 12_000  # 3 MB
HOUR = 3600


@pytest.fixture
def _no_grace(monkeypatch):
    """A login may be refused for its age at once."""
    monkeypatch.setattr("registry_ui.oci.registry_login._JUST_ISSUED_SECONDS", 0)
    monkeypatch.setattr("registry_ui.oci.token_service._JUST_ISSUED_SECONDS", 0)


# --- before it expires


def test_a_login_is_exchanged_at_half_of_its_life_and_never_refused(scripted, client_of):
    logins = LoginService(seconds=2)
    logins.guard(scripted).on("GET", "/v2/a/tags/list", logins.require(TAGS))
    client = client_of(scripted, logins.source)

    deadline = time.monotonic() + 3.5
    while time.monotonic() < deadline:
        assert client.list_tags("a") == ["1.0"]
        time.sleep(0.1)
    assert logins.issued in (3, 4)
    assert logins.refused == 0


def test_a_login_without_expiry_is_asked_for_once(scripted, client_of):
    logins = LoginService(HOUR, stated=None)
    logins.guard(scripted).on("GET", "/v2/a/tags/list", logins.require(TAGS))
    client = client_of(scripted, logins.source)
    assert logins.issued == 0, "nothing is exchanged before it is needed"
    for _number in range(3):
        client.list_tags("a")
    assert logins.issued == 1


def test_threads_share_one_exchange(scripted, client_of):
    logins = LoginService(HOUR, delay=0.2)
    logins.guard(scripted).on("GET", "/v2/a/tags/list", logins.require(TAGS))
    client = client_of(scripted, logins.source)
    threads = [threading.Thread(target=client.list_tags, args=("a",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert logins.issued == 1
    assert len(scripted.made("GET", "/v2/a/tags/list")) == 8


def test_a_session_for_cleaning_up_uses_the_same_login(scripted, client_of):
    logins = LoginService(HOUR)
    logins.guard(scripted).on("GET", "/v2/a/tags/list", logins.require(TAGS))
    client = client_of(scripted, logins.source)
    client.list_tags("a")
    with client.sibling() as sibling:
        assert sibling.list_tags("a") == ["1.0"]
    assert logins.issued == 1


def test_other_threads_use_the_valid_login_during_an_exchange():
    logins = LoginService(2)
    login = SessionLogin(logins.source)
    first = login.current()
    time.sleep(1.1)

    logins.delay = 0.5
    renewing = threading.Thread(target=login.current)
    renewing.start()
    time.sleep(0.1)
    started = time.monotonic()
    assert login.current() is first
    assert time.monotonic() - started < 0.2
    renewing.join()
    assert login.current() != first


def test_a_failed_exchange_matters_only_when_the_login_has_expired():
    logins = LoginService(2)
    login = SessionLogin(logins.source)
    first = login.current()
    logins.failure = ConnectionFailed("no answer")
    time.sleep(1.1)
    assert login.current() is first
    time.sleep(1)
    with pytest.raises(ConnectionFailed):
        login.current()

    logins.failure = None
    assert login.current() != first


def test_an_expiry_in_the_past_is_no_exchange_at_each_request():
    logins = LoginService(HOUR, stated=-600)
    login = SessionLogin(logins.source)
    assert login.current() is login.current()
    assert logins.issued == 1


def test_a_plain_credential_is_never_exchanged():
    credential = BasicCredential("alice", "s")
    login = SessionLogin(credential)
    assert login.current() is login.latest is credential
    assert not login.replace(credential)
    assert SessionLogin(None).is_anonymous
    assert SessionLogin(None).current() is None


# --- refused before it expires


@pytest.mark.usefixtures("_no_grace")
def test_a_login_that_ends_during_an_upload_is_exchanged_once(scripted, client_of):
    logins = LoginService(HOUR)
    logins.guard(scripted)

    def begin(_call):
        logins.end_all()
        return Reply(202, headers={"Location": "/v2/up"})

    scripted.on("POST", "/v2/a/blobs/uploads/", logins.require(begin))
    scripted.on("PUT", "/v2/up", logins.require(Reply(201)))
    client_of(scripted, logins.source).store("a").write_blob(descriptor_of(BLOB), source_of(BLOB))
    refused, accepted = scripted.made("PUT")
    assert refused.authorization != accepted.authorization
    assert accepted.body == BLOB, "the body is sent again from its start"
    assert (logins.issued, logins.refused) == (2, 1)


@pytest.mark.usefixtures("_no_grace")
def test_a_login_that_ends_between_two_chunks_is_exchanged(scripted, client_of):
    logins = LoginService(HOUR)
    logins.guard(scripted)
    received = bytearray()

    def begin(_call):
        headers = {"Location": "/v2/up", "OCI-Chunk-Min-Length": str(1 << 20)}
        return Reply(202, headers=headers)

    def patch(call):
        received.extend(call.body)
        logins.end_all()
        return Reply(202, headers={"Location": "/v2/up", "Range": f"0-{len(received) - 1}"})

    blob = BLOB * 3
    scripted.on("POST", "/v2/a/blobs/uploads/", logins.require(begin))
    scripted.on("PATCH", "/v2/up", logins.require(patch))
    scripted.on("PUT", "/v2/up", logins.require(Reply(201)))
    scripted.on("HEAD", "/v2/a/blobs/.*", logins.require(Reply(404)))
    client_of(scripted, logins.source).store("a").write_blob(descriptor_of(blob), source_of(blob))
    assert bytes(received) == blob
    # 9 MiB are three chunks; the second, the third and the closing PUT need a new login each.
    assert (logins.issued, logins.refused) == (4, 3)


@pytest.mark.usefixtures("_no_grace")
def test_a_login_that_ends_during_a_download_is_exchanged(scripted, client_of):
    logins = LoginService(HOUR)
    half = len(BLOB) // 2

    def serve(call):
        start = int(call.headers.get("Range", "bytes=0-")[6:-1])
        if not start:
            logins.end_all()
            return Reply(200, BLOB, cut=half)
        headers = {"Content-Range": f"bytes {start}-{len(BLOB) - 1}/{len(BLOB)}"}
        return Reply(206, BLOB[start:], headers)

    logins.guard(scripted).on("GET", "/v2/a/blobs/.*", logins.require(serve))
    store = client_of(scripted, logins.source).store("a")
    with store.open_blob(descriptor_of(BLOB)) as reader:
        assert read_all(reader) == BLOB
    assert (logins.issued, logins.refused) == (2, 1)


@pytest.mark.usefixtures("_no_grace")
def test_a_new_login_that_is_refused_too_ends_the_request(scripted, client_of):
    logins = LoginService(seconds=0, stated=HOUR)
    logins.guard(scripted).on("GET", "/v2/a/tags/list", logins.require(TAGS))
    with pytest.raises(Unauthorized):
        client_of(scripted, logins.source).list_tags("a")
    assert (logins.issued, logins.refused) == (2, 2)


def test_a_login_that_is_refused_at_once_is_not_exchanged(scripted, client_of):
    logins = LoginService(seconds=0, stated=HOUR)
    logins.guard(scripted).on("GET", "/v2/a/tags/list", logins.require(TAGS))
    with pytest.raises(Unauthorized):
        client_of(scripted, logins.source).list_tags("a")
    assert logins.issued == 1


@pytest.mark.usefixtures("_no_grace")
def test_a_source_with_the_same_login_again_is_no_reason_for_another_try(scripted, client_of):
    login = RegistryLogin(BasicCredential("alice", "wrong"))
    LoginService(HOUR).guard(scripted)
    scripted.on("GET", "/v2/a/tags/list", Reply(401))
    with pytest.raises(Unauthorized):
        client_of(scripted, lambda: login).list_tags("a")
    assert len(scripted.made("GET", "/v2/a/tags/list")) == 1


@pytest.mark.usefixtures("_no_grace")
def test_a_former_secret_stays_out_of_messages(scripted, client_of):
    logins = LoginService(HOUR)
    logins.guard(scripted).on("GET", "/v2/a/tags/list", logins.require(TAGS))
    client = client_of(scripted, logins.source)
    client.list_tags("a")
    logins.end_all()
    client.list_tags("a")

    refusal = b'{"errors":[{"code":"DENIED","message":"AWS:secret-1 and secret-2 may not"}]}'
    scripted.on("GET", "/v2/a/tags/list", Reply(403, refusal))
    with pytest.raises(ResponseError) as caught:
        client.list_tags("a")
    assert "secret-" not in str(vars(caught.value))


# --- with a token service


@pytest.mark.usefixtures("_no_grace")
def test_the_token_service_gets_a_new_login_for_one_that_has_ended(scripted, client_of):
    logins = LoginService(HOUR)
    ask_for_token(scripted, "/token")
    scripted.on("GET", "/token", logins.require(Reply(body=b'{"token":"t"}')))
    scripted.on("GET", "/v2/.*/tags/list", require_token("t", TAGS))
    client = client_of(scripted, logins.source)
    client.list_tags("a")
    logins.end_all()
    assert client.list_tags("b") == ["1.0"]
    assert (logins.issued, logins.refused) == (2, 1)


@pytest.mark.usefixtures("_no_grace")
def test_an_identity_token_that_has_ended_is_exchanged(scripted, client_of):
    logins = LoginService(HOUR, username="<token>")
    ask_for_token(scripted, "/token")

    def issue(call):
        refresh_token = parse_qs(call.body.decode())["refresh_token"][0]
        if refresh_token != "rotated" and not logins.is_valid(refresh_token):
            return Reply(401)
        if refresh_token == "rotated" and logins.issued > 1:
            return Reply(401)
        answer = {"access_token": "t"}
        if logins.issued == 1:
            answer["refresh_token"] = "rotated"
        return Reply(body=json.dumps(answer).encode())

    scripted.on("POST", "/token", issue)
    scripted.on("GET", "/v2/.*/tags/list", require_token("t", TAGS))
    client = client_of(scripted, logins.source)
    client.list_tags("a")

    # The rotated token belongs to the former login and is forgotten with it.
    scripted.on("POST", "/token", Reply(401), issue)
    assert client.list_tags("b") == ["1.0"]
    sent = [
        parse_qs(call.body.decode())["refresh_token"] for call in scripted.made("POST", "/token")
    ]
    assert sent == [["secret-1"], ["rotated"], ["secret-2"]]
    assert logins.issued == 2


@pytest.mark.usefixtures("_no_grace")
def test_a_registry_token_that_ends_in_an_upload_is_fetched_with_a_new_login(scripted, client_of):
    logins = LoginService(HOUR)
    ask_for_token(scripted, "/token")
    tokens = iter(["old", "new"])
    scripted.on(
        "GET",
        "/token",
        logins.require(lambda _call: Reply(body=json.dumps({"token": next(tokens)}).encode())),
    )

    def begin(_call):
        logins.end_all()
        return Reply(202, headers={"Location": "/v2/up"})

    scripted.on("POST", "/v2/a/blobs/uploads/", begin)
    scripted.on("PUT", "/v2/up", require_token("new", Reply(201)))
    client_of(scripted, logins.source).store("a").write_blob(descriptor_of(BLOB), source_of(BLOB))
    assert scripted.made("PUT")[-1].body == BLOB
    assert (logins.issued, logins.refused) == (2, 1)
