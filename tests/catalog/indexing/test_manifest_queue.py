import pytest

from registry_ui.catalog.models import Repository, Tag
from registry_ui.jobs.models import State
from tests.catalog.indexing.conftest import repository_of, tag_of
from tests.parts.images import build_index, push

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_digest_is_fetched_once_however_many_tags_and_indexes_name_it(
    row, line, own_registry, index
):
    built = build_index(platforms=["linux/amd64", "linux/arm64"])
    for tag in ("1", "1.0", "latest"):
        push(own_registry, built, "team/app", tag)
    push(own_registry, built.children[0], "team/app", "amd64")

    index(row)

    for digest in (built.digest, *(child.digest for child in built.children)):
        assert line.count("GET", f"/manifests/{digest}") == 1
    assert line.count("GET", "/blobs/") == 2
    assert Tag.objects.filter(artifact__digest=built.digest).count() == 3


def test_a_refused_manifest_is_fetched_from_another_repository(
    make_registry, make_credential, token_registry, image_factory, index
):
    server = token_registry.token_server
    image = image_factory(token_registry, token_registry.new_repository("closed"))
    opened = image_factory.push(
        token_registry, image.built, token_registry.new_repository("open"), "1.0"
    )
    server.users["narrow"] = type(server.users["reader"])("narrow-password", {"open/*": {"pull"}})
    registry = make_registry(token_registry)
    make_credential(registry, "narrow", "narrow-password")
    for reference in (image, opened):
        Repository.objects.create(
            registry=registry, team=registry.team, name=reference.repository, is_added_by_name=True
        )

    run = index(registry)

    assert run.state == State.SUCCEEDED
    assert tag_of(registry, opened.repository, "1.0").artifact.digest == image.digest
    assert repository_of(registry, image.repository).problem is not None
    del server.users["narrow"]
