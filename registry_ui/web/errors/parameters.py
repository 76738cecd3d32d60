"""The parameters of an error in the reader's language."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registry_ui.providers.advice import advice_for
from registry_ui.providers.catalogue import provider_named

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_SHORT_DIGEST = 12

WORDS: dict[str, dict[str, Promise]] = {
    # The networks of `oci.address_scope`.
    "scope": {
        "private": gettext_lazy("an address in a private network"),
        "loopback": gettext_lazy("this machine itself"),
        "reserved": gettext_lazy("a link-local, metadata or reserved address"),
    },
    # The members that `oci.archive.tar` refuses.
    "member_kind": {
        "broken_link": gettext_lazy("a symbolic link that leads nowhere"),
        "contiguous_file": gettext_lazy("a contiguous file"),
        "device": gettext_lazy("a device"),
        "duplicate": gettext_lazy("in it twice"),
        "file_and_folder": gettext_lazy("a file and a folder at once"),
        "hard_link": gettext_lazy("a hard link"),
        "pipe": gettext_lazy("a pipe"),
        "sparse_file": gettext_lazy("a sparse file"),
        "symbolic_link": gettext_lazy("a symbolic link"),
        "unknown": gettext_lazy("of an unknown kind"),
    },
}
"""Parameters whose values stand for words."""

# What a derived placeholder is made from.
DERIVED = {
    "says": "quote",
    "cause_advice": "cause",
    "no_listing_reason": "provider",
    "range_problem": "problem",
    "provider_advice": "host",
}


class Parameters(dict[str, str]):
    """The texts that stand in place of an error's placeholders; each is made when it is used.

    Args:
        values: the error's parameters.
        provider_advice: see `Text`.
        describe: returns the sentence and the advice of an error that caused this one.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        provider_advice: str,
        describe: Callable[[Any], tuple[str, str]],
    ) -> None:
        super().__init__()
        self._values = values
        self._provider_advice = provider_advice
        self._describe = describe

    def __missing__(self, name: str) -> str:
        if name in DERIVED:
            return self._derived(name)
        # A row can be older than its text, so a parameter may be missing.
        return self._shown(name, self._values.get(name, ""))

    def _shown(self, name: str, value: Any) -> str:
        if isinstance(value, dict):
            return self._describe(value)[0]
        if isinstance(value, list):
            return ", ".join(str(part) for part in value)
        if name in WORDS:
            return str(WORDS[name].get(value, value))

        if name.endswith("digest"):
            return str(value).rpartition(":")[2][:_SHORT_DIGEST]
        if name.endswith("_bytes"):
            return size(value)
        if name == "seconds":
            return waiting_time(value)
        if name.endswith(("_at", "_date")):
            return _point_in_time(value, is_date=name.endswith("_date"))
        return str(value)

    def _derived(self, name: str) -> str:
        values = self._values
        if name == "provider_advice":
            return advice_for(
                str(values.get("host", "")),
                self._provider_advice,
                repository=str(values.get("repository", "")),
                hint=str(values.get("quote", "")),
            )

        value = values.get(DERIVED[name])
        if not value:
            return ""
        if name == "says":
            return " " + _("It says: %(quote)s.") % {"quote": value}
        if name == "cause_advice":
            return self._describe(value)[1]
        if name == "no_listing_reason":
            return str(provider_named(value).no_listing_reason)
        return _(value) % {"part": values.get("part", "")}


def size(count: float) -> str:
    """Return a size such as 12.4 MiB; a whole number of its unit has no decimals."""
    value, unit = float(count), 0
    # Rounded first: 1023.96 KiB would otherwise be shown as 1,024.0 KiB.
    while round(value, 1) >= 1024 and unit < len(_UNITS) - 1:
        value /= 1024
        unit += 1
    value = round(value, 1)
    return f"{number_format(value, 0 if value.is_integer() else 1)} {_UNITS[unit]}"


def waiting_time(seconds: float) -> str:
    """Return a time such as 3 minutes, in its largest unit."""
    if seconds >= 86400:
        count = round(seconds / 86400)
        return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}
    if seconds >= 3600:
        count = round(seconds / 3600)
        return ngettext("%(count)d hour", "%(count)d hours", count) % {"count": count}
    if seconds >= 60:
        count = round(seconds / 60)
        return ngettext("%(count)d minute", "%(count)d minutes", count) % {"count": count}
    count = max(1, round(seconds))
    return ngettext("%(count)d second", "%(count)d seconds", count) % {"count": count}


def _point_in_time(text: str, *, is_date: bool) -> str:
    moment = datetime.fromisoformat(text)
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    if is_date:
        return date_format(local, "DATE_FORMAT")
    return f"{date_format(local, 'j F Y H:i')} {local.tzname() or ''}".strip()
