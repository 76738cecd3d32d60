import pytest
from django.urls import reverse

from tests.transfers.rows import MIB, layer, transfer_row
from transfers.models import State

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def listed(client, headers=None, **query):
    return client.get(reverse("transfers:list", query=query), headers=headers or {})


def test_a_pause_is_shown_as_one(client_for, team, bob, django_assert_max_num_queries):
    for _ in range(5):
        transfer_row(
            team,
            bob,
            state=State.RUNNING,
            progress={"phase": "paused", "pause_seconds": 300, "note": "Slow down."},
        )
    client = client_for(bob)
    with django_assert_max_num_queries(9):
        html = listed(client).content.decode()
    assert html.count("Waits until") == 5
    assert "Waits until" in client.get(reverse("web:overview")).content.decode()


LAYERS = [
    layer(1, "exists", size=2 * MIB),
    layer(2, "transferring", size=4 * MIB, offset=MIB),
    layer(3),
]


def detail(client, row):
    return client.get(reverse("transfers:detail", args=[row.pk])).content.decode()


def test_a_pause_says_why(client_for, team, bob):
    progress = {"phase": "paused", "note": "docker.io asks to wait."}
    html = detail(
        client_for(bob),
        transfer_row(team, bob, state=State.RUNNING, layers=LAYERS, progress=progress),
    )
    assert "docker.io asks to wait." in html
    assert "It goes on by itself" in html
