import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from registry_ui.serving.models import BlobUpload, CachedTag, ServedBlob

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

DIGEST = f"sha256:{'a' * 64}"


def test_a_repository_links_a_blob_once(team, other_team):
    link = {"repository": "harbour/app", "digest": DIGEST}
    assert str(ServedBlob.objects.create(team=team, **link)) == f"harbour/app@{DIGEST}"

    with pytest.raises(IntegrityError), transaction.atomic():
        ServedBlob.objects.create(team=team, **link)
    ServedBlob.objects.create(team=other_team, **link)


def test_a_cached_tag_is_there_once(team):
    now = timezone.now()
    values = {"repository": "harbour/proxy/docker.io/library/nginx", "tag": "1.27"}
    tag = CachedTag(team=team, digest=DIGEST, checked_at=now, used_at=now, **values)
    tag.save()

    assert str(tag) == "harbour/proxy/docker.io/library/nginx:1.27"
    with pytest.raises(IntegrityError), transaction.atomic():
        CachedTag(team=team, digest=DIGEST, checked_at=now, used_at=now, **values).save()


def test_uploads_are_visible_in_their_team_only(team, alice, charlie):
    upload = BlobUpload.objects.create(team=team, repository="harbour/app", created_by=alice)

    assert str(upload) == "upload to harbour/app"
    assert BlobUpload.objects.visible_to(alice).exists()
    assert not BlobUpload.objects.visible_to(charlie).exists()
