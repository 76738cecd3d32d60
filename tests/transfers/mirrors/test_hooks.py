"""A registry tells of a push: by whom it is believed, and what it starts."""

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
from transfers.mirrors import claiming, hooks
from transfers.models import Mirror, MirrorHook, MirrorRun, State, Trigger

from .rows import mirror_row, run_row

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def distribution(repository="library/nginx", tag="1.27", action="push"):
    """As distribution 2.8 sends it."""
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
    """As Harbor 2 sends it."""
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
    return hooks.create_hook(mirror, alice)[1]


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
            reverse("mirrors:call", args=[mirror.hook.pk]), body, content_type="application/json"
        )

    return send


def planned(mirror):
    return (
        list(MirrorRun.objects.filter(mirror=mirror).values_list("trigger", "only"))
        if claiming.start_due()
        else []
    )


@pytest.mark.parametrize("document", [distribution(), harbor()], ids=["distribution", "harbor"])
def test_a_push_starts_a_run_of_what_was_pushed(mirror, call, document):
    response = call(document)

    assert (response.status_code, response.json()) == (202, {"started": True})
    assert planned(mirror) == [(Trigger.WEBHOOK, [{"repository": "library/nginx", "tag": "1.27"}])]
    assert AuditEvent.objects.filter(action=Action.MIRROR_HOOK_CALLED).count() == 1


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
def test_what_the_rule_does_not_take_starts_nothing(mirror, call, document):
    assert call(document).json() == {"started": False}
    assert planned(mirror) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"no json", b"[]", b"{}", b'"text"', b"\xff\xfe", b"[" * 100_000, b'{"events": {}}'],
)
def test_what_nobody_sends_is_refused(mirror, call, body):
    assert call(body=body).status_code == 400
    assert planned(mirror) == []


def test_a_signed_body_is_believed(mirror, call, secret):
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
def test_without_the_secret_nothing_is_read(mirror, call, headers):
    response = call(**headers)

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert planned(mirror) == []
    assert MirrorHook.objects.get().called_at is None


def test_a_signature_of_another_body_is_refused(call, secret):
    signature = hmac.new(secret.encode(), b"another", hashlib.sha256).hexdigest()

    assert call(**{"X-Hub-Signature-256": f"sha256={signature}"}).status_code == 401


def test_the_secret_in_the_query_is_no_secret(mirror, secret, client):
    address = reverse("mirrors:call", args=[mirror.hook.pk])

    assert (
        client.post(
            f"{address}?token={secret}", distribution(), content_type="application/json"
        ).status_code
        == 401
    )


def test_a_hook_that_is_not_there_answers_as_a_wrong_secret(call, client, mirror):
    there = call(Authorization="Bearer wrong")
    not_there = client.post(
        reverse("mirrors:call", args=[uuid.uuid4()]), {}, content_type="application/json"
    )

    assert (there.status_code, there.content) == (not_there.status_code, not_there.content)


def test_with_another_encryption_key_nobody_is_believed(call, settings):
    settings.ENCRYPTION_KEYS = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]

    assert call().status_code == 401


def test_a_body_that_is_too_long_is_refused_unread(call):
    assert call(body=b"x" * (hooks.LONGEST_BODY + 1)).status_code == 413


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_it_takes_posts_only(client, mirror, secret, method):
    assert (
        getattr(client, method)(reverse("mirrors:call", args=[mirror.hook.pk])).status_code == 405
    )


def test_fifty_calls_are_one_run(mirror, call):
    for number in range(50):
        assert call(distribution(tag=f"1.27.{number % 5}")).status_code == 202

    assert claiming.start_due() == 1
    assert claiming.start_due() == 0
    assert sorted(each["tag"] for each in MirrorRun.objects.get().only) == [
        f"1.27.{number}" for number in range(5)
    ]


def test_more_than_can_be_named_is_all_of_the_rule(mirror, call):
    for number in range(0, 120, 60):
        events = [
            distribution(tag=f"1.27.{each}")["events"][0] for each in range(number, number + 60)
        ]
        call({"events": events})
    call(distribution(tag="1.27.1"))

    assert planned(mirror) == [(Trigger.WEBHOOK, [])]


def test_a_call_during_a_run_gives_one_more_run_when_that_has_ended(mirror, call):
    run = run_row(mirror, state=State.RUNNING)
    for _number in range(3):
        call()

    assert claiming.start_due() == 0
    MirrorRun.objects.filter(pk=run.pk).update(state=State.SUCCEEDED)
    assert claiming.start_due() == 1
    assert claiming.start_due() == 0


def test_the_schedule_goes_on_after_a_call(mirror, call):
    was = mirror.next_run_at
    call()
    claiming.start_due()

    mirror.refresh_from_db()
    assert timezone.now() < mirror.next_run_at <= was + timedelta(days=1)


def test_a_rule_without_a_schedule_is_started_too(mirror, call):
    Mirror.objects.update(schedule="", next_run_at=None)
    call()

    assert claiming.start_due() == 1
    mirror.refresh_from_db()
    assert mirror.next_run_at is None


def test_a_run_of_the_schedule_that_is_due_takes_the_push_along(mirror, call):
    Mirror.objects.update(next_run_at=timezone.now() - timedelta(seconds=1))

    assert call().json() == {"started": True}
    assert planned(mirror) == [(Trigger.SCHEDULE, [])]


def test_a_paused_rule_is_not_started(mirror, call):
    Mirror.objects.update(paused=True)

    assert call().json() == {"started": False}
    assert planned(mirror) == []


# --- the secret


def test_a_new_secret_ends_the_one_before(mirror, alice, call, secret):
    hooks.create_hook(mirror, alice)

    assert call(Authorization=f"Bearer {secret}").status_code == 401


def test_a_removed_hook_is_refused(mirror, alice, call, secret):
    address = reverse("mirrors:call", args=[mirror.hook.pk])
    hooks.remove_hook(mirror, alice)

    assert (
        Client(headers={"Authorization": f"Bearer {secret}"})
        .post(address, {}, content_type="application/json")
        .status_code
        == 401
    )


def test_the_secret_is_stored_encrypted_and_in_no_event(secret):
    assert secret not in json.dumps(list(MirrorHook.objects.values()), default=str)
    assert secret not in json.dumps(list(AuditEvent.objects.values()), default=str)


def test_only_admins_make_and_remove_hooks(mirror, bob):
    for act in (hooks.create_hook, hooks.remove_hook):
        with pytest.raises(PermissionDenied):
            act(mirror, bob)
