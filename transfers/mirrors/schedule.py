"""When a rule runs: a five-field cron expression in a named time zone, and the simple choices that stand for one.

Both daylight-saving changes give exactly one run of what is due at a set hour: cronsim does as Debian's cron does.
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
from django.utils.translation import gettext as _

from registry_ui.oci.errors import OciError

from ..models import Mirror

LONGEST_CRON = 100
LONGEST_JITTER = 6 * 3600
_MOST_TRIED = 8
_LAST_SURE_DAY = 28


class InvalidSchedule(OciError):
    """No five-field cron expression, or one whose time never comes."""


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
class Choice:
    """A schedule as the form has it.

    Args:
        at: the time of day; of an hourly one only the minute counts.
        day: of the month, at most 28, which every month has.
        cron: where none of the simple choices says it.
    """

    frequency: Frequency
    at: time = time(2, 0)
    weekday: Weekday = Weekday.MONDAY
    day: int = 1
    cron: str = ""

    def to_cron(self) -> str:
        """Empty where it runs only when somebody asks."""
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
    def from_cron(cls, text: str) -> "Choice":
        """The simple choice that means the same, if there is one."""
        text = " ".join(text.split())
        if not text:
            return cls(Frequency.NEVER)
        found = _simple(text.split(" "))
        return (
            found
            if found is not None and found.to_cron() == text
            else cls(Frequency.CRON, cron=text)
        )


def _simple(fields: list[str]) -> Choice | None:
    if len(fields) != 5 or not fields[0].isdecimal() or int(fields[0]) > 59:
        return None
    minute, hour, day, month, weekday = fields
    if [hour, day, month, weekday] == ["*"] * 4:
        return Choice(Frequency.HOURLY, at=time(0, int(minute)))
    if not hour.isdecimal() or int(hour) > 23 or month != "*":
        return None
    at = time(int(hour), int(minute))
    if day != "*":
        sure = weekday == "*" and day.isdecimal() and 1 <= int(day) <= _LAST_SURE_DAY
        return Choice(Frequency.MONTHLY, at=at, day=int(day)) if sure else None
    if weekday in ("*", "1-5"):
        return Choice(Frequency.NIGHTLY if weekday == "*" else Frequency.WEEKDAYS, at=at)
    return (
        Choice(Frequency.WEEKLY, at=at, weekday=Weekday(int(weekday)))
        if weekday in "1234567" and len(weekday) == 1
        else None
    )


def check_cron(text: str) -> str:
    """The expression with single spaces.

    Raises:
        InvalidSchedule
    """
    fields = text.split()
    advice = _(
        "Write five fields: minute, hour, day of the month, month, day of the week. 30 2 * * 1-5 is half past two from Monday to Friday."
    )
    if len(fields) != 5 or len(text) > LONGEST_CRON:
        raise InvalidSchedule(_("A schedule has five fields."), advice=advice)
    try:
        next(CronSim(" ".join(fields), datetime.now(UTC)))
    except CronSimError as exc:
        raise InvalidSchedule(
            _("“%(text)s” is not a schedule.") % {"text": text}, advice=advice
        ) from exc
    except StopIteration as exc:
        raise InvalidSchedule(
            _("The time of “%(text)s” never comes.") % {"text": text},
            advice=_("Choose a day that the month has."),
        ) from exc
    return " ".join(fields)


def times(cron: str, zone: str, *, after: datetime) -> Iterator[datetime]:
    """The times of the expression in the zone, each later than the one before; UTC."""
    previous = after.astimezone(UTC)
    for local in CronSim(cron, after.astimezone(zoneinfo.ZoneInfo(zone))):
        # In UTC, because Python compares the clocks of one zone without regard to which of the two hours is meant. In the hour
        # that comes twice, cronsim's next time may be the first half's, which has passed.
        moment = local.astimezone(UTC)
        if moment > previous:
            previous = moment
            yield moment


def next_time(
    cron: str, zone: str, *, after: datetime, offset: timedelta = timedelta()
) -> datetime | None:
    """The first moment of the expression, moved by the offset, after this one; None where there is no schedule."""
    if not cron:
        return None
    found = next(times(cron, zone, after=after.astimezone(UTC) - offset), None)
    return found + offset if found is not None else None


def next_times(
    cron: str, zone: str, *, after: datetime, count: int = 5, offset: timedelta = timedelta()
) -> list[datetime]:
    return (
        [
            moment + offset
            for moment in islice(times(cron, zone, after=after.astimezone(UTC) - offset), count)
        ]
        if cron
        else []
    )


def offset_of(pk: uuid.UUID, jitter_seconds: int) -> timedelta:
    """A rule's own share of its jitter: always the same, so that the distance between runs stays."""
    share = int.from_bytes(hashlib.sha256(pk.bytes).digest()[:8], "big")
    return timedelta(seconds=share % (jitter_seconds + 1))


def next_run(mirror: Mirror, *, after: datetime) -> datetime | None:
    """When a rule runs next by its schedule, at its own moment within the jitter."""
    return next_time(
        mirror.schedule,
        mirror.time_zone,
        after=after,
        offset=offset_of(mirror.pk, mirror.jitter_seconds),
    )


def allowed_age(cron: str, zone: str, *, now: datetime) -> timedelta | None:
    """How old the last success may be before something is wrong: the longest gap of the coming times, and half of it more."""
    moments = next_times(cron, zone, after=now, count=_MOST_TRIED)
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    return max(gaps) * 1.5 if gaps else None


def in_words(cron: str) -> str:
    """What the expression says, for a person."""
    if not cron:
        return str(Frequency.NEVER.label)
    options = Options()
    options.use_24hour_time_format = True
    options.locale_code = to_locale(get_language() or "en")
    try:
        return get_description(cron, options)
    except (FormatException, ValueError):
        return cron
