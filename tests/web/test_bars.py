from itertools import pairwise

import pytest

from registry_ui.web.bars import WIDTH, bar_widths, bars


def test_widths_are_to_scale():
    small, large = bar_widths([1_000_000, 3_000_000])

    assert small + large == pytest.approx(WIDTH)
    assert large / small == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize("count", [1, 2, 40, 128, 1000])
def test_every_piece_is_seen_and_all_fit(count):
    drawn = bars([10**9, *[1] * (count - 1)])

    assert all(bar.width > 0 for bar in drawn)
    assert all(bar.x + bar.width <= after.x for bar, after in pairwise(drawn))
    assert drawn[-1].x + drawn[-1].width <= WIDTH
    assert drawn[0].width >= 0.49 * WIDTH


def test_a_narrower_picture_has_the_same_scale():
    assert sum(bar_widths([1, 2], 500)) == pytest.approx(500)


def test_nothing_has_no_picture():
    assert bars([]) == []
    assert bar_widths([0, 0]) == pytest.approx([4.0, 4.0])
