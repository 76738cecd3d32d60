"""Rows of tags: known ones are read at once, and answers that come too late change nothing."""

import pytest
from django.utils import timezone

from registry_ui.catalog.indexing.tag_rows import (
    TagResult,
    delete_tag,
    delete_tags,
    known_tag,
    known_tags,
    write_tags,
)
from registry_ui.catalog.models import Tag
from tests.parts.error_texts import stored_error
from tests.parts.index_rows import make_image, make_repository

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


@pytest.fixture
def app(make_registry):
    registry = make_registry()
    image = make_image(registry, ("layer", 10))
    return make_repository(registry, "team/app", {"1.0": image, "1.1": image})


def write(app, *results):
    artifacts = {tag.digest: tag.artifact for tag in app.tags.all()}
    write_tags(app.registry, results, artifacts, timezone.now())


def test_tags_are_known_by_repository_and_name(app):
    empty = make_repository(app.registry, "team/empty")
    known = known_tags([app.pk, empty.pk])

    assert set(known[app.pk]) == {"1.0", "1.1"}
    assert known[empty.pk] == {}
    assert known[app.pk]["1.0"] == known_tag(app.pk, "1.0")
    assert known_tag(app.pk, "2.0") is None


def test_an_answer_for_a_tag_that_was_deleted_meanwhile_does_not_bring_it_back(app):
    known = known_tag(app.pk, "1.0")
    delete_tags([known.pk])

    write(app, TagResult(app.pk, "1.0", app.tags.get(name="1.1").digest, known))

    assert set(app.tags.values_list("name", flat=True)) == {"1.1"}


def test_an_answer_for_a_removed_repository_is_dropped(app):
    write(app, TagResult(app.pk + 1, "1.0", f"sha256:{'0' * 64}"))

    assert Tag.objects.count() == 2


def test_a_problem_leaves_the_other_columns_as_they_are(app):
    before = app.tags.get(name="1.0")
    write(
        app,
        TagResult(
            app.pk, "1.0", known=known_tag(app.pk, "1.0"), problem=stored_error("No answer.")
        ),
        TagResult(app.pk, "3.0", problem=stored_error("No answer.")),
    )

    known, unknown = app.tags.get(name="1.0"), app.tags.get(name="3.0")
    assert (known.problem, known.digest, known.checked_at) == (
        stored_error("No answer."),
        before.digest,
        before.checked_at,
    )
    assert (unknown.problem, unknown.digest, unknown.checked_at) == (
        stored_error("No answer."),
        "",
        None,
    )


def test_after_a_deletion_the_repository_is_counted_again(app):
    app.indexed_by = app.registry.pk
    app.save()

    delete_tag(app.registry, "team/app", "1.0")

    app.refresh_from_db()
    assert app.indexed_by is None
    assert not app.tags.filter(name="1.0").exists()
