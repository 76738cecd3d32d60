"""An engine's page: access, list and removal of names."""

import pytest
from django.urls import reverse

from registry_ui.accounts.models import AuditEvent
from registry_ui.environment import EngineSetting
from registry_ui.images.engines.client import Engine

HTMX = {"HX-Request": "true"}


@pytest.fixture
def engine(docker_engine, settings, team):
    settings.ENGINES = (EngineSetting("build", docker_engine.host, frozenset({team.slug})),)
    return docker_engine


@pytest.fixture
def silent(settings, team, tmp_path):
    settings.ENGINES = (
        EngineSetting("build", f"unix://{tmp_path / 'nothing.sock'}", frozenset({team.slug})),
    )


@pytest.fixture
def built(engine, tmp_path):
    """An image with two names, built from nothing."""
    (tmp_path / "Dockerfile").write_text(
        f'FROM scratch\nCOPY Dockerfile /\nENV MARK="{tmp_path}"\nCMD ["/none"]\n'
    )
    engine.docker(
        "build", "--tag", "shop/app:1.0", "--tag", "registry.example.com/shop/app:1.0", tmp_path
    )
    image_id = engine.image_id("shop/app:1.0")
    yield image_id
    engine.docker("image", "rm", "--force", image_id, check=False)


pytestmark = pytest.mark.django_db


@pytest.mark.engine
def test_the_page_lists_images_with_names_and_containers(client_for, victor, engine, built):
    name = f"harbour-{built[7:19]}"
    engine.docker("create", "--name", name, "shop/app:1.0")
    page = client_for(victor).get(reverse("images:engine", args=["build"])).text
    engine.docker("rm", name)

    assert "registry.example.com" in page
    assert built[7:19] in page
    assert name in page
    assert "transfers/engines/build/push" not in page


@pytest.mark.engine
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_the_list_is_searched(client_for, bob, built, headers):
    get = client_for(bob).get
    address = reverse("images:engine", args=["build"])
    assert built[7:19] in get(address, {"q": "shop 1.0"}, headers=headers).text
    assert built[7:19] not in get(address, {"q": "zzz"}, headers=headers).text


@pytest.mark.engine
def test_removing_one_name_keeps_the_image(client_for, bob, engine, built, settings):
    address = reverse("images:engine_remove", args=["build", built])
    assert "registry.example.com/shop/app:1.0" in client_for(bob).get(address).text

    response = client_for(bob).post(address, {"name": "docker.io/shop/app:1.0"})

    assert response.status_code == 302
    assert AuditEvent.objects.filter(action="image.removed", actor_name="bob").count() == 1
    with Engine(settings.ENGINES[0]) as opened:
        assert opened.inspect(built)["RepoTags"] == ["registry.example.com/shop/app:1.0"]


@pytest.mark.engine
def test_an_unknown_name_removes_nothing(client_for, bob, built, settings):
    response = client_for(bob).post(
        reverse("images:engine_remove", args=["build", built]), {"name": "other:1"}
    )
    assert response.status_code == 422
    with Engine(settings.ENGINES[0]) as opened:
        assert len(opened.inspect(built)["RepoTags"]) == 2


@pytest.mark.engine
def test_an_image_in_use_is_kept_and_the_engines_error_shown(client_for, bob, engine, built):
    name = f"needy-{built[7:19]}"
    engine.docker("image", "rm", "registry.example.com/shop/app:1.0")
    engine.docker("create", "--name", name, "shop/app:1.0")

    response = client_for(bob).post(
        reverse("images:engine_remove", args=["build", built]), {"name": "docker.io/shop/app:1.0"}
    )

    engine.docker("rm", name)
    assert response.status_code == 422
    assert "container" in response.text
    assert engine.image_id("shop/app:1.0") == built


def test_an_unreachable_engine_shows_its_error(client_for, bob, silent):
    response = client_for(bob).get(reverse("images:engine", args=["build"]))
    assert response.status_code == 200
    assert "does not answer" in response.text
    assert "Try again" in response.text


def test_a_viewer_sees_the_page_and_removes_nothing(client_for, victor, silent):
    client = client_for(victor)
    assert client.get(reverse("images:engine", args=["build"])).status_code == 200

    for name in ("engine_pull", "engine_push", "engine_tag", "engine_load", "engine_save"):
        assert client.get(reverse(f"transfers:{name}", args=["build"])).status_code == 403
        assert client.post(reverse(f"transfers:{name}", args=["build"])).status_code == 403

    assert (
        client.post(
            reverse("images:engine_remove", args=["build", f"sha256:{'a' * 64}"])
        ).status_code
        == 403
    )


def test_without_engines_the_images_page_has_no_stores(client_for, bob):
    assert "Local stores" not in client_for(bob).get(reverse("images:list")).text
