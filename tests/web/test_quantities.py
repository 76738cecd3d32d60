from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from registry_ui.web import quantities

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (None, "–"),
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1024 * 1024 - 1, "1.0 MiB"),
        (13_002_342, "12.4 MiB"),
        (5 * 1024**4, "5.0 TiB"),
        (3000 * 1024**5, "3000.0 PiB"),
    ],
)
def test_sizes_have_binary_units(count, words):
    assert quantities.binary_size(count).replace("\N{NO-BREAK SPACE}", " ") == words


def test_a_speed_is_a_size_a_second():
    assert quantities.binary_speed(1024) == "1.0\N{NO-BREAK SPACE}KiB/s"
    assert quantities.binary_speed(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (-3, "0.0 s"),
        (0.42, "0.4 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (7440, "2 h 04 min"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
    ],
)
def test_spans_of_time_stay_short(seconds, words):
    assert quantities.duration(seconds).replace("\N{NO-BREAK SPACE}", " ") == words


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=10), "just now"),
        (timedelta(seconds=-10), "in a moment"),
        (timedelta(seconds=50), "1 minute ago"),
        (timedelta(minutes=3), "3 minutes ago"),
        (timedelta(minutes=50), "1 hour ago"),
        (timedelta(hours=-2), "in 2 hours"),
        (timedelta(hours=23), "1 day ago"),
        (timedelta(days=29), "29 days ago"),
        (timedelta(days=45), "9 Oct 2026"),
    ],
)
def test_dates_are_relative_until_they_are_far(ago, words):
    assert quantities.relative(NOW - ago, NOW) == words


def test_the_exact_time_is_in_the_viewers_zone():
    with timezone.override("Asia/Shanghai"):
        assert quantities.exact_time(NOW) == "2026-11-23 20:00:00 CST"
