"""Numbers formatted for people: bytes, speeds, durations and times."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

NOTHING = "–"
_NO_BREAK = "\N{NO-BREAK SPACE}"
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_RELATIVE_DAYS = 30


def binary_size(count: float | None) -> str:
    """Return the size such as 12.4 MiB; an en dash for None."""
    if count is None:
        return NOTHING
    value, unit = float(count), 0
    # Rounded first: 1023.96 KiB would otherwise be shown as 1,024.0 KiB.
    while round(value, 1) >= 1024 and unit < len(_UNITS) - 1:
        value /= 1024
        unit += 1
    return f"{number_format(round(value, 1), 0 if unit == 0 else 1)}{_NO_BREAK}{_UNITS[unit]}"


def binary_speed(bytes_per_second: float | None) -> str:
    return NOTHING if bytes_per_second is None else f"{binary_size(bytes_per_second)}/s"


def duration(seconds: float | timedelta | None) -> str:
    """Return the duration such as 0.4 s, 12 s, 3 min 05 s, 2 h 04 min, 3 d 4 h."""
    if seconds is None:
        return NOTHING
    exact = seconds.total_seconds() if isinstance(seconds, timedelta) else float(seconds)
    exact = max(exact, 0.0)

    # From 9.95 s on, one decimal would be rounded to 10.0.
    if exact < 9.95:
        return _join(_("%(n)s s") % {"n": number_format(round(exact, 1), 1)})
    whole = round(exact)
    if whole < _MINUTE:
        return _join(_("%(n)s s") % {"n": whole})
    if whole < _HOUR:
        return _join(
            _("%(minutes)s min %(seconds)02d s")
            % {"minutes": whole // _MINUTE, "seconds": whole % _MINUTE}
        )
    if whole < _DAY:
        return _join(
            _("%(hours)s h %(minutes)02d min")
            % {"hours": whole // _HOUR, "minutes": whole % _HOUR // _MINUTE}
        )
    return _join(
        _("%(days)s d %(hours)s h") % {"days": whole // _DAY, "hours": whole % _DAY // _HOUR}
    )


def _join(text: str) -> str:
    return text.replace(" ", _NO_BREAK)


def relative(timestamp: datetime, now: datetime) -> str:
    """Return “3 minutes ago” or “in 2 hours”; the date if it is over a month away."""
    seconds = (now - timestamp).total_seconds()
    distance = abs(seconds)
    # Clocks of two machines may differ by some seconds.
    if distance < 45:
        return _("just now") if seconds >= 0 else _("in a moment")
    if distance >= _RELATIVE_DAYS * _DAY:
        return date_format(timezone.localtime(timestamp), "j M Y")
    span = _span(distance)
    return _("%(span)s ago") % {"span": span} if seconds >= 0 else _("in %(span)s") % {"span": span}


def _span(seconds: float) -> str:
    if seconds < 45 * _MINUTE:
        count = max(1, round(seconds / _MINUTE))
        return ngettext("%(count)d minute", "%(count)d minutes", count) % {"count": count}
    if seconds < 22 * _HOUR:
        count = max(1, round(seconds / _HOUR))
        return ngettext("%(count)d hour", "%(count)d hours", count) % {"count": count}
    count = max(1, round(seconds / _DAY))
    return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}


def exact_time(timestamp: datetime) -> str:
    """Return the time to the second in the user's time zone, with the zone's name."""
    local = timezone.localtime(timestamp)
    return f"{local.replace(tzinfo=None).isoformat(' ', 'seconds')} {local.tzname()}"
