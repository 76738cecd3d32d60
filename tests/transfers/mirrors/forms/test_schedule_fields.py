import pytest
from django.utils import timezone

from transfers.mirrors.forms.schedule_fields import ScheduleForm, time_zones
from transfers.mirrors.models import Mirror


def form(**values):
    return ScheduleForm(
        {"frequency": "nightly", "at": "02:30", "time_zone": "UTC", "jitter": "0", **values}
    )


@pytest.mark.parametrize(
    ("values", "cron"),
    [
        ({}, "30 2 * * *"),
        ({"frequency": "hourly"}, "30 * * * *"),
        ({"frequency": "weekly", "weekday": "5"}, "30 2 * * 5"),
        ({"frequency": "monthly", "day": "28"}, "30 2 28 * *"),
        ({"frequency": "cron", "cron": "*/15 8-18 * * 1-5"}, "*/15 8-18 * * 1-5"),
    ],
)
def test_a_choice_is_stored_as_a_cron_expression(values, cron):
    filled = form(jitter="5", **values)

    assert filled.is_valid(), filled.errors
    assert filled.schedule_values() == {
        "schedule": cron,
        "time_zone": "UTC",
        "jitter_seconds": 300,
    }


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"frequency": "cron", "cron": "61 * * * *"}, "cron"),
        ({"frequency": "cron", "cron": ""}, "cron"),
        ({"frequency": "never mind"}, "frequency"),
        ({"at": "25:00"}, "at"),
        ({"day": "31"}, "day"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"jitter": "-1"}, "jitter"),
    ],
)
def test_a_bad_schedule_is_an_error_of_its_field(values, field):
    assert list(form(**values).errors) == [field]


def test_an_expression_counts_only_where_it_is_chosen():
    assert form(frequency="nightly", cron="nonsense").is_valid()


def test_the_form_of_a_mirror_begins_with_its_schedule():
    mirror = Mirror(schedule="15 4 * * 5", time_zone="Asia/Shanghai", jitter_seconds=600)

    initial = ScheduleForm.initial_schedule(mirror)

    assert (initial["frequency"], initial["weekday"], initial["jitter"]) == ("weekly", 5, 10)
    assert initial["time_zone"] == "Asia/Shanghai"


def test_time_zones_are_places_and_utc():
    zones = time_zones()

    assert zones[0] == "UTC"
    assert {"Asia/Shanghai", "Europe/Berlin"} <= set(zones)
    assert not any(name.startswith("Etc/") for name in zones)


@pytest.mark.parametrize("schedule", ["", "20 * * * *", "0 0 * * *", "15 3 28 * *", "0 3 1 1 *"])
def test_a_stored_schedule_is_shown_and_saved_unchanged(schedule):
    mirror = Mirror(schedule=schedule, time_zone="Europe/Berlin", jitter_seconds=600)
    initial = ScheduleForm.initial_schedule(mirror)

    form = ScheduleForm(initial)

    assert form.is_valid(), form.errors
    assert form.schedule_values() == {
        "schedule": schedule,
        "time_zone": "Europe/Berlin",
        "jitter_seconds": 600,
    }


def test_a_new_mirror_begins_with_the_time_zone_of_the_person():
    with timezone.override("Asia/Kolkata"):
        assert ScheduleForm.initial_schedule(None) == {"time_zone": "Asia/Kolkata"}
