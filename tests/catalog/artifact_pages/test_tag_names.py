import pytest

from registry_ui.catalog.artifact_pages.tag_names import guide_tag, names_of
from registry_ui.catalog.models import Tag
from tests.parts.index_rows import make_image, make_index, make_repository

pytestmark = pytest.mark.django_db


def tags_of(repository, *names):
    return [Tag.objects.get(repository=repository, name=name) for name in names]


def test_tags_of_a_digest_in_natural_order_and_tags_of_indexes_that_hold_it(make_registry):
    registry = make_registry()
    image = make_image(registry, ("a", 1))
    index = make_index(registry, image)
    repository = make_repository(
        registry,
        "a/b",
        {"1.10": image, "1.9": image, "all": index, "other": make_image(registry, ("b", 1))},
    )
    make_repository(registry, "a/c", {"2": image})

    names = names_of(repository, image)

    assert [tag.name for tag in names.direct] == ["1.9", "1.10"]
    assert [tag.name for tag in names.via_index] == ["all"]
    assert [tag.name for tag in names.siblings_of(names.direct[0])] == [names.direct[1].name]
    assert not names.is_cut


def test_very_many_tags_of_one_digest_are_cut(make_registry):
    registry = make_registry()
    image = make_image(registry, ("a", 1))
    repository = make_repository(registry, "a/b", {f"1.{number}": image for number in range(60)})

    names = names_of(repository, image)

    assert len(names.direct) == 40
    assert names.is_cut


@pytest.mark.parametrize(
    ("tag", "others", "pinned"),
    [
        ("latest", ["1.27.3", "1.27", "mainline"], "1.27.3"),
        ("alpine", ["1.27.3", "1.27.3-alpine", "1.27.3-alpine3.20"], "1.27.3-alpine"),
        ("latest", ["1.28.0-rc.1", "1.27.3"], "1.27.3"),
        ("latest", ["mainline", "1"], None),
        ("1.27.3", ["1.27.3-alpine"], None),
    ],
)
def test_a_floating_tag_has_a_pinned_alternative(make_registry, tag, others, pinned):
    registry = make_registry()
    image = make_image(registry, ("a", 1))
    repository = make_repository(registry, "a/b", dict.fromkeys([tag, *others], image))
    (row,) = tags_of(repository, tag)

    guidance = guide_tag(row, names_of(repository, image).direct)

    assert (guidance.pinned.name if guidance.pinned else None) == pinned
    assert bool(guidance.risk) == (tag != "1.27.3")
    assert [piece.part for piece in guidance.explanations]
