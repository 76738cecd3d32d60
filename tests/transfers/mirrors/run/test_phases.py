import pytest

from tests.transfers.mirrors.outcomes import outcome
from transfers.mirrors.models import RepositoryDrift
from transfers.models import State

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_extras_are_kept_and_counted_by_default(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    image_factory(second_registry, repository, "old")
    run = run_mirror(make_mirror(repository))
    assert outcome(run) == {"1.0": "new done", "old": "extra waiting"}
    assert second_registry.tags(repository) == ["1.0", "old"]
    assert RepositoryDrift.objects.get().extra == 1


def test_extras_are_deleted_where_the_mirror_says_so(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    image_factory(second_registry, repository, "old")
    run = run_mirror(make_mirror(repository, delete_extras=True))
    assert outcome(run) == {"1.0": "new done", "old": "extra done"}
    assert second_registry.digest_of(repository, "old") is None
    assert run.totals["deleted"] == 1


def test_no_extra_is_deleted_above_the_cap(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    for number in range(3):
        image_factory(second_registry, repository, f"old-{number}", layers=1, layer_size=50)
    run = run_mirror(make_mirror(repository, delete_extras=True, delete_cap=2))
    assert run.state == State.SUCCEEDED
    assert len(second_registry.tags(repository)) == 4
    assert "cap" in run.progress["notes"][0]


def test_nothing_is_deleted_without_a_list_of_the_source(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(second_registry, repository, "precious")
    run = run_mirror(make_mirror(repository, delete_extras=True))
    assert run.state == State.FAILED
    assert second_registry.tags(repository) == ["precious"]
