"""The list of mirrors."""

import pytest
from django.urls import reverse

from registry_ui.notifications.models import NotificationChannel

from ..rows import mirror_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel(team):
    channel = NotificationChannel(team=team, name="Chat", scheme="jsons")
    channel.set_address("jsons://hooks.example.com/")
    channel.save()
    return channel


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
