import pytest

from transfers.models import State

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
