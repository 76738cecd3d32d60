"""Images between this program and other clients, which keep their digests and image ids."""

import json

import pytest

from registry_ui.images.models import LocalImage
from transfers.models import State

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pushed_by_docker(docker_engine, registry, tmp_path):
    """Return the reference and the id of an image that docker built and pushed."""
    (tmp_path / "Dockerfile").write_text(
        "FROM scratch\nCOPY greeting /greeting\nCOPY reply /reply\n"
        'ENV MOOD=calm\nCMD ["/greeting"]\n'
    )
    (tmp_path / "greeting").write_text(f"hello from {registry.new_repository()}\n")
    (tmp_path / "reply").write_bytes(bytes(range(256)) * 2000)
    reference = f"{registry.host}/{registry.new_repository()}:1.0"
    docker_engine.docker("build", "--tag", reference, tmp_path)
    docker_engine.docker("push", reference)
    return reference, docker_engine.image_id(reference)


@pytest.mark.engine
def test_an_image_pushed_by_docker_has_the_same_image_id(
    team, pull, registry, add_registry, pushed_by_docker
):
    add_registry(team, registry)
    reference, image_id = pushed_by_docker

    transfer = pull(reference)

    assert transfer.state == State.SUCCEEDED, transfer.error
    image = LocalImage.objects.get(team=team)
    assert image.image_id == image_id
    assert transfer.digest == registry.digest_of(image.repository, "1.0")


@pytest.mark.engine
def test_what_docker_pushed_goes_on_to_another_registry_and_back_to_docker(
    team,
    pull,
    publish,
    registry,
    htpasswd_registry,
    add_registry,
    pushed_by_docker,
    docker_engine,
    skopeo,
    tmp_path,
):
    add_registry(team, registry)
    add_registry(team, htpasswd_registry)
    reference, image_id = pushed_by_docker
    pulled = pull(reference)
    repository = htpasswd_registry.new_repository()

    transfer = publish(reference, f"{htpasswd_registry.host}/{repository}:2.0")

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert (
        transfer.digest
        == pulled.digest
        == skopeo.inspect(htpasswd_registry, repository, "2.0")["Digest"]
    )
    docker_engine.docker("image", "rm", "--force", image_id)
    docker_engine.login(htpasswd_registry)
    output = docker_engine.docker("pull", f"{htpasswd_registry.host}/{repository}:2.0").stdout
    assert f"Digest: {transfer.digest}" in output
    assert docker_engine.image_id(f"{htpasswd_registry.host}/{repository}:2.0") == image_id
    skopeo.pull_to_folder(htpasswd_registry, repository, "2.0", tmp_path / "layout")


def test_an_index_of_several_platforms_arrives_whole_for_skopeo(
    team, pull, publish, registry, token_registry, add_registry, image_factory, skopeo, tmp_path
):
    add_registry(team, registry)
    add_registry(team, token_registry)
    image = image_factory(registry, platforms=["linux/amd64", "linux/arm64/v8", "linux/s390x"])
    pull(image.reference, platform="all")
    repository = token_registry.new_repository()

    transfer = publish(image.reference, f"{token_registry.host}/{repository}:3.0")

    assert transfer.state == State.SUCCEEDED, transfer.error
    layout = skopeo.pull_to_folder(
        token_registry, repository, "3.0", tmp_path / "layout", every_platform=True
    )
    entry = json.loads((layout / "index.json").read_text())["manifests"][0]
    assert entry["digest"] == image.digest == transfer.digest
    for digest in (*image.blobs, *(child.digest for child in image.children)):
        assert (layout / "blobs" / "sha256" / digest.removeprefix("sha256:")).exists()


def test_an_image_copied_by_skopeo_is_pulled_with_the_same_digest(
    team, pull, registry, second_registry, add_registry, image_factory, skopeo
):
    add_registry(team, second_registry)
    image = image_factory(registry, platforms=["linux/amd64", "linux/arm64/v8"], media="docker")
    target = f"{second_registry.host}/{second_registry.new_repository()}:1.0"
    options = ["--all", *skopeo.access(registry, "src-"), *skopeo.access(second_registry, "dest-")]
    skopeo("copy", *options, f"docker://{image.reference}", f"docker://{target}")

    transfer = pull(target, platform="all")

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert transfer.digest == image.digest
