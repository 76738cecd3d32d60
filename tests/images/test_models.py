"""Rows of local images: names, rules, and what is unique."""

import pytest
from django.db import IntegrityError, transaction

from registry_ui.images.models import ImmutableTagRule, LocalImage, TeamBlob

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def copy_of(image, **values):
    fields = {
        field.name: getattr(image, field.name)
        for field in LocalImage._meta.fields
        if field.name not in ("id", "created_at", "updated_at")
    }
    return LocalImage(**{**fields, **values})


def test_an_image_is_named_by_its_tag_or_digest(team, pulled):
    image = pulled(team, "docker.io/library/app:1.0")

    assert str(image) == "docker.io/library/app:1.0"
    assert str(copy_of(image, tag="")) == f"docker.io/library/app@{image.digest}"


def test_it_needs_its_manifests_and_blobs(team, pulled):
    image = pulled(team, "docker.io/library/app:1.0")

    assert image.digest in image.digests
    assert image.image_id in image.digests
    assert len(image.digests) == len(image.manifests) + len(image.blobs)


def test_a_team_has_a_tag_once_and_an_untagged_digest_once(team, other_team, pulled):
    image = pulled(team, "docker.io/library/app:1.0")
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_of(image).save()

    copy_of(image, tag="").save()
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_of(image, tag="").save()
    copy_of(image, team=other_team).save()


@pytest.mark.parametrize(
    ("repository", "tag", "expected"),
    [("app", "v1", True), ("app", "latest", False), ("tools/app", "v1", False)],
)
def test_a_rule_covers_by_both_patterns(team, repository, tag, expected):
    rule = ImmutableTagRule(team=team, repository_pattern="app", tag_pattern="v*")

    assert rule.covers(repository, tag) is expected
    assert str(rule) == "app:v*"


def test_a_blob_is_named_with_its_team(team, pulled):
    pulled(team, "docker.io/library/app:1.0")

    assert str(TeamBlob.objects.first()).endswith(" of Harbour")
