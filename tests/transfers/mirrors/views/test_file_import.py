"""The page that imports mirrors from files, and the export."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.transfers.mirrors.mirror_files import REGSYNC, SKOPEO
from transfers.mirrors.models import Mirror

from ..rows import registry_row

pytestmark = pytest.mark.django_db


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
    exported = (
        client.post(reverse("mirrors:import"), {"file": upload})
        .context["form"]
        .cleaned_data["content"]
    )

    assert exported == REGSYNC


def test_skopeos_file_asks_for_the_target(client_for, alice, registries):
    client, address = client_for(alice), reverse("mirrors:import")

    content = client.post(address, {"text": SKOPEO, "confirmed": "1"}).content.decode()
    assert "Go on" in content
    assert not Mirror.objects.exists()

    client.post(address, {"text": SKOPEO, "target": str(registries[2].pk), "confirmed": "1"})
    assert {mirror.target_registry for mirror in Mirror.objects.all()} == {registries[2]}
