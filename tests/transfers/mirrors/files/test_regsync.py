import pytest

from transfers.mirrors.files.regsync import cron_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("interval", "cron"),
    [
        ("60m", "0 * * * *"),
        ("1h", "0 * * * *"),
        ("15m", "*/15 * * * *"),
        ("6h", "0 */6 * * *"),
        ("24h", "0 0 * * *"),
        ("1h0m0s", "0 * * * *"),
    ]
    + [(text, "") for text in ("", "7m", "5h", "48h", "1h30m", "x", "0m", "999999999999h")],
)
def test_intervals_that_divide_an_hour_or_a_day_are_cron_expressions(interval, cron):
    assert cron_of(interval) == cron
