"""Rows of the index: derived values, compressed documents, and what is unique."""

import pytest
from django.db import IntegrityError, transaction

from registry_ui.catalog.models import UNSTATED, ArtifactDocument, Repository, Tag
from tests.parts.index_rows import BUILT, make_image, make_repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(make_registry):
    registry = make_registry()
    return make_repository(registry, "team/app", {"1.0": make_image(registry, ("layer", 10))})


def test_a_repository_has_a_reference_and_a_size_of_its_own(app):
    app.size, app.shared_size = 10, 4

    assert str(app.reference) == "registry.example.com/team/app"
    assert app.unique_size == 6


def test_an_unknown_time_is_none(app):
    tag = app.tags.get()

    assert (app.last_change, tag.built) == (BUILT, BUILT)
    app.changed_at = tag.built_at = UNSTATED
    assert (app.last_change, tag.built) == (None, None)


def test_a_tag_has_a_reference(app):
    assert str(app.tags.get().reference) == "registry.example.com/team/app:1.0"


def test_a_document_is_read_as_it_was_written(app):
    artifact = app.tags.get().artifact
    stored = ArtifactDocument.objects.get(artifact=artifact)
    copy = ArtifactDocument.of(artifact, stored.manifest, stored.config)

    assert (copy.manifest, copy.config) == (stored.manifest, stored.config)
    assert stored.manifest.startswith(b"{")


def test_names_are_unique_in_their_parent(app):
    with pytest.raises(IntegrityError), transaction.atomic():
        Repository.objects.create(registry=app.registry, team=app.team, name="team/app")
    with pytest.raises(IntegrityError), transaction.atomic():
        Tag.objects.create(repository=app, team=app.team, name="1.0")
