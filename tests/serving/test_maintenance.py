import pytest

from registry_ui.images.models import LocalImage
from registry_ui.registries.models import Registry
from registry_ui.serving.maintenance import ensure_builtin_registries

pytestmark = pytest.mark.postgresql


HOST = "127.0.0.1:8000"


NAME = "harbour/app"


@pytest.mark.django_db
def test_every_team_has_the_builtin_registry(team, settings):
    row = Registry.objects.builtin().get(team=team)
    assert (row.host, row.name) == (HOST, "Built-in registry")
    ensure_builtin_registries()
    assert Registry.objects.builtin().filter(team=team).count() == 1


@pytest.mark.django_db
def test_a_new_server_address_renames_images(admin, image, team, settings):
    admin.push(NAME, "1.0", image)
    settings.URL = "https://images.example.com"
    ensure_builtin_registries()
    assert [str(image.reference) for image in LocalImage.objects.all()] == [
        "images.example.com/harbour/app:1.0"
    ]
    assert Registry.objects.builtin().get(team=team).host == "images.example.com"
    assert admin("GET", f"/v2/{NAME}/manifests/1.0").content == image.content
