import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry_ui.web.treemap import HEIGHT, WIDTH, squarify


@given(st.lists(st.integers(min_value=1, max_value=10**13), min_size=1, max_size=40))
@example([9_999_999_999_996, 1])
def test_the_areas_are_to_scale_and_inside_the_frame(sizes):
    sizes = sorted(sizes, reverse=True)
    rectangles = squarify(sizes)

    assert len(rectangles) == len(sizes)
    for size, rectangle in zip(sizes, rectangles, strict=True):
        assert rectangle.x >= 0
        assert rectangle.x + rectangle.width <= WIDTH + 0.05
        assert rectangle.y + rectangle.height <= HEIGHT + 0.05
        share = size / sum(sizes)
        assert rectangle.width * rectangle.height == pytest.approx(
            share * WIDTH * HEIGHT, abs=0.02 * (rectangle.width + rectangle.height) + 0.01
        )


def test_equal_sizes_give_no_thin_strips():
    for rectangle in squarify([10] * 12):
        assert max(rectangle.width, rectangle.height) / min(rectangle.width, rectangle.height) < 3


def test_no_rectangle_covers_another():
    places = squarify([500, 300, 200, 100, 50, 50, 20, 5])
    for number, one in enumerate(places):
        for other in places[number + 1 :]:
            across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            assert across <= 0.05 or down <= 0.05


@pytest.mark.parametrize("sizes", [[], [0], [0, 0]])
def test_nothing_takes_no_room(sizes):
    assert [rectangle.width * rectangle.height for rectangle in squarify(sizes)] == [0] * len(sizes)


def test_zeros_beside_other_sizes_have_no_area():
    assert squarify([10, 0])[1].width * squarify([10, 0])[1].height == 0
