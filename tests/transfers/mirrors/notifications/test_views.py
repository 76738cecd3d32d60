"""The pages of notification channels and of files."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from transfers.mirrors.files.yaml_document import MAX_FILE_LENGTH
from transfers.mirrors.models import Mirror
from transfers.mirrors.models.notice import Notice, NotificationChannel
from transfers.models import State

from ..files.test_importer import REGSYNC, SKOPEO
from ..rows import mirror_row, registry_row

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
ADDRESS = "jsons://user:canary-secret@hooks.example.com/"


@pytest.fixture
def channel(team):
    channel = NotificationChannel(team=team, name="Chat", scheme="jsons")
    channel.set_address(ADDRESS)
    channel.save()
    return channel


def test_a_channel_is_added_and_its_address_never_shown(client_for, alice):
    client = client_for(alice)

    response = client.post(
        reverse("mirrors:channel_add"), {"name": "Chat", "address": ADDRESS}, follow=True
    )

    channel = NotificationChannel.objects.get()
    assert channel.address.reveal() == ADDRESS
    for address in (
        reverse("mirrors:channels"),
        reverse("mirrors:channel_edit", args=[channel.pk]),
        reverse("mirrors:channel_remove", args=[channel.pk]),
    ):
        assert "canary-secret" not in client.get(address).content.decode()
    assert "canary-secret" not in response.content.decode()


@pytest.mark.parametrize(
    "address", ["", "file:///etc/canary-secret", "https://canary-secret.example.com/"]
)
def test_an_unknown_address_is_refused_and_not_repeated(client_for, alice, address):
    response = client_for(alice).post(
        reverse("mirrors:channel_add"), {"name": "Chat", "address": address}
    )

    assert response.status_code == 422
    assert "canary-secret" not in response.content.decode()
    assert not NotificationChannel.objects.exists()


def test_a_blank_address_keeps_the_present_one(client_for, alice, channel):
    client_for(alice).post(
        reverse("mirrors:channel_edit", args=[channel.pk]), {"name": "Room", "address": ""}
    )

    channel.refresh_from_db()
    assert (channel.name, channel.address.reveal()) == ("Room", ADDRESS)


def test_a_duplicate_name_is_reported(client_for, alice, channel):
    response = client_for(alice).post(
        reverse("mirrors:channel_add"), {"name": "Chat", "address": ADDRESS}
    )

    assert response.status_code == 422
    assert "already" in response.content.decode()


def test_a_test_is_sent_by_a_worker_and_its_outcome_shows(client_for, alice, victor, channel):
    client = client_for(alice)
    client.post(reverse("mirrors:channel_test", args=[channel.pk]))

    notice = Notice.objects.get()
    assert notice.state == State.QUEUED
    polled = client.get(reverse("mirrors:channels"), headers=HTMX)
    assert (polled.status_code, "On its way" in polled.content.decode()) == (200, True)
    Notice.objects.update(
        state=State.FAILED,
        error={"message": "The message was not delivered.", "advice": "Check the address."},
    )
    ended = client.get(reverse("mirrors:channels"), headers=HTMX)
    assert (ended.status_code, "Not delivered" in ended.content.decode()) == (286, True)
    assert "Send a test" not in client_for(victor).get(reverse("mirrors:channels")).content.decode()


def test_a_failing_channel_is_shown_on_the_list_and_its_mirror(client_for, victor, team, channel):
    mirror = mirror_row(team)
    channel.mirrors.add(mirror)
    NotificationChannel.objects.update(failed_at="2026-01-01T00:00Z")
    client = client_for(victor)

    assert "“Chat” delivers nothing" in client.get(reverse("mirrors:list")).content.decode()
    assert (
        "delivers nothing"
        in client.get(reverse("mirrors:detail", args=[mirror.pk])).content.decode()
    )


def test_removing_a_channel_names_its_mirrors(client_for, alice, team, channel):
    channel.mirrors.add(mirror_row(team))
    client, address = client_for(alice), reverse("mirrors:channel_remove", args=[channel.pk])

    assert "Nightly" in client.get(address).content.decode()
    client.post(address)
    assert not NotificationChannel.objects.exists()
    assert Mirror.objects.exists()


# --- files


@pytest.fixture
def registries(team):
    return [
        registry_row(team, host, host)
        for host in ("docker.io", "hub.example.com", "company.example.com")
    ]


def test_a_file_is_shown_before_anything_is_created(client_for, alice, registries):
    client = client_for(alice)
    upload = SimpleUploadedFile("regsync.yml", REGSYNC.encode(), "application/yaml")

    shown = client.post(reverse("mirrors:import"), {"file": upload}).content.decode()

    assert not Mirror.objects.exists()
    assert "Cannot be made" in shown
    assert "ratelimit is not carried over." in shown
    assert client.post(reverse("mirrors:import"), {"text": REGSYNC, "confirmed": "1"})[
        "Location"
    ] == reverse("mirrors:list")
    assert Mirror.objects.count() == 3


def test_the_page_contains_the_file_as_text(client_for, alice, registries):
    client = client_for(alice)
    upload = SimpleUploadedFile("regsync.yml", REGSYNC.encode(), "application/yaml")
    carried = (
        client.post(reverse("mirrors:import"), {"file": upload})
        .context["form"]
        .cleaned_data["content"]
    )

    assert carried == REGSYNC


def test_skopeos_file_asks_for_the_target(client_for, alice, registries):
    client, address = client_for(alice), reverse("mirrors:import")

    content = client.post(address, {"text": SKOPEO, "confirmed": "1"}).content.decode()
    assert "Go on" in content
    assert not Mirror.objects.exists()

    client.post(address, {"text": SKOPEO, "target": str(registries[2].pk), "confirmed": "1"})
    assert {mirror.target_registry for mirror in Mirror.objects.all()} == {registries[2]}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"text": "no rules"},
        {"file": SimpleUploadedFile("x", b"\xff\xfe")},
        {"text": "x" * (MAX_FILE_LENGTH + 1)},
    ],
)
def test_an_invalid_file_is_reported(client_for, alice, values):
    assert client_for(alice).post(reverse("mirrors:import"), values).status_code == 422


def test_the_export_has_only_the_teams_mirrors(client_for, victor, team, other_team):
    mirror_row(team, "Ours")
    mirror_row(other_team, "Theirs")

    response = client_for(victor).get(reverse("mirrors:export"))

    assert response["Content-Disposition"].startswith('attachment; filename="mirrors-harbour-')
    assert "Ours" in response.content.decode()
    assert "Theirs" not in response.content.decode()
