import json
import os

import pytest

from registry_ui.notifications.sender import deliver
from registry_ui.oci.errors import OciError
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
