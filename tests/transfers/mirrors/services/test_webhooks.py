"""Webhooks of registries: authentication, and the run that a push causes."""

import hashlib
import hmac
import json
import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registry_ui.accounts.models import Action, AuditEvent
from transfers.mirrors.models import Mirror, MirrorRun, MirrorWebhook, Trigger
from transfers.mirrors.services import due_mirrors, webhooks
from transfers.models import State

from ..rows import mirror_row, run_row

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def distribution(repository="library/nginx", tag="1.27", action="push"):
    """Return a notification of distribution 2.8."""
    target = {
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "repository": repository,
        "tag": tag,
        "size": 708,
    }
    return {
        "events": [
            {
                "id": "1",
                "action": action,
                "target": target,
                "actor": {},
                "source": {"addr": "registry:5000"},
            }
        ]
    }


def harbor(repository="library/nginx", tag="1.27", kind="PUSH_ARTIFACT"):
    """Return a webhook of Harbor 2."""
    resource = {
        "digest": "sha256:954b3784",
        "tag": tag,
        "resource_url": f"harbor.example.com/{repository}:{tag}",
    }
    project, _slash, name = repository.partition("/")
    data = {
        "resources": [resource],
        "repository": {"name": name, "namespace": project, "repo_full_name": repository},
    }
    return {"type": kind, "occur_at": 1680501893, "operator": "admin", "event_data": data}


@pytest.fixture
def mirror(team):
    return mirror_row(team, selection={"versions": ">=1.27 <2"})


@pytest.fixture
def secret(mirror, alice):
    return webhooks.create_webhook(mirror, alice)[1]


@pytest.fixture
def call(mirror, secret):
    def send(document=None, *, body=None, **headers):
        body = (
            json.dumps(distribution() if document is None else document).encode()
            if body is None
            else body
        )
        headers = headers or {"Authorization": f"Bearer {secret}"}
        # Without a session, and with the CSRF check on: as a registry calls.
        client = Client(enforce_csrf_checks=True, headers=headers)
        return client.post(
            reverse("mirrors:webhook_call", args=[mirror.webhook.pk]),
            body,
            content_type="application/json",
        )

    return send


def start_due_runs(mirror):
    return (
        list(MirrorRun.objects.filter(mirror=mirror).values_list("trigger", "limited_to"))
        if due_mirrors.start_due_mirrors()
        else []
    )


@pytest.mark.parametrize("document", [distribution(), harbor()], ids=["distribution", "harbor"])
def test_a_push_starts_a_run_of_the_pushed_tag(mirror, call, document):
    response = call(document)

    assert (response.status_code, response.json()) == (202, {"started": True})
    assert start_due_runs(mirror) == [
        (Trigger.WEBHOOK, [{"repository": "library/nginx", "tag": "1.27"}])
    ]
    assert AuditEvent.objects.filter(action=Action.MIRROR_WEBHOOK_CALLED).count() == 1


@pytest.mark.parametrize(
    "document",
    [
        distribution("library/redis"),
        distribution(tag="1.26"),
        distribution(tag=""),
        distribution(action="pull"),
        distribution(action="delete"),
        harbor("library/redis"),
        harbor(kind="SCANNING_COMPLETED"),
        {"events": []},
        {
            "events": [
                1,
                {"action": "push", "target": None},
                {"action": "push", "target": {"tag": 7}},
            ]
        },
        {"event_data": {}},
        {"event_data": {"resources": "x", "repository": []}, "type": "PUSH_ARTIFACT"},
    ],
)
def test_an_unselected_push_starts_no_run(mirror, call, document):
    assert call(document).json() == {"started": False}
    assert start_due_runs(mirror) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"no json", b"[]", b"{}", b'"text"', b"\xff\xfe", b"[" * 100_000, b'{"events": {}}'],
)
def test_an_unknown_body_is_refused(mirror, call, body):
    assert call(body=body).status_code == 400
    assert start_due_runs(mirror) == []


def test_a_signed_body_is_accepted(mirror, call, secret):
    body = json.dumps(distribution()).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    for header in ("X-Registry-UI-Signature-256", "X-Hub-Signature-256"):
        assert call(body=body, **{header: f"sha256={signature}"}).status_code == 202


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Nothing": "1"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic dTpw"},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": "sha256="},
        {"Authorization": "Bearer \xff"},
    ],
)
def test_without_the_secret_the_body_is_ignored(mirror, call, headers):
    response = call(**headers)

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert start_due_runs(mirror) == []
    assert MirrorWebhook.objects.get().called_at is None


def test_a_signature_of_another_body_is_refused(call, secret):
    signature = hmac.new(secret.encode(), b"another", hashlib.sha256).hexdigest()

    assert call(**{"X-Hub-Signature-256": f"sha256={signature}"}).status_code == 401


def test_a_secret_in_the_query_is_refused(mirror, secret, client):
    address = reverse("mirrors:webhook_call", args=[mirror.webhook.pk])

    assert (
        client.post(
            f"{address}?token={secret}", distribution(), content_type="application/json"
        ).status_code
        == 401
    )


def test_an_unknown_webhook_answers_like_a_wrong_secret(call, client, mirror):
    known = call(Authorization="Bearer wrong")
    unknown = client.post(
        reverse("mirrors:webhook_call", args=[uuid.uuid4()]), {}, content_type="application/json"
    )

    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)


def test_with_another_encryption_key_calls_are_refused(call, settings):
    settings.ENCRYPTION_KEYS = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]

    assert call().status_code == 401


def test_a_large_body_is_refused_unread(call):
    assert call(body=b"x" * (webhooks.MAX_BODY_BYTES + 1)).status_code == 413


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_it_accepts_post_only(client, mirror, secret, method):
    assert (
        getattr(client, method)(
            reverse("mirrors:webhook_call", args=[mirror.webhook.pk])
        ).status_code
        == 405
    )


def test_fifty_calls_are_one_run(mirror, call):
    for number in range(50):
        assert call(distribution(tag=f"1.27.{number % 5}")).status_code == 202

    assert due_mirrors.start_due_mirrors() == 1
    assert due_mirrors.start_due_mirrors() == 0
    assert sorted(entry["tag"] for entry in MirrorRun.objects.get().limited_to) == [
        f"1.27.{number}" for number in range(5)
    ]


def test_too_many_pushes_run_the_whole_mirror(mirror, call):
    for number in range(0, 120, 60):
        events = [
            distribution(tag=f"1.27.{entry}")["events"][0] for entry in range(number, number + 60)
        ]
        call({"events": events})
    call(distribution(tag="1.27.1"))

    assert start_due_runs(mirror) == [(Trigger.WEBHOOK, [])]


def test_calls_during_a_run_cause_one_more_run(mirror, call):
    run = run_row(mirror, state=State.RUNNING)
    for _number in range(3):
        call()

    assert due_mirrors.start_due_mirrors() == 0
    MirrorRun.objects.filter(pk=run.pk).update(state=State.SUCCEEDED)
    assert due_mirrors.start_due_mirrors() == 1
    assert due_mirrors.start_due_mirrors() == 0


def test_the_schedule_continues_after_a_call(mirror, call):
    previous = mirror.next_run_at
    call()
    due_mirrors.start_due_mirrors()

    mirror.refresh_from_db()
    assert timezone.now() < mirror.next_run_at <= previous + timedelta(days=1)


def test_a_mirror_without_a_schedule_is_started(mirror, call):
    Mirror.objects.update(schedule="", next_run_at=None)
    call()

    assert due_mirrors.start_due_mirrors() == 1
    mirror.refresh_from_db()
    assert mirror.next_run_at is None


def test_a_due_scheduled_run_covers_the_push(mirror, call):
    Mirror.objects.update(next_run_at=timezone.now() - timedelta(seconds=1))

    assert call().json() == {"started": True}
    assert start_due_runs(mirror) == [(Trigger.SCHEDULE, [])]


def test_a_paused_mirror_is_not_started(mirror, call):
    Mirror.objects.update(paused=True)

    assert call().json() == {"started": False}
    assert start_due_runs(mirror) == []


# --- the secret


def test_a_new_secret_replaces_the_previous_one(mirror, alice, call, secret):
    webhooks.create_webhook(mirror, alice)

    assert call(Authorization=f"Bearer {secret}").status_code == 401


def test_a_removed_webhook_refuses_calls(mirror, alice, call, secret):
    address = reverse("mirrors:webhook_call", args=[mirror.webhook.pk])
    webhooks.remove_webhook(mirror, alice)

    assert (
        Client(headers={"Authorization": f"Bearer {secret}"})
        .post(address, {}, content_type="application/json")
        .status_code
        == 401
    )


def test_only_admins_create_and_remove_webhooks(mirror, bob):
    for act in (webhooks.create_webhook, webhooks.remove_webhook):
        with pytest.raises(PermissionDenied):
            act(mirror, bob)
