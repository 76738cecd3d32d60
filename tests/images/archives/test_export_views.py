"""The page of an export: which images it takes."""

import uuid

import pytest
from django.urls import reverse

from registry_ui.accounts.models import Membership, Role

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def image(team, pulled):
    return pulled(team, "registry.example.com/team/app:1.0")


def page(client, *keys, view="export"):
    return client.get(reverse(f"images:{view}"), {"image": [str(key) for key in keys]})


def test_the_page_names_the_images(client_for, victor, image):
    content = page(client_for(victor), image.pk).content.decode()

    assert "registry.example.com/team/app" in content


def test_without_a_valid_selection_nothing_is_exported(client_for, victor, image):
    client = client_for(victor)

    assert page(client, "no-uuid", uuid.uuid4()).status_code == 200
    assert page(client, uuid.uuid4(), view="export_archive").status_code == 302


def test_an_outsider_gets_nothing(client_for, charlie, image):
    client = client_for(charlie)

    assert "team/app" not in page(client, image.pk).content.decode()
    assert page(client, image.pk, view="export_archive").status_code == 302


def test_an_archive_has_images_of_one_team_only(client_for, victor, image, other_team, pulled):
    Membership.objects.create(team=other_team, user=victor, role=Role.VIEWER)
    theirs = pulled(other_team, "registry.example.com/other/app:1.0")

    content = page(client_for(victor), image.pk, theirs.pk).content.decode()

    assert ("team/app" in content) != ("other/app" in content)


def test_it_rejects_post(client_for, alice, image):
    for view in ("export", "export_archive", "export_checksum"):
        address = f"{reverse(f'images:{view}')}?image={image.pk}"
        assert client_for(alice).post(address).status_code == 405
