"""The parts of the tests work together: what one client writes, others accept."""

import hashlib

import pytest
import requests


@pytest.mark.parametrize("media", ["oci", "docker"])
def test_skopeo_accepts_what_the_factory_pushed(registry, image_factory, skopeo, media):
    image = image_factory(registry, media=media)

    assert skopeo.inspect(registry, image.repository, "1.0")["Digest"] == image.digest
    assert skopeo.inspect(registry, image.repository, "1.0")["Layers"] == image.layers


def test_skopeo_copies_every_platform_and_the_attestation(
    registry, image_factory, skopeo, tmp_path
):
    image = image_factory(registry, platforms=["linux/amd64", "linux/arm64/v8"], attestation=True)

    folder = skopeo.pull_to_folder(
        registry, image.repository, "1.0", tmp_path / "layout", every_platform=True
    )

    blobs = list((folder / "blobs/sha256").iterdir())
    assert len(image.children) == 4
    assert all(hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name for blob in blobs)


@pytest.mark.parametrize("fixture", ["htpasswd_registry", "token_registry", "tls_registry"])
def test_the_guarded_registries_take_an_image(request, fixture, image_factory, skopeo):
    registry = request.getfixturevalue(fixture)
    image = image_factory(registry)

    assert skopeo.inspect(registry, image.repository, "1.0")["Digest"] == image.digest
    assert registry.tags(image.repository) == ["1.0"]


@pytest.mark.parametrize("fixture", ["htpasswd_registry", "token_registry"])
def test_the_guarded_registries_refuse_strangers(request, fixture):
    registry = request.getfixturevalue(fixture)

    assert requests.get(f"{registry.url}/v2/", timeout=10).status_code == 401


def test_a_reader_gets_a_token_without_push(token_registry, image_factory):
    image = image_factory(token_registry)
    server = token_registry.token_server
    scope = f"repository:{image.repository}:pull,push"
    answer = requests.get(
        server.realm,
        params={"scope": scope},
        auth=("reader", token_registry.reader_password),
        timeout=10,
    )
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}

    pulled = requests.get(
        f"{token_registry.url}/v2/{image.repository}/tags/list", headers=headers, timeout=10
    )
    pushed = requests.post(
        f"{token_registry.url}/v2/{image.repository}/blobs/uploads/", headers=headers, timeout=10
    )

    assert (pulled.status_code, pushed.status_code) == (200, 401)


def test_a_refresh_token_gives_a_token(token_registry):
    server = token_registry.token_server
    form = {
        "grant_type": "refresh_token",
        "refresh_token": server.refresh_token_for("publisher"),
        "service": "x",
        "scope": "",
    }

    assert requests.post(server.realm, data=form, timeout=10).json()["access_token"]
    assert (
        requests.post(server.realm, data={**form, "refresh_token": "wrong"}, timeout=10).status_code
        == 401
    )


@pytest.mark.engine
def test_docker_pulls_and_pushes(docker_engine, registry, htpasswd_registry, image_factory):
    image = image_factory(registry)
    docker_engine.docker("pull", image.reference)
    assert docker_engine.image_id(image.reference) == image.config

    name = f"{htpasswd_registry.host}/{htpasswd_registry.new_repository()}:2.0"
    docker_engine.login(htpasswd_registry)
    docker_engine.docker("tag", image.reference, name)
    docker_engine.docker("push", name)
    assert htpasswd_registry.tags(
        name.removeprefix(f"{htpasswd_registry.host}/").removesuffix(":2.0")
    ) == ["2.0"]


@pytest.mark.browser
def test_the_browser_starts(page):
    page.set_content("<h1>Harbour</h1>")

    assert page.locator("h1").inner_text() == "Harbour"
