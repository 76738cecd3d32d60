import pytest

from tests.transfers.mirrors.outcomes import outcome

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_retry_copies_only_failed_tags(
    own_registry, second_registry, image_factory, make_mirror, run_mirror
):
    from transfers.mirrors.services import retry_failed, run_in_process

    repository = own_registry.new_repository()
    image_factory(own_registry, repository, "1.0")
    bad = image_factory(own_registry, repository, "bad")
    restore_blob = own_registry.corrupt_blob(bad.layers[0])
    run = run_mirror(make_mirror(repository, source=own_registry))
    restore_blob()

    again = run_in_process(retry_failed(run=run, user=None, enqueue=False))

    assert outcome(again) == {"bad": "new done"}
    assert again.retry_of == run
    assert second_registry.digest_of(repository, "bad") == bad.digest
