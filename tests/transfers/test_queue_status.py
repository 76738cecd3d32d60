import pytest

from transfers.queue_status import position_text

pytestmark = pytest.mark.postgresql


@pytest.mark.parametrize(
    ("running", "ahead", "expected"),
    [
        (0, 0, "It is the next one."),
        (1, 0, "1 transfer runs; this one is next."),
        (0, 1, "1 waits before this one."),
        (2, 3, "2 transfers run, 3 wait before this one."),
    ],
)
def test_the_queue_position_is_told_briefly(running, ahead, expected):
    assert position_text(running=running, ahead=ahead) == expected
