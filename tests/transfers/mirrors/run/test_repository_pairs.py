import pytest

from transfers.mirrors.models import ItemState
from transfers.models import State

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_glob_selects_every_matching_repository(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    names = [registry.new_repository("globbed") for _number in range(2)]
    for name in names:
        image_factory(registry, name, layers=1, layer_size=50)
    run = run_mirror(make_mirror("globbed/*"))
    assert run.state == State.SUCCEEDED
    assert {item.source_repository for item in run.items.all()} >= set(names)


def test_names_at_the_target_follow_the_naming(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository)
    run_mirror(make_mirror(repository, naming={"kind": "prefix", "prefix": "mirrored"}))
    assert second_registry.digest_of(f"mirrored/{repository}", "1.0") == image.digest


def test_a_naming_collision_copies_nothing(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    for namespace in ("left", "right"):
        image_factory(registry, f"{namespace}-collides/app-collides", layers=1, layer_size=50)
    run = run_mirror(make_mirror("*/app-collides", naming={"kind": "flatten"}))
    assert run.state == State.FAILED
    assert run.error["kind"] == "NamingCollision"
    assert second_registry.tags("app-collides") == []


def test_a_missing_repository_fails_alone(registry, image_factory, make_mirror, run_mirror):
    repository = registry.new_repository()
    image_factory(registry, repository)
    run = run_mirror(make_mirror(repository, "tests/nothing-here"))
    assert run.state == State.FAILED
    assert run.items.get(source_repository="tests/nothing-here").error
    assert run.items.get(source_repository=repository).state == ItemState.DONE
