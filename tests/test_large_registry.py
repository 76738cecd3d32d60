"""A registry serves what tests/parts/large_registry.py writes into its storage."""

from tests.parts.images import build_image
from tests.parts.large_registry import (
    fill_repositories,
    fill_tags,
    move_tag,
    repository_names,
    tag_names,
)


def test_names_are_all_different():
    assert len(set(tag_names(10_000))) == len(tag_names(10_000)) == 10_000
    assert len(set(repository_names(10_000))) == 10_000


def test_tags_are_listed_and_their_images_can_be_pulled(own_registry, skopeo):
    names = fill_tags(own_registry, "bench/app", 2_000, distinct=20)
    assert own_registry.tags("bench/app") == sorted(names)
    assert len({own_registry.digest_of("bench/app", name) for name in names[:40]}) == 20
    assert skopeo.inspect(own_registry, "bench/app", "1.0.0")["Architecture"] == "amd64"


def test_repositories_are_in_the_catalogue(own_registry):
    names = fill_repositories(own_registry, 300, distinct=3)
    with own_registry.session() as session:
        listed = session.get(f"{own_registry.url}/v2/_catalog?n=1000", timeout=30).json()[
            "repositories"
        ]
    assert listed == sorted(names)
    assert own_registry.tags(names[-1]) == ["1.0.0"]


def test_a_tag_can_be_moved(own_registry):
    fill_tags(own_registry, "bench/app", 3)
    image = build_image(layers=1, layer_size=64)
    move_tag(own_registry, "bench/app", "latest", image)
    assert own_registry.digest_of("bench/app", "latest") == image.digest
