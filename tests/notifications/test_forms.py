import pytest
from django.urls import reverse

from registry_ui.notifications.models import NotificationChannel

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address", ["", "file:///etc/canary-secret", "https://canary-secret.example.com/"]
)
def test_an_unknown_address_is_refused_and_not_repeated(client_for, alice, address):
    response = client_for(alice).post(
        reverse("notifications:channel_add"), {"name": "Chat", "address": address}
    )

    assert response.status_code == 422
    assert "canary-secret" not in response.content.decode()
    assert not NotificationChannel.objects.exists()
