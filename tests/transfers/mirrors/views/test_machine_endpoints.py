import pytest
from django.urls import reverse

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def test_without_a_configured_token_the_page_does_not_exist(client, settings):
    settings.METRICS_TOKEN = ""

    assert (
        client.get(reverse("mirrors:metrics"), headers={"Authorization": "Bearer "}).status_code
        == 404
    )
