"""Times of a schedule, and the simple choices that stand for cron expressions."""

import uuid
import zoneinfo
from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfers.mirrors.schedule import (
    Choice,
    Frequency,
    InvalidSchedule,
    Weekday,
    allowed_age,
    check_cron,
    in_words,
    next_time,
    next_times,
    offset_of,
    times,
)

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
SPRING = datetime(2026, 3, 28, 12, tzinfo=BERLIN)
AUTUMN = datetime(2026, 10, 24, 12, tzinfo=BERLIN)

choices = st.builds(
    Choice,
    frequency=st.sampled_from([each for each in Frequency if each is not Frequency.CRON]),
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
moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
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
def test_a_simple_choice_is_read_back_from_its_cron_expression(choice):
    again = Choice.from_cron(choice.to_cron())

    assert (again.frequency, again.to_cron()) == (choice.frequency, choice.to_cron())


@given(crons)
def test_any_expression_survives_being_read_as_a_choice(cron):
    assert Choice.from_cron(cron).to_cron() == cron


@given(crons, some_zones, moments)
def test_times_only_go_forward_and_are_what_the_expression_says(cron, zone, after):
    found = list(islice(times(check_cron(cron), zone, after=after), 4))

    assert all(earlier < later for earlier, later in pairwise([after, *found]))
    assert all(moment.second == 0 for moment in found)


@given(choices, some_zones, moments)
def test_the_wall_clock_shows_the_chosen_time_but_for_the_hour_that_is_skipped(choice, zone, after):
    if choice.frequency in (Frequency.NEVER, Frequency.HOURLY):
        return
    found = next_time(choice.to_cron(), zone, after=after)
    local = found.astimezone(zoneinfo.ZoneInfo(zone))
    skipped = (
        local.utcoffset()
        != (found - timedelta(hours=1)).astimezone(zoneinfo.ZoneInfo(zone)).utcoffset()
    )

    assert skipped or (local.hour, local.minute) == (choice.at.hour, choice.at.minute)


@pytest.mark.parametrize("hour", [1, 2, 3])
def test_the_night_that_skips_an_hour_has_exactly_one_run(hour):
    found = [
        moment.astimezone(BERLIN)
        for moment in next_times(f"30 {hour} * * *", "Europe/Berlin", after=SPRING, count=3)
    ]

    assert [moment.day for moment in found] == [29, 30, 31]


@pytest.mark.parametrize("hour", [1, 2, 3])
def test_the_night_that_repeats_an_hour_has_exactly_one_run(hour):
    found = [
        moment.astimezone(BERLIN)
        for moment in next_times(f"30 {hour} * * *", "Europe/Berlin", after=AUTUMN, count=3)
    ]

    assert [(moment.day, moment.hour) for moment in found] == [(25, hour), (26, hour), (27, hour)]


def test_a_rule_that_is_saved_within_the_repeated_hour_does_not_run_in_the_past():
    second_half = datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1)

    assert next_time("30 2 * * *", "Europe/Berlin", after=second_half).astimezone(
        BERLIN
    ) == datetime(2026, 10, 26, 2, 30, tzinfo=BERLIN)


def test_an_hourly_one_runs_every_real_hour_of_both_nights():
    for start in (SPRING, AUTUMN):
        found = next_times("15 * * * *", "Europe/Berlin", after=start, count=30)
        assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(hours=1)}


def test_the_offset_moves_every_run_by_the_same():
    after, offset = datetime(2026, 1, 1, 2, 3, tzinfo=UTC), timedelta(minutes=5)

    # The run of two o'clock is still to come: it is moved to five past.
    assert next_times("0 2 * * *", "UTC", after=after, count=2, offset=offset) == [
        datetime(2026, 1, 1, 2, 5, tzinfo=UTC),
        datetime(2026, 1, 2, 2, 5, tzinfo=UTC),
    ]


def test_a_rule_has_its_own_moment_within_the_jitter_and_keeps_it():
    keys = [uuid.UUID(int=number) for number in range(200)]
    shares = [offset_of(key, 600) for key in keys]

    assert shares == [offset_of(key, 600) for key in keys]
    assert max(shares) <= timedelta(minutes=10)
    assert len(set(shares)) > 100
    assert {offset_of(key, 0) for key in keys} == {timedelta()}


@pytest.mark.parametrize(
    "text",
    ["", "* * * *", "* * * * * *", "61 * * * *", "0 0 30 2 *", "x y z a b", "@daily", "* " * 200],
)
def test_what_is_no_schedule_is_refused_with_advice(text):
    with pytest.raises(InvalidSchedule) as caught:
        check_cron(text)

    assert caught.value.message
    assert caught.value.advice


@given(st.text(max_size=40))
def test_any_text_is_a_schedule_or_is_refused(text):
    try:
        assert next_time(check_cron(text), "Europe/Berlin", after=datetime.now(UTC))
    except InvalidSchedule:
        pass


def test_a_last_success_may_be_as_old_as_the_longest_gap_and_a_half():
    friday = datetime(2026, 11, 27, 12, tzinfo=UTC)

    assert allowed_age("0 * * * *", "UTC", now=friday) == timedelta(minutes=90)
    # From Friday night to Monday night
    assert allowed_age("0 2 * * 1-5", "UTC", now=friday) == timedelta(days=4.5)


def test_words_say_what_the_expression_means():
    assert in_words("30 2 * * 1-5") == "At 02:30, Monday through Friday"
    assert in_words("") == "Only when asked"
    assert Choice.from_cron("30 2 * * *") == Choice(Frequency.NIGHTLY, at=time(2, 30))
