"""The pages of notification channels."""

import pytest
from django.urls import reverse

from registry_ui.jobs.models import State
from registry_ui.notifications.models import Notice, NotificationChannel
from tests.parts.error_texts import stored_error
from tests.transfers.mirrors.rows import mirror_row
from transfers.mirrors.models import Mirror

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
        reverse("notifications:channel_add"), {"name": "Chat", "address": ADDRESS}, follow=True
    )

    channel = NotificationChannel.objects.get()
    assert channel.address.reveal() == ADDRESS
    for address in (
        reverse("notifications:channels"),
        reverse("notifications:channel_edit", args=[channel.pk]),
        reverse("notifications:channel_remove", args=[channel.pk]),
    ):
        assert "canary-secret" not in client.get(address).content.decode()
    assert "canary-secret" not in response.content.decode()


def test_a_blank_address_keeps_the_present_one(client_for, alice, channel):
    client_for(alice).post(
        reverse("notifications:channel_edit", args=[channel.pk]), {"name": "Room", "address": ""}
    )

    channel.refresh_from_db()
    assert (channel.name, channel.address.reveal()) == ("Room", ADDRESS)


def test_a_duplicate_name_is_reported(client_for, alice, channel):
    response = client_for(alice).post(
        reverse("notifications:channel_add"), {"name": "Chat", "address": ADDRESS}
    )

    assert response.status_code == 422
    assert "already" in response.content.decode()


def test_a_test_message_is_queued_and_its_outcome_shows(client_for, alice, victor, channel):
    client = client_for(alice)
    client.post(reverse("notifications:channel_test", args=[channel.pk]))

    notice = Notice.objects.get()
    assert notice.state == State.QUEUED
    polled = client.get(reverse("notifications:channels"), headers=HTMX)
    assert (polled.status_code, "Sending" in polled.content.decode()) == (200, True)
    Notice.objects.update(
        state=State.FAILED,
        error=stored_error("The message was not delivered."),
    )
    ended = client.get(reverse("notifications:channels"), headers=HTMX)
    assert (ended.status_code, "Not delivered" in ended.content.decode()) == (286, True)
    assert (
        "Send test"
        not in client_for(victor).get(reverse("notifications:channels")).content.decode()
    )


def test_removing_a_channel_names_its_mirrors(client_for, alice, team, channel):
    channel.mirrors.add(mirror_row(team))
    client, address = client_for(alice), reverse("notifications:channel_remove", args=[channel.pk])

    assert "Nightly" in client.get(address).content.decode()
    client.post(address)
    assert not NotificationChannel.objects.exists()
    assert Mirror.objects.exists()
