from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.catalog.indexing import index_services
from registry_ui.catalog.models import Repository, Tag
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ConnectionFailed, ManifestUnknown, RepositoryUnknown
from tests.parts.error_texts import says
from tests.parts.images import build_index, push
from tests.parts.index_rows import make_image, make_repository

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_an_indexed_tag_is_resolved_without_the_registry(row, line, django_assert_num_queries):
    image = make_image(row, ("base", 10))
    make_repository(row, "team/app", {"1.0": image})

    with django_assert_num_queries(1):
        resolved = index_services.resolve_artifact(
            registry=row, repository="team/app", identifier="1.0"
        )
        assert resolved.artifact.document.manifest

    assert (resolved.repository.name, resolved.tag.name, resolved.artifact) == (
        "team/app",
        "1.0",
        image,
    )
    assert line.requests == []


def test_a_digest_below_a_tag_is_resolved_without_the_registry(row, line, own_registry, index):
    built = build_index(platforms=["linux/amd64", "linux/arm64"])
    push(own_registry, built, "team/app", "1.0")
    index(row)
    line.requests.clear()

    for digest in (built.digest, built.children[1].digest):
        resolved = index_services.resolve_artifact(
            registry=row, repository="team/app", identifier=Digest.parse(digest)
        )
        assert (resolved.artifact.digest, resolved.tag) == (digest, None)
    assert line.requests == []


def test_an_unknown_tag_is_fetched_and_saved(row, line, own_registry, image_factory):
    image = image_factory(
        own_registry, "team/app", "1.0", platforms=["linux/amd64", "linux/arm64"], attestation=True
    )

    resolved = index_services.resolve_artifact(
        registry=row, repository="team/app", identifier="1.0"
    )

    assert (resolved.artifact.digest, resolved.tag.name, resolved.tag.artifact) == (
        image.digest,
        "1.0",
        resolved.artifact,
    )
    assert resolved.artifact.children.count() == 4
    assert (resolved.repository.tag_count, resolved.repository.size) == (1, resolved.artifact.size)
    line.requests.clear()
    assert (
        index_services.resolve_artifact(
            registry=row, repository="team/app", identifier="1.0"
        ).artifact
        == resolved.artifact
    )
    assert line.requests == []


def test_a_digest_of_another_repository_is_unknown(row, own_registry, image_factory, index):
    image = image_factory(own_registry, "team/app", "1.0")
    image_factory(own_registry, "team/other", "1.0")
    index(row)

    with pytest.raises(ManifestUnknown):
        index_services.resolve_artifact(
            registry=row, repository="team/other", identifier=image.digest
        )


def test_a_missing_tag_is_deleted_from_the_index(row, own_registry, image_factory):
    image_factory(own_registry, "team/app", "1.0")
    make_repository(row, "team/app", {"1.1": None})

    with pytest.raises(ManifestUnknown, check=says(r"has no tag 1\.1")):
        index_services.resolve_artifact(registry=row, repository="team/app", identifier="1.1")
    assert not Tag.objects.exists()


def test_a_missing_repository_gets_no_row(row, own_registry):
    with pytest.raises((ManifestUnknown, RepositoryUnknown)):
        index_services.resolve_artifact(registry=row, repository="team/nothing", identifier="1.0")
    assert not Repository.objects.exists()


def test_a_tag_that_no_run_updates_expires(row, line, own_registry, image_factory):
    old = image_factory(own_registry, "team/app", "latest")
    index_services.resolve_artifact(registry=row, repository="team/app", identifier="latest")
    new = image_factory(own_registry, "team/app", "latest")
    assert (
        index_services.resolve_artifact(
            registry=row, repository="team/app", identifier="latest"
        ).artifact.digest
        == old.digest
    )
    Tag.objects.update(checked_at=timezone.now() - timedelta(hours=2))

    resolved = index_services.resolve_artifact(
        registry=row, repository="team/app", identifier="latest"
    )

    assert (resolved.artifact.digest, resolved.tag.previous_digest) == (new.digest, old.digest)


def test_an_expired_tag_is_used_while_the_registry_is_unreachable(
    make_registry, own_registry, image_factory
):
    row = make_registry(own_registry)
    image = image_factory(own_registry, "team/app", "latest")
    index_services.resolve_artifact(registry=row, repository="team/app", identifier="latest")
    Tag.objects.update(checked_at=timezone.now() - timedelta(hours=2))
    own_registry.stop()

    assert (
        index_services.resolve_artifact(
            registry=row, repository="team/app", identifier="latest"
        ).artifact.digest
        == image.digest
    )
    with pytest.raises(ConnectionFailed):
        index_services.resolve_artifact(registry=row, repository="team/app", identifier="other")


@pytest.mark.parametrize(
    ("repository", "identifier"),
    [("Team/App", "1.0"), ("team/app", "-1"), ("team/app", "sha256:12")],
)
def test_an_invalid_name_is_refused_without_a_request(row, line, repository, identifier):
    with pytest.raises(ValueError):
        index_services.resolve_artifact(registry=row, repository=repository, identifier=identifier)
    assert line.requests == []
