"""The form fields of a schedule."""

import functools
import zoneinfo
from datetime import time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.errors import OciError
from registry_ui.web.errors import describe

from ...forms.base import NAME_INPUT
from ..models import Mirror
from ..schedule import (
    MAX_CRON_LENGTH,
    MAX_JITTER_SECONDS,
    Frequency,
    ScheduleChoice,
    Weekday,
    check_cron,
)


@functools.cache
def time_zones() -> list[str]:
    return [
        # Names such as Etc/GMT+3 have the opposite sign of what people expect.
        "UTC",
        *sorted(
            name
            for name in zoneinfo.available_timezones()
            if "/" in name and not name.startswith("Etc/")
        ),
    ]


class ScheduleForm(forms.Form):
    frequency = forms.ChoiceField(
        label=_("How often"), choices=Frequency.choices, initial=Frequency.NIGHTLY
    )
    at = forms.TimeField(
        label=_("At"),
        required=False,
        initial=time(2, 0),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("Of an hourly one, only the minutes count."),
    )
    weekday = forms.TypedChoiceField(
        label=_("On"), required=False, coerce=int, choices=Weekday.choices, initial=Weekday.MONDAY
    )
    day = forms.IntegerField(
        label=_("On day"), required=False, min_value=1, max_value=28, initial=1
    )
    cron = forms.CharField(
        label=_("Cron expression"),
        required=False,
        max_length=MAX_CRON_LENGTH,
        widget=forms.TextInput(attrs={**NAME_INPUT, "placeholder": "30 2 * * 1-5"}),
        help_text=_("Minute, hour, day of the month, month, day of the week."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=lambda: [(name, name.replace("_", " ")) for name in time_zones()],
    )
    jitter = forms.IntegerField(
        label=_("Spread over (minutes)"),
        required=False,
        min_value=0,
        max_value=MAX_JITTER_SECONDS // 60,
        initial=0,
        help_text=_(
            "Each rule then starts at a moment of its own within this span, so that not all of "
            "them ask a registry at once."
        ),
    )

    @staticmethod
    def initial_schedule(mirror: Mirror | None) -> dict[str, Any]:
        if mirror is None:
            return {"time_zone": timezone.get_current_timezone_name()}

        choice = ScheduleChoice.from_cron(mirror.schedule)
        return {
            "frequency": choice.frequency,
            "at": choice.at,
            "weekday": choice.weekday,
            "day": choice.day,
            "cron": choice.cron,
            "time_zone": mirror.time_zone,
            "jitter": mirror.jitter_seconds // 60,
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}

        # The other fields always give a valid expression.
        if values.get("frequency") == Frequency.CRON and "cron" not in self.errors:
            try:
                values["cron"] = check_cron(values.get("cron", ""))
            except OciError as exc:
                self.add_error("cron", str(describe(exc)))
        return values

    def schedule_values(self) -> dict[str, Any]:
        """Return the model's columns; these fields must be valid."""
        values = self.cleaned_data
        choice = ScheduleChoice(
            Frequency(values["frequency"]),
            at=values.get("at") or time(2, 0),
            weekday=Weekday(values.get("weekday") or Weekday.MONDAY),
            day=values.get("day") or 1,
            cron=values.get("cron", ""),
        )

        return {
            "schedule": choice.to_cron(),
            "time_zone": values["time_zone"],
            "jitter_seconds": (values.get("jitter") or 0) * 60,
        }
