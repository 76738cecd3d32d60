"""Schedules: five-field cron expressions in a named time zone, and simple choices for them.

A time of day has exactly one run on both days of a daylight-saving change: cronsim follows
Debian's cron.
"""

import hashlib
import uuid
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise

from cron_descriptor import FormatException, Options, get_description
from cronsim import CronSim, CronSimError
from django.db import models
from django.utils.translation import get_language, gettext_lazy, to_locale

from registry_ui.oci.errors import OciError

from .models import Mirror

MAX_CRON_LENGTH = 100
MAX_JITTER_SECONDS = 6 * 3600
_SAMPLED_TIMES = 8
_LAST_COMMON_DAY = 28


class InvalidSchedule(OciError):
    """An invalid cron expression, or one whose time never comes."""


class Frequency(models.TextChoices):
    NEVER = "never", gettext_lazy("Only when asked")
    HOURLY = "hourly", gettext_lazy("Every hour")
    NIGHTLY = "nightly", gettext_lazy("Every day")
    WEEKDAYS = "weekdays", gettext_lazy("Monday to Friday")
    WEEKLY = "weekly", gettext_lazy("Once a week")
    MONTHLY = "monthly", gettext_lazy("Once a month")
    CRON = "cron", gettext_lazy("Cron expression")


class Weekday(models.IntegerChoices):
    MONDAY = 1, gettext_lazy("Monday")
    TUESDAY = 2, gettext_lazy("Tuesday")
    WEDNESDAY = 3, gettext_lazy("Wednesday")
    THURSDAY = 4, gettext_lazy("Thursday")
    FRIDAY = 5, gettext_lazy("Friday")
    SATURDAY = 6, gettext_lazy("Saturday")
    SUNDAY = 7, gettext_lazy("Sunday")


@dataclass(frozen=True, slots=True)
class ScheduleChoice:
    """A schedule as the form has it.

    Args:
        at: the time of day; an hourly schedule uses the minute only.
        day: the day of the month, at most 28, which every month has.
        cron: the expression where no simple choice matches.
    """

    frequency: Frequency
    at: time = time(2, 0)
    weekday: Weekday = Weekday.MONDAY
    day: int = 1
    cron: str = ""

    def to_cron(self) -> str:
        """Return the cron expression; empty for manual runs only."""
        clock = f"{self.at.minute} {self.at.hour}"
        return {
            Frequency.NEVER: "",
            Frequency.HOURLY: f"{self.at.minute} * * * *",
            Frequency.NIGHTLY: f"{clock} * * *",
            Frequency.WEEKDAYS: f"{clock} * * 1-5",
            Frequency.WEEKLY: f"{clock} * * {int(self.weekday)}",
            Frequency.MONTHLY: f"{clock} {self.day} * *",
            Frequency.CRON: " ".join(self.cron.split()),
        }[self.frequency]

    @classmethod
    def from_cron(cls, text: str) -> "ScheduleChoice":
        """Return the simple choice for an expression, if there is one."""
        text = " ".join(text.split())
        if not text:
            return cls(Frequency.NEVER)
        choice = _parse_simple(text.split(" "))
        return (
            choice
            if choice is not None and choice.to_cron() == text
            else cls(Frequency.CRON, cron=text)
        )


def _parse_simple(fields: list[str]) -> ScheduleChoice | None:
    if len(fields) != 5 or not fields[0].isdecimal() or int(fields[0]) > 59:
        return None

    minute, hour, day, month, weekday = fields
    if [hour, day, month, weekday] == ["*"] * 4:
        return ScheduleChoice(Frequency.HOURLY, at=time(0, int(minute)))
    if not hour.isdecimal() or int(hour) > 23 or month != "*":
        return None

    at = time(int(hour), int(minute))

    # A form of three fields cannot show a day of the month with a weekday.
    if day != "*":
        is_valid = weekday == "*" and day.isdecimal() and 1 <= int(day) <= _LAST_COMMON_DAY
        return ScheduleChoice(Frequency.MONTHLY, at=at, day=int(day)) if is_valid else None

    if weekday in ("*", "1-5"):
        return ScheduleChoice(Frequency.NIGHTLY if weekday == "*" else Frequency.WEEKDAYS, at=at)

    return (
        ScheduleChoice(Frequency.WEEKLY, at=at, weekday=Weekday(int(weekday)))
        if weekday in "1234567" and len(weekday) == 1
        else None
    )


def check_cron(text: str) -> str:
    """Return the expression with single spaces.

    Raises:
        InvalidSchedule
    """
    fields = text.split()

    if len(fields) != 5 or len(text) > MAX_CRON_LENGTH:
        raise InvalidSchedule("schedule_fields")

    try:
        # cronsim reports a day that no month has, such as 30 February, by an empty sequence.
        next(CronSim(" ".join(fields), datetime.now(UTC)))
    except CronSimError as exc:
        raise InvalidSchedule("schedule_invalid", text=text) from exc
    except StopIteration as exc:
        raise InvalidSchedule("schedule_never", text=text) from exc

    return " ".join(fields)


def cron_times(cron: str, zone: str, *, after: datetime) -> Iterator[datetime]:
    """Yield the times of an expression in UTC, in strictly ascending order."""
    previous = after.astimezone(UTC)
    for local in CronSim(cron, after.astimezone(zoneinfo.ZoneInfo(zone))):
        # In UTC, because Python compares two times of one zone by their wall clock alone. In the
        # hour that repeats, cronsim's next time may be that of the first pass, which is over.
        timestamp = local.astimezone(UTC)
        if timestamp > previous:
            previous = timestamp
            yield timestamp


def next_cron_time(
    cron: str, zone: str, *, after: datetime, offset: timedelta = timedelta()
) -> datetime | None:
    """Return the first time after `after`, moved by the offset; None without a schedule."""
    if not cron:
        return None
    timestamp = next(cron_times(cron, zone, after=after.astimezone(UTC) - offset), None)
    return timestamp + offset if timestamp is not None else None


def next_cron_times(
    cron: str, zone: str, *, after: datetime, count: int = 5, offset: timedelta = timedelta()
) -> list[datetime]:
    if not cron:
        return []
    next_times = cron_times(cron, zone, after=after.astimezone(UTC) - offset)
    return [timestamp + offset for timestamp in islice(next_times, count)]


def jitter_offset(pk: uuid.UUID, jitter_seconds: int) -> timedelta:
    """Return a mirror's share of its jitter.

    It is always the same, so that the interval between runs stays constant.
    """
    # Derived from the id: it needs no column, and spreads the mirrors evenly.
    share = int.from_bytes(hashlib.sha256(pk.bytes).digest()[:8], "big")
    return timedelta(seconds=share % (jitter_seconds + 1))


def next_run(mirror: Mirror, *, after: datetime) -> datetime | None:
    """Return the next scheduled time of a mirror, including its share of the jitter."""
    return next_cron_time(
        mirror.schedule,
        mirror.time_zone,
        after=after,
        offset=jitter_offset(mirror.pk, mirror.jitter_seconds),
    )


def allowed_age(cron: str, zone: str, *, now: datetime) -> timedelta | None:
    """Return how old the last success may be: 1.5 times the longest coming interval."""
    timestamps = next_cron_times(cron, zone, after=now, count=_SAMPLED_TIMES)

    # The next intervals: "Monday to Friday" has one of three days.
    gaps = [later - earlier for earlier, later in pairwise(timestamps)]
    return max(gaps) * 1.5 if gaps else None


def describe_cron(cron: str) -> str:
    """Return the expression in words."""
    if not cron:
        return str(Frequency.NEVER.label)

    # cron_descriptor translates the expression itself.
    options = Options()

    # As all other times of the pages.
    options.use_24hour_time_format = True
    options.locale_code = to_locale(get_language() or "en")
    try:
        return str(get_description(cron, options))
    except (FormatException, ValueError):
        return cron
