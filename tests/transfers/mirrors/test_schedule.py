"""Times of a schedule, and the simple choices for cron expressions."""

import uuid
import zoneinfo
from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_ui.web.errors import describe
from transfers.mirrors.schedule import (
    Frequency,
    InvalidSchedule,
    ScheduleChoice,
    Weekday,
    allowed_age,
    check_cron,
    cron_times,
    describe_cron,
    jitter_offset,
    next_cron_time,
    next_cron_times,
)

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
SPRING = datetime(2026, 3, 28, 12, tzinfo=BERLIN)
AUTUMN = datetime(2026, 10, 24, 12, tzinfo=BERLIN)

choices = st.builds(
    ScheduleChoice,
    frequency=st.sampled_from(
        [frequency for frequency in Frequency if frequency is not Frequency.CRON]
    ),
    at=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    weekday=st.sampled_from(Weekday),
    day=st.integers(1, 28),
)
minutes, hours = st.integers(0, 59), st.integers(0, 23)
crons = st.builds(
    lambda minute, hour, day, month, weekday: f"{minute} {hour} {day} {month} {weekday}",
    st.one_of(minutes.map(str), st.just("*"), st.sampled_from(["*/5", "*/15", "0-30/10", "0,30"])),
    st.one_of(hours.map(str), st.just("*"), st.sampled_from(["*/2", "1-5", "0,12"])),
    st.one_of(st.integers(1, 28).map(str), st.just("*")),
    st.one_of(st.integers(1, 12).map(str), st.just("*")),
    st.one_of(st.integers(0, 7).map(str), st.sampled_from(["*", "1-5", "MON"])),
)
timestamps = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
some_zones = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "America/St_Johns",
    ]
)


@given(choices)
def test_a_simple_choice_round_trips_as_cron(choice):
    again = ScheduleChoice.from_cron(choice.to_cron())

    assert (again.frequency, again.to_cron()) == (choice.frequency, choice.to_cron())


@given(crons)
def test_any_expression_round_trips_as_a_choice(cron):
    assert ScheduleChoice.from_cron(cron).to_cron() == cron


@given(crons, some_zones, timestamps)
def test_times_ascend_and_match_the_expression(cron, zone, after):
    times = list(islice(cron_times(check_cron(cron), zone, after=after), 4))

    assert all(earlier < later for earlier, later in pairwise([after, *times]))
    assert all(timestamp.second == 0 for timestamp in times)


@given(choices, some_zones, timestamps)
def test_the_wall_clock_shows_the_selected_time_except_in_the_skipped_hour(choice, zone, after):
    if choice.frequency in (Frequency.NEVER, Frequency.HOURLY):
        return
    times = next_cron_time(choice.to_cron(), zone, after=after)
    local = times.astimezone(zoneinfo.ZoneInfo(zone))
    skipped = (
        local.utcoffset()
        != (times - timedelta(hours=1)).astimezone(zoneinfo.ZoneInfo(zone)).utcoffset()
    )

    assert skipped or (local.hour, local.minute) == (choice.at.hour, choice.at.minute)


@pytest.mark.parametrize("hour", [1, 2, 3])
def test_the_night_that_skips_an_hour_has_exactly_one_run(hour):
    times = [
        timestamp.astimezone(BERLIN)
        for timestamp in next_cron_times(f"30 {hour} * * *", "Europe/Berlin", after=SPRING, count=3)
    ]

    assert [timestamp.day for timestamp in times] == [29, 30, 31]


@pytest.mark.parametrize("hour", [1, 2, 3])
def test_the_night_that_repeats_an_hour_has_exactly_one_run(hour):
    times = [
        timestamp.astimezone(BERLIN)
        for timestamp in next_cron_times(f"30 {hour} * * *", "Europe/Berlin", after=AUTUMN, count=3)
    ]

    assert [(timestamp.day, timestamp.hour) for timestamp in times] == [
        (25, hour),
        (26, hour),
        (27, hour),
    ]


def test_a_mirror_saved_within_the_repeated_hour_does_not_run_in_the_past():
    second_half = datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1)

    assert next_cron_time("30 2 * * *", "Europe/Berlin", after=second_half).astimezone(
        BERLIN
    ) == datetime(2026, 10, 26, 2, 30, tzinfo=BERLIN)


def test_an_hourly_schedule_runs_every_real_hour_of_both_nights():
    for start in (SPRING, AUTUMN):
        times = next_cron_times("15 * * * *", "Europe/Berlin", after=start, count=30)
        assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(hours=1)}


def test_the_offset_moves_every_run_by_the_same():
    after, offset = datetime(2026, 1, 1, 2, 3, tzinfo=UTC), timedelta(minutes=5)

    # The run of two o'clock is still to come: it is moved to five past.
    assert next_cron_times("0 2 * * *", "UTC", after=after, count=2, offset=offset) == [
        datetime(2026, 1, 1, 2, 5, tzinfo=UTC),
        datetime(2026, 1, 2, 2, 5, tzinfo=UTC),
    ]


def test_a_mirror_keeps_its_own_offset_within_the_jitter():
    keys = [uuid.UUID(int=number) for number in range(200)]
    shares = [jitter_offset(key, 600) for key in keys]

    assert shares == [jitter_offset(key, 600) for key in keys]
    assert max(shares) <= timedelta(minutes=10)
    assert len(set(shares)) > 100
    assert {jitter_offset(key, 0) for key in keys} == {timedelta()}


@pytest.mark.parametrize(
    "text",
    ["", "* * * *", "* * * * * *", "61 * * * *", "0 0 30 2 *", "x y z a b", "@daily", "* " * 200],
)
def test_an_invalid_schedule_is_refused_with_advice(text):
    with pytest.raises(InvalidSchedule) as caught:
        check_cron(text)

    assert describe(caught.value).sentence
    assert describe(caught.value).advice


@given(st.text(max_size=40))
def test_any_text_is_a_schedule_or_is_refused(text):
    try:
        assert next_cron_time(check_cron(text), "Europe/Berlin", after=datetime.now(UTC))
    except InvalidSchedule:
        pass


def test_the_allowed_age_is_one_and_a_half_of_the_longest_interval():
    friday = datetime(2026, 11, 27, 12, tzinfo=UTC)

    assert allowed_age("0 * * * *", "UTC", now=friday) == timedelta(minutes=90)
    # From Friday night to Monday night
    assert allowed_age("0 2 * * 1-5", "UTC", now=friday) == timedelta(days=4.5)


def test_an_expression_is_described():
    assert describe_cron("30 2 * * 1-5") == "At 02:30, Monday through Friday"
    assert describe_cron("") == "Only when asked"
    assert ScheduleChoice.from_cron("30 2 * * *") == ScheduleChoice(
        Frequency.NIGHTLY, at=time(2, 30)
    )
