"""The storage pages: who sees them."""

import pytest
from django.urls import reverse

from registry_ui.catalog.indexing.sizes import count_registry
from tests.parts.index_rows import make_image, make_repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(make_registry):
    registry = make_registry()
    repository = make_repository(
        registry, "team/app", {"1.0": make_image(registry, ("layer", 10_000))}
    )
    count_registry(registry)
    return repository


def addresses(app):
    return [
        reverse("registries:storage", args=[app.registry.pk]),
        reverse("registries:repository_storage", args=[app.registry.pk, app.name]),
    ]


def test_members_see_the_storage_of_a_registry_and_of_a_repository(client_for, victor, app):
    for address in addresses(app):
        answer = client_for(victor).get(address)

        assert answer.status_code == 200
        assert "team/app" in answer.content.decode()


def test_outsiders_and_unknown_repositories_get_404(client_for, charlie, victor, app):
    for address in addresses(app):
        assert client_for(charlie).get(address).status_code == 404
    unknown = reverse("registries:repository_storage", args=[app.registry.pk, "team/other"])
    assert client_for(victor).get(unknown).status_code == 404


def test_it_rejects_post(client_for, alice, app):
    for address in addresses(app):
        assert client_for(alice).post(address).status_code == 405
