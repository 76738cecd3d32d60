import json
import os

import pytest

from registry_ui.notifications.sender import deliver
from registry_ui.oci.errors import OciError
from tests.parts.processes import free_port
from tests.parts.scripted_server import Reply

pytestmark = pytest.mark.django_db


def send(receiver, path="hook", **values):
    values = {"title": "Mirror failed", "body": "12 of 12", "is_bad": True, **values}
    return deliver(f"json://{receiver.host}/{path}", **values)


@pytest.mark.parametrize(("is_bad", "kind"), [(True, "failure"), (False, "success")])
def test_a_message_arrives_with_its_kind(receiver, is_bad, kind):
    assert send(receiver, is_bad=is_bad)

    [call] = receiver.made("POST")
    document = json.loads(call.body)
    assert (document["title"], document["message"], document["type"]) == (
        "Mirror failed",
        "12 of 12",
        kind,
    )


@pytest.mark.parametrize(
    "reply", [Reply(500), Reply(404), Reply(reset=True)], ids=["500", "404", "reset"]
)
def test_a_refusal_is_no_delivery_and_its_address_is_not_logged(receiver, caplog, reply):
    receiver.on("POST", "/canary-token/?", reply)

    assert not send(receiver, path="canary-token")
    assert "canary-token" not in caplog.text


def test_a_redirect_is_not_followed_to_an_address_that_is_not_allowed(receiver):
    receiver.on("POST", "/hook/?", Reply(302, headers={"Location": "http://169.254.169.254/"}))

    assert not send(receiver)


def test_an_address_of_no_service_is_an_error():
    with pytest.raises(OciError):
        deliver("gopher://somewhere/x", title="t", body="b", is_bad=False)


def test_a_proxy_of_this_process_is_not_used_and_stays_as_it_was(receiver, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "nothing.example")

    assert send(receiver)

    assert os.environ["HTTP_PROXY"] == "http://127.0.0.1:9"
    assert os.environ["no_proxy"] == "nothing.example"


def test_a_closed_port_is_no_error(caplog):
    address = f"json://127.0.0.1:{free_port()}/canary-token"

    assert not deliver(address, title="t", body="b", is_bad=True)
    assert "canary-token" not in caplog.text


def test_an_address_that_the_rules_forbid_gets_no_connection(receiver, settings):
    settings.EGRESS_ALLOW_LOOPBACK = False

    assert not send(receiver)
    assert not receiver.calls


# --- the configured proxy


def test_the_configured_proxy_gets_the_message_of_another_host(receiver, settings):
    receiver.on("POST", "http://hooks.invalid/hook/?", Reply())
    settings.PROXY_URL = receiver.url

    deliver("json://hooks.invalid/hook", title="t", body="b", is_bad=True)

    assert [call.headers["Host"] for call in receiver.calls] == ["hooks.invalid"]


def test_a_host_without_a_proxy_is_reached_directly(receiver, settings):
    settings.PROXY_URL = f"http://127.0.0.1:{free_port()}"
    settings.NO_PROXY = ["127.0.0.1"]

    assert send(receiver)


def test_no_outcome_leaves_the_configured_proxy_in_the_environment(receiver, settings, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    settings.PROXY_URL, settings.NO_PROXY = receiver.url, ["127.0.0.1"]
    before = dict(os.environ)

    for path, reply in (("hook", Reply()), ("refuses", Reply(500)), ("cut", Reply(reset=True))):
        receiver.on("POST", f"/{path}/?", reply)
        send(receiver, path)

    assert dict(os.environ) == before
