import pytest

from registry_ui.catalog.artifact_pages.comparison import compare
from registry_ui.catalog.indexing.index_services import resolve_artifact
from tests.parts.index_rows import make_image, make_index, make_repository

pytestmark = pytest.mark.django_db
BASE = ("base", 1000)


@pytest.fixture
def compared(make_registry):
    registry = make_registry()

    def run(left, right, platform=""):
        make_repository(registry, "a/b", {"1": left(registry), "2": right(registry)})
        sides = [
            resolve_artifact(registry=registry, repository="a/b", identifier=tag) for tag in "12"
        ]
        return compare(*sides, platform)

    return run


def image(*layers, **options):
    return lambda registry: make_image(registry, *layers, **options)


def index(*images):
    return lambda registry: make_index(registry, *(make(registry) for make in images))


def test_layers_of_both_and_of_one(compared):
    comparison = compared(
        image(BASE, ("left", 500), ("top", 7)), image(("new base", 300), BASE, ("top", 7))
    )

    assert [(layer.change, layer.left, layer.right, layer.size) for layer in comparison.layers] == [
        ("equal", 1, 2, 1000),
        ("removed", 2, 0, 500),
        ("equal", 3, 3, 7),
        ("added", 0, 1, 300),
    ]
    assert [(group.change, group.size) for group in comparison.groups] == [
        ("removed", 500),
        ("added", 300),
        ("equal", 1007),
    ]
    assert comparison.bytes_to_fetch == 300
    assert comparison.growth == comparison.right_size - comparison.left_size == -200
    assert comparison.percent == "−12 %"


def test_the_diagrams_have_one_scale(compared):
    left, right = compared(
        image(("x", 1_000_000)), image(("y", 2_000_000), ("z", 2_000_000))
    ).diagrams

    width = {side: sum(piece.bar.width for piece in pieces) for side, pieces in (left, right)}
    assert width["right"] == pytest.approx(1000, abs=5)
    assert width["left"] == pytest.approx(250, abs=5)


def test_a_layer_twice_is_two_layers(compared):
    comparison = compared(image(BASE, BASE), image(BASE, BASE, BASE))

    assert [layer.change for layer in comparison.layers] == ["equal", "equal", "added"]


def test_indexes_are_compared_for_a_platform_that_both_have(compared):
    amd, arm, s390 = (
        image(BASE, (name, 5), platform=name)
        for name in ("linux/amd64", "linux/arm64", "linux/s390x")
    )

    comparison = compared(index(amd, arm), index(arm, s390), "linux/amd64")

    assert comparison.common == ["linux/arm64"]
    assert comparison.platform == "linux/arm64"
    assert comparison.is_same_image
    assert not comparison.is_same
    assert not comparison.has_no_common_platform


def test_the_requested_platform_is_compared(compared):
    amd, arm = (image(BASE, (name, 5), platform=name) for name in ("linux/amd64", "linux/arm64"))

    comparison = compared(index(amd, arm), index(arm, amd), "linux/arm64")

    assert comparison.left.facts.platform == comparison.right.facts.platform == "linux/arm64"
    assert [platform for platform, _address in comparison.platform_links] == [
        "linux/amd64",
        "linux/arm64",
    ]
    assert "platform=linux%2Farm64" in comparison.swapped


def test_without_a_common_platform_each_shows_its_own(compared):
    comparison = compared(image(BASE), image(BASE, platform="windows/amd64"))

    assert comparison.has_no_common_platform
    assert [layer.change for layer in comparison.layers] == ["equal"]


def test_histories_are_merged_into_one_list(compared):
    history = [
        {"created_by": "ADD x /"},
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "RUN make"},
    ]

    comparison = compared(
        image(BASE, ("l", 1), history=history),
        image(BASE, ("r", 1), history=[history[0], {"created_by": "RUN make all"}]),
    )

    assert comparison.history == [
        ("ADD x /", "equal"),
        ("ENV A=1", "removed"),
        ("RUN make", "removed"),
        ("RUN make all", "added"),
    ]
    assert [(layer.command, layer.change) for layer in comparison.layers] == [
        ("ADD x /", "equal"),
        ("RUN make", "removed"),
        ("RUN make all", "added"),
    ]


def test_the_same_image_under_two_names(compared):
    comparison = compared(image(BASE), image(BASE))

    assert comparison.is_same
    assert comparison.different == []
    assert comparison.growth == 0
    assert comparison.percent == ""


def test_many_layers_are_cut_in_the_table_and_counted(compared):
    comparison = compared(image(*((f"l{number}", 1) for number in range(400))), image(BASE))

    removed = comparison.groups[0]
    assert (len(removed.shown), removed.omitted_count) == (300, 100)
