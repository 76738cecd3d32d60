import pytest
from django.urls import reverse

from tests.transfers.mirrors.rows import mirror_row
from transfers.mirrors.models import Mirror

pytestmark = pytest.mark.django_db


def test_the_webhooks_secret_is_shown_once(client_for, alice, team):
    mirror = mirror_row(team)
    client, address = client_for(alice), reverse("mirrors:webhook", args=[mirror.pk])
    client.get(address)
    assert not hasattr(Mirror.objects.get(), "webhook")

    response = client.post(address)

    mirror.refresh_from_db()
    secret = mirror.webhook.secret.reveal()
    assert secret in response.content.decode()
    assert reverse("mirrors:webhook_call", args=[mirror.webhook.pk]) in response.content.decode()
    assert secret not in client.get(address).content.decode()
    client.post(reverse("mirrors:webhook_remove", args=[mirror.pk]))
    assert not hasattr(Mirror.objects.get(), "webhook")
