import re
import uuid
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.urls import reverse
from django.utils import timezone

from registry_ui.accounts.models import Membership
from tests.parts.error_texts import stored_error
from tests.transfers.rows import DIGEST, MIB, PYTHON, copy_row, layer, publish_row, transfer_row
from transfers.models import Kind, State, Transfer

pytestmark = pytest.mark.django_db


HTMX = {"HX-Request": "true"}


LAYERS = [
    layer(1, "exists", size=2 * MIB),
    layer(2, "transferring", size=4 * MIB, offset=MIB),
    layer(3),
]


ENDED = [State.SUCCEEDED, State.FAILED, State.CANCELLED]


def detail(client, row):
    return client.get(reverse("transfers:detail", args=[row.pk])).content.decode()


def poll(client, row, seen):
    return client.get(
        reverse("transfers:progress", args=[row.pk], query={"seen": seen}), headers=HTMX
    )


@pytest.mark.parametrize("name", ["detail", "progress"])
def test_a_viewer_may_watch_and_an_outsider_finds_nothing(client_for, team, victor, charlie, name):
    url = reverse(f"transfers:{name}", args=[transfer_row(team).pk])
    assert client_for(victor).get(url).status_code == 200
    assert client_for(charlie).get(url).status_code == 404


@pytest.mark.parametrize("name", ["cancel", "retry"])
def test_only_operators_act(client_for, team, bob, victor, charlie, name):
    row = transfer_row(team, state=State.FAILED if name == "retry" else State.QUEUED)
    url = reverse(f"transfers:{name}", args=[row.pk])

    assert client_for(charlie).post(url).status_code == 404
    assert client_for(victor).post(url).status_code == 403
    row.refresh_from_db()
    assert Transfer.objects.count() == 1
    assert row.cancel_requested_at is None

    assert client_for(bob).post(url).status_code == 302


@pytest.mark.parametrize(
    ("name", "method"),
    [("detail", "post"), ("progress", "post"), ("cancel", "get"), ("retry", "get")],
)
def test_wrong_methods_are_refused(client_for, team, bob, name, method):
    url = reverse(f"transfers:{name}", args=[transfer_row(team).pk])
    assert getattr(client_for(bob), method)(url).status_code == 405


@pytest.mark.parametrize("name", ["detail", "progress", "cancel", "retry"])
def test_a_missing_transfer_is_not_found(client_for, bob, name):
    client = client_for(bob)
    act = client.post if name in ("cancel", "retry") else client.get
    assert act(reverse(f"transfers:{name}", args=[uuid.uuid4()])).status_code == 404


def test_an_id_cannot_leave_its_attribute(client_for, bob):
    assert client_for(bob).get("/transfers/..%2f..%2fetc/").status_code == 404


def test_a_viewer_sees_no_button(client_for, team, victor):
    html = detail(client_for(victor), transfer_row(team, state=State.RUNNING, layers=LAYERS))
    assert reverse("transfers:cancel", args=[Transfer.objects.get().pk]) not in html


def test_a_member_who_left_sees_nothing_any_more(client_for, team, bob):
    row = transfer_row(team, bob)
    client = client_for(bob)
    assert detail(client, row)
    Membership.objects.filter(user=bob).delete()
    assert poll(client, row, "queued").status_code == 404


def test_a_running_pull_shows_its_layers_with_dockers_labels(client_for, team, bob):
    progress = {"speed": 3 * MIB, "seconds_left": 2}
    html = detail(
        client_for(bob),
        transfer_row(
            team,
            bob,
            state=State.RUNNING,
            layers=LAYERS,
            progress=progress,
            bytes_done=MIB,
            bytes_total=5 * MIB,
        ),
    )

    for expected in (
        "Running",
        "Already exists",
        "Pulling",
        "Waiting",
        "20 %",
        "3.0\xa0MiB/s",
        "2 s left",
        "Pulling layers",
    ):
        assert expected in html, expected
    assert "1.0\xa0MiB" in html
    assert '<meta http-equiv="refresh" content="2">' in html
    assert "style=" not in html


def test_an_ended_page_neither_polls_nor_reloads(client_for, team, bob):
    for state in ENDED:
        html = detail(client_for(bob), transfer_row(team, bob, state=state, layers=LAYERS))
        assert "every 1s" not in html
        assert "http-equiv" not in html


def test_a_push_shows_its_steps(client_for, team, bob):
    steps = [
        {"name": "login", "state": "done", "detail": "Login succeeded as robot"},
        {"name": "push", "state": "running", "detail": ""},
    ]
    html = detail(
        client_for(bob), publish_row(team, bob, kind=Kind.PUSH, state=State.RUNNING, steps=steps)
    )
    assert "Login succeeded as robot" in html
    assert "Starting" in html or "Pushing layers" in html


def test_a_queued_publish_shows_its_waiting_steps(client_for, team, bob):
    html = detail(client_for(bob), publish_row(team, bob))
    assert html.count('data-state="waiting"') == 3


def test_layers_of_several_platforms_are_grouped(client_for, team, bob):
    layers = [layer(1, "done"), layer(2, "transferring", platform="linux/arm64")]
    html = detail(client_for(bob), transfer_row(team, bob, state=State.RUNNING, layers=layers))
    assert "linux/amd64" in html
    assert "linux/arm64" in html
    assert "1 of 1" in html


def test_a_pause_is_on_the_badge_until_its_end_and_updates_the_whole_card(client_for, team, bob):
    progress = {"phase": "paused", "note": "docker.io asks to wait.", "pause_seconds": 600}
    row = transfer_row(
        team,
        bob,
        state=State.RUNNING,
        layers=LAYERS,
        progress=progress,
        heartbeat_at=timezone.now(),
    )
    client = client_for(bob)
    html = detail(client, row)
    fingerprint = re.search(r"\?seen=([^\"]+)", html)[1]
    assert re.search(r'data-state="paused">.*Waits until \d\d:\d\d', html)
    assert "It goes on by itself in 10" in html

    assert "HX-Retarget" not in poll(client, row, unquote(fingerprint))
    Transfer.objects.filter(pk=row.pk).update(progress={**progress, "phase": "transferring"})
    assert poll(client, row, unquote(fingerprint))["HX-Retarget"] == "#transfer"


def test_a_running_copy_shows_both_endpoints_and_both_logins(client_for, team, bob):
    steps = [
        {"name": "source", "state": "done", "detail": "No login needed"},
        {"name": "target", "state": "done", "detail": "Login succeeded as robot"},
        {"name": "copy", "state": "running", "detail": ""},
    ]
    html = detail(
        client_for(bob),
        copy_row(
            team, bob, state=State.RUNNING, layers=LAYERS, steps=steps, platform="linux/arm64"
        ),
    )
    for expected in (
        "Log in at the source",
        "Log in at the target",
        "Login succeeded as robot",
        "Copying",
        "Login at the target",
        "linux/arm64",
    ):
        assert expected in html, expected
    assert html.count("docker.io/library/python:3.12-slim") >= 1


def test_a_finished_copy_says_whether_the_digest_changed(client_for, team, bob):
    client = client_for(bob)
    html = detail(client, copy_row(team, bob, state=State.SUCCEEDED, digest=DIGEST, size=1782))
    assert f"1.0: digest: {DIGEST} size: 1782" in html
    assert "The digest is the same at both ends" in html

    html = detail(
        client,
        copy_row(
            team,
            bob,
            state=State.SUCCEEDED,
            digest=DIGEST,
            progress={"note": "The digest is another one."},
        ),
    )
    assert "The digest is another one." in html
    assert "The digest is the same" not in html


def test_a_finished_push_prints_what_docker_prints(client_for, team, bob):
    html = detail(
        client_for(bob), publish_row(team, bob, state=State.SUCCEEDED, digest=DIGEST, size=1782)
    )
    assert f"prod-2023: digest: {DIGEST} size: 1782" in html
    assert "docker pull registry.example.com/my-company/my-app:prod-2023" in html
    assert f"docker pull registry.example.com/my-company/my-app@{DIGEST}" in html


def test_a_transfer_without_bytes_says_so(client_for, team, bob):
    html = detail(
        client_for(bob),
        transfer_row(team, bob, state=State.SUCCEEDED, layers=[layer(1, "exists")], bytes_total=0),
    )
    assert "Nothing had to be moved" in html


def test_hostile_texts_are_inert(client_for, team, bob):
    payload = "<script>alert(1)</script>"
    row = transfer_row(
        team,
        None,
        state=State.FAILED,
        requested_by=payload,
        error=stored_error(payload, payload),
        layers=[layer(1, "mounted", origin=payload)],
        progress={"note": payload},
        worker=payload,
    )
    for response in (
        client_for(bob).get(reverse("transfers:detail", args=[row.pk])),
        client_for(bob).get(reverse("transfers:list")),
    ):
        assert b"<script>alert" not in response.content


def test_another_teams_transfer_offers_to_switch_the_team(client_for, team, other_team, bob):
    Membership.objects.create(team=other_team, user=bob, role="operator")
    html = detail(client_for(bob), transfer_row(other_team))
    assert "Work in Lighthouse" in html
    assert reverse("accounts:switch_team") in html


def test_a_queued_transfer_shows_its_queue_position(client_for, team, bob):
    now = timezone.now()
    running = transfer_row(team, bob, state=State.RUNNING, target="docker.io/library/busy:1")
    transfer_row(team, bob, queued_at=now - timedelta(seconds=60))
    row = transfer_row(team, bob, queued_at=now)

    html = detail(client_for(bob), row)

    assert "1 transfer runs, 1 waits before this one." in html
    assert reverse("transfers:detail", args=[running.pk]) in html
    assert "No worker is running" in html


def test_other_teams_transfers_are_counted_and_not_named(client_for, team, other_team, bob):
    secret = transfer_row(other_team, state=State.RUNNING, target="docker.io/secret/project:1")
    html = detail(client_for(bob), transfer_row(team, bob))
    assert "1 transfer runs; this one is next." in html
    assert "secret" not in html
    assert str(secret.pk) not in html


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_the_poll_goes_on_while_it_is_active(client_for, team, bob, state):
    row = transfer_row(team, bob, state=state, layers=LAYERS)
    response = poll(client_for(bob), row, state)
    html = response.content.decode()
    assert response.status_code == 200
    assert "hx-trigger" in html
    assert "HX-Retarget" not in response
    assert "<html" not in html
    assert reverse("transfers:cancel", args=[row.pk]) not in html


@pytest.mark.parametrize("state", ENDED)
def test_the_poll_stops_at_the_end_with_the_whole_transfer(client_for, team, bob, state):
    row = transfer_row(team, bob, state=state, layers=LAYERS)
    response = poll(client_for(bob), row, "running")
    html = response.content.decode()
    assert response.status_code == 286
    assert response["HX-Retarget"] == "#transfer"
    assert "hx-trigger" not in html
    assert 'hx-swap-oob="innerHTML:#transfer-status"' in html


def test_a_change_of_state_updates_the_buttons(client_for, team, bob):
    row = transfer_row(team, bob, state=State.RUNNING, layers=LAYERS)
    response = poll(client_for(bob), row, "queued")
    assert response.status_code == 200
    assert response["HX-Retarget"] == "#transfer"
    assert reverse("transfers:cancel", args=[row.pk]) in response.content.decode()


def test_the_tab_says_how_far_it_is(client_for, team, bob):
    row = transfer_row(
        team, bob, state=State.RUNNING, layers=LAYERS, bytes_done=MIB, bytes_total=4 * MIB
    )
    assert (
        "<title>25 % · Pull python:3.12-slim · Registry UI</title>"
        in poll(client_for(bob), row, "running").content.decode()
    )


def test_a_queued_one_is_cancelled_at_once(client_for, team, bob):
    row = transfer_row(team, bob)
    response = client_for(bob).post(reverse("transfers:cancel", args=[row.pk]))
    row.refresh_from_db()
    assert response.url == reverse("transfers:detail", args=[row.pk])
    assert row.state == State.CANCELLED


def test_a_running_one_is_asked_to_stop_and_says_so(client_for, team, bob):
    row = transfer_row(team, bob, state=State.RUNNING, layers=LAYERS)
    client = client_for(bob)
    client.post(reverse("transfers:cancel", args=[row.pk]))
    row.refresh_from_db()
    assert row.cancel_requested_at is not None
    html = detail(client, row)
    assert "Stopping" in html
    assert reverse("transfers:cancel", args=[row.pk]) not in html


def test_a_retry_is_a_new_row_that_names_the_old_one(client_for, team, bob):
    row = transfer_row(team, bob, state=State.FAILED, error=stored_error("No."))
    client = client_for(bob)

    response = client.post(reverse("transfers:retry", args=[row.pk]))

    again = Transfer.objects.exclude(pk=row.pk).get()
    assert response.url == reverse("transfers:detail", args=[again.pk])
    assert (again.retry_of, again.source) == (row, PYTHON)
    assert reverse("transfers:detail", args=[again.pk]) in detail(client, row)
    assert "a retry of an earlier one" in detail(client, again)


def test_an_active_transfer_is_not_retried(client_for, team, bob):
    row = transfer_row(team, bob, state=State.RUNNING)
    response = client_for(bob).post(reverse("transfers:retry", args=[row.pk]), follow=True)
    assert "This transfer has not ended" in response.content.decode()
    assert Transfer.objects.count() == 1
