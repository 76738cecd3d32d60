"""A provider's API beside /v2/: where credentials go, and which responses are accepted."""

import json

import pytest

from registry_ui.oci.api import JsonApi
from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.egress import EgressPolicy
from registry_ui.oci.errors import (
    Cancelled,
    ConnectionFailed,
    EgressRefused,
    InvalidManifest,
    RateLimited,
    ResponseError,
    Unauthorized,
    Unsupported,
)
from registry_ui.oci.http_messages import Authorization
from registry_ui.oci.store import Cancellation
from tests.parts.scripted_server import Reply

SECRET = "canary-5ecret-8f1d27b3a9"
TOKEN = Authorization("Bearer the-token-of-the-tests")


@pytest.fixture
def api(scripted, client_of):
    return JsonApi(
        client_of(scripted), f"{scripted.url}/api", authorization=TOKEN, secrets=(SECRET,)
    )


def test_json_is_asked_for_and_returned(scripted, api):
    scripted.on("GET", "/api/things", Reply(body=b'{"a": [1]}'))
    assert api.get("/things?page=1").content == {"a": [1]}
    (call,) = scripted.calls
    assert call.query == {"page": ["1"]}
    assert call.headers["Accept"] == "application/json"
    assert call.authorization == TOKEN.header


def test_the_registry_gets_no_request_and_its_credential_is_not_sent(scripted, client_of):
    scripted.on("GET", "/api/things", Reply(body=b"[]"))
    JsonApi(client_of(scripted, BasicCredential("robot", SECRET)), f"{scripted.url}/api/").get(
        "/things"
    )
    assert [(call.path, call.authorization) for call in scripted.calls] == [("/api/things", "")]


def test_failures_are_retried_within_the_limits(scripted, api):
    scripted.on(
        "GET",
        "/api/things",
        Reply(503),
        Reply(reset=True),
        Reply(429, headers={"Retry-After": "0"}),
        Reply(body=b"[]"),
    )
    assert api.get("/things").content == []
    scripted.on("GET", "/api/things", Reply(429, headers={"Retry-After": "900"}))
    with pytest.raises(RateLimited, match=r"^rate_limited_for .*seconds=900"):
        api.get("/things")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"<html>", headers={"Content-Type": "text/html"}),
        Reply(body=b"nonsense"),
        Reply(body=b""),
    ],
)
def test_other_content_than_json_is_not_the_api(scripted, api, reply):
    scripted.on("GET", "/api/things", reply)
    with pytest.raises(Unsupported, match=r"^not_the_api "):
        api.get("/things")


def test_an_answer_that_is_too_large_is_refused(scripted, api):
    scripted.on("GET", "/api/things", Reply(body=b" " * 9_000_000))
    with pytest.raises(InvalidManifest, match=r"^answer_too_large "):
        api.get("/things")


def test_deep_json_is_refused(scripted, api):
    scripted.on("GET", "/api/things", Reply(body=b"[" * 200_000))
    with pytest.raises(Unsupported):
        api.get("/things")


def test_an_answer_from_another_host_does_not_count(scripted, scripted_servers, api):
    other = scripted_servers()
    other.on("GET", "/things", Reply(body=b"[]"))
    scripted.on("GET", "/api/things", Reply(302, headers={"Location": f"{other.url}/things"}))
    with pytest.raises(Unsupported):
        api.get("/things")
    assert [call.authorization for call in other.calls] == [""]


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "http://[::1]:1/",
        "http://2130706433:1/",
    ],
)
def test_no_redirect_leads_to_a_forbidden_address(scripted, api, location):
    scripted.on("GET", "/api/things", Reply(302, headers={"Location": location}))
    with pytest.raises(ConnectionFailed):
        api.get("/things")


def test_posted_secrets_are_hidden_in_errors(scripted, api):
    scripted.on(
        "POST",
        "/api/token",
        Reply(401, json.dumps({"message": f"wrong {SECRET} for robot"}).encode()),
    )
    with pytest.raises(Unauthorized) as caught:
        api.post("/token", {"identifier": "robot", "secret": SECRET})
    assert SECRET not in f"{caught.value} {vars(caught.value)}"


def test_a_post_is_json_without_the_token(scripted, api):
    scripted.on("POST", "/api/token", Reply(body=b'{"access_token": "x"}'))
    assert api.post("/token", {"secret": SECRET}).content == {"access_token": "x"}
    (call,) = scripted.calls
    assert json.loads(call.body) == {"secret": SECRET}
    assert call.headers["Content-Type"] == "application/json"
    assert call.authorization == ""


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_post_is_not_redirected(scripted, scripted_servers, api, status):
    other = scripted_servers()
    scripted.on("POST", "/api/token", Reply(status, headers={"Location": f"{other.url}/token"}))
    with pytest.raises(ResponseError, match=f"http_status={status}"):
        api.post("/token", {"secret": SECRET})
    assert other.calls == []


def test_a_deletion_carries_the_token(scripted, api):
    scripted.on("DELETE", "/api/things/1", Reply(200))
    api.delete("/things/1")
    (call,) = scripted.calls
    assert call.authorization.startswith("Bearer ")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirected_deletion_is_not_taken_for_done(scripted, scripted_servers, api, status):
    other = scripted_servers()
    scripted.on("DELETE", "/api/things/1", Reply(status, headers={"Location": other.url}))
    with pytest.raises(ResponseError, match=f"http_status={status}"):
        api.delete("/things/1")
    assert other.calls == []


def test_a_cancellation_ends_it(scripted, client_of):
    cancellation = Cancellation()
    cancellation.request()
    with pytest.raises(Cancelled):
        JsonApi(client_of(scripted, cancellation=cancellation), scripted.url).get("/things")


def test_docker_hubs_api_is_a_public_host_like_any_other(internet, scripted, client_of):
    internet.add("hub.docker.com", scripted, "203.0.114.7")
    scripted.on("GET", "/v2/things", Reply(body=b"[]"))
    client = client_of("docker.io", egress=EgressPolicy(allow_private=False))
    assert JsonApi(client, "http://hub.docker.com").get("/v2/things").content == []
    assert internet.strayed == []


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "::1"])
def test_an_api_that_resolves_inside_is_refused(internet, client_of, address):
    internet.names["hub.docker.com"] = [address]
    with pytest.raises(EgressRefused):
        JsonApi(
            client_of("docker.io", egress=EgressPolicy(allow_loopback=True)),
            "http://hub.docker.com",
        ).get("/v2/things")
    assert internet.connected == []
