"""The sample image: installed by the set-up, and removable."""

import pytest
from django.urls import reverse

from registry_ui.accounts import services
from registry_ui.accounts.models import Team
from registry_ui.images.models import LocalImage
from registry_ui.images.sample import install_sample_image
from registry_ui.images.services import remove_name
from registry_ui.images.store import LocalStore
from registry_ui.oci.errors import StorageFull
from registry_ui.registries.builtin_registry import builtin_registry_prefix
from tests.conftest import PASSWORD


@pytest.mark.django_db(transaction=True)
def test_the_first_team_has_the_sample_on_the_builtin_registry(client):
    values = {
        "username": "ann",
        "email": "ann@example.com",
        "password": PASSWORD,
        "repeated": PASSWORD,
        "team_name": "Quay",
    }
    client.post(reverse("accounts:setup", args=[services.issue_setup_token()]), values)

    team = Team.objects.get()
    names = {str(image.reference) for image in LocalImage.objects.filter(team=team)}
    assert names == {
        f"{builtin_registry_prefix(team)}hello:{tag}"
        for tag in ("1.0", "1.0-slim", "1.1", "1.1-slim", "latest")
    }

    image = LocalImage.objects.get(tag="1.0")
    assert [entry["platform"] for entry in image.platforms] == ["linux/amd64", "linux/arm64"]
    assert (
        "files only"
        in client.get(reverse("images:detail", args=[image.pk])).content.decode().lower()
    )


@pytest.mark.django_db(transaction=True)
def test_later_teams_do_not_get_the_sample(client, alice):
    services.create_team(name="Second", owner=alice)
    assert not LocalImage.objects.exists()


@pytest.mark.django_db
def test_the_sample_can_be_removed_and_installed_again(team, alice):
    install_sample_image(team, alice)
    install_sample_image(team, alice)
    assert LocalImage.objects.count() == 5
    for image in LocalImage.objects.all():
        remove_name(image=image, user=alice)
    assert not LocalImage.objects.exists()


@pytest.mark.django_db
def test_a_full_disk_does_not_break_the_set_up(team, alice, monkeypatch, caplog):
    def full(*arguments):
        raise StorageFull("The disk is full.")

    monkeypatch.setattr(LocalStore, "write_blob", full)
    install_sample_image(team, alice)
    assert "The disk is full." in caplog.text
