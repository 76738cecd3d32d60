import pytest
from django.db import IntegrityError, transaction

from tests.transfers.mirrors.rows import registry_row
from transfers.mirrors.models import KnownBlob
from transfers.models import State

DIGEST = "sha256:" + "4f" * 32

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_missing_known_blob_is_sent_again(
    registry, own_registry, image_factory, make_mirror, run_mirror, team
):
    from transfers.mirrors.models import KnownBlob

    repository = registry.new_repository()
    image = image_factory(registry, repository, "1.0")
    mirror = make_mirror(repository, target=own_registry)
    for digest in image.blobs:
        KnownBlob.objects.create(
            registry=mirror.target_registry, repository=repository, digest=digest
        )

    run = run_mirror(mirror)

    assert run.state == State.SUCCEEDED
    assert own_registry.digest_of(repository, "1.0") == image.digest
    assert KnownBlob.objects.filter(registry=mirror.target_registry).count() == len(image.blobs)


def test_a_repository_has_a_blob_once_and_each_registry_its_own(team, other_team):
    ours = registry_row(team, "Hub", "hub.example.com")
    theirs = registry_row(other_team, "Hub", "hub.example.com")
    for registry, repository in ((ours, "a/app"), (ours, "b/app"), (theirs, "a/app")):
        KnownBlob.objects.create(registry=registry, repository=repository, digest=DIGEST)

    with pytest.raises(IntegrityError), transaction.atomic():
        KnownBlob.objects.create(registry=ours, repository="a/app", digest=DIGEST)

    ours.delete()
    assert KnownBlob.objects.get().registry == theirs


def test_its_text_has_the_short_digest():
    text = str(KnownBlob(repository="library/nginx", digest=DIGEST))
    assert "library/nginx" in text
    assert DIGEST not in text
