"""Our own format, as exporting.py writes it."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from .entry import Entry
from .exporting import COLUMNS, LOCAL_TARGET, VERSION
from .loading import flag, number, objects, texts

_FLAGS = {"referrers": True, "delete_extras": False, "verify": True}
_NUMBERS = {"delete_cap": 10, "jitter_seconds": 0}
_LISTS = ("repositories", "platforms")
_KNOWN = {*COLUMNS, "name", "source", "target", "source_login", "target_login"}


def is_own(document: dict[str, Any]) -> bool:
    return VERSION in document and isinstance(document.get("mirrors"), list)


def read(document: dict[str, Any]) -> Iterator[Entry]:
    for each in objects(document["mirrors"]):
        target = str(each.get("target", ""))
        entry = Entry(
            name=str(each.get("name", "")),
            source=str(each.get("source", "")),
            target="" if target == LOCAL_TARGET else target,
            source_login=str(each.get("source_login", "")),
            target_login=str(each.get("target_login", "")),
            values={name: _value(name, each[name]) for name in COLUMNS if name in each},
        )
        for name in sorted(set(each) - _KNOWN):
            entry.remarks.append(_("%(name)s is not carried over.") % {"name": name})
        yield entry


def _value(name: str, value: Any) -> Any:
    """Texts of the file as the model's kinds."""
    if name in _FLAGS:
        return flag(value, _FLAGS[name])
    if name in _NUMBERS:
        return number(value, _NUMBERS[name])
    if name in _LISTS:
        return texts(value)
    if name == "naming" and isinstance(value, dict):
        return {key: number(each, 0) if key == "levels" else each for key, each in value.items()}
    if name == "selection" and isinstance(value, dict):
        kinds: dict[str, Any] = {
            "newest": lambda each: number(each, 0),
            "prereleases": lambda each: flag(each, True),
        }
        return {key: kinds.get(key, lambda each: each)(each) for key, each in value.items()}
    return value if isinstance(value, str) else ""
