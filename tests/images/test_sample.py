"""The sample image: reproducible, installed by the set-up, and removable."""

import gzip
import io
import tarfile

import pytest
from django.urls import reverse

from registry_ui.accounts import services
from registry_ui.accounts.models import Team
from registry_ui.images.models import LocalImage
from registry_ui.images.sample import install_sample_image
from registry_ui.images.services import remove_name
from registry_ui.images.store import LocalStore
from registry_ui.oci.errors import StorageFull
from registry_ui.oci.sample_image import sample_images
from registry_ui.registries.builtin_registry import builtin_registry_prefix
from tests.conftest import PASSWORD


def test_the_sample_has_the_same_bytes_on_every_machine():
    assert {sample.tag: str(sample.index.digest)[:19] for sample in sample_images()} == {
        "1.0": "sha256:0fd33fb39db2",
        "1.0-slim": "sha256:0d3e675d3212",
        "1.1": "sha256:bea3bdab7cd1",
        "1.1-slim": "sha256:b00a6d5342c1",
        "latest": "sha256:bea3bdab7cd1",
    }


def test_the_layers_of_the_sample_are_readable_tars():
    sample = sample_images()[0]
    layers = [
        content for descriptor, content in sample.blobs.items() if "gzip" in descriptor.media_type
    ]
    names = set()

    for layer in layers:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer))) as archive:
            names |= set(archive.getnames())

    assert {
        "etc/os-release",
        "usr/share/hello/greeting.txt",
        "usr/share/doc/hello/manual.txt",
    } <= names


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
