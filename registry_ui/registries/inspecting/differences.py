"""What differs between two configs and two histories."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.config import ConfigFacts, Healthcheck
from registry_ui.web.quantities import duration

# Beyond so many lines in the middle, each side is shown whole: comparing takes the product of both.
_MOST_COMPARED = 400

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry on both sides; `change` is added, removed, changed or equal, read from left to right."""

    label: str | Promise
    key: str
    left: str
    right: str
    change: str


@dataclass(frozen=True, slots=True)
class HistoryDifference:
    """One line of either history or of both: `change` is added, removed or equal."""

    text: str
    change: str


def differences_of(left: ConfigFacts, right: ConfigFacts) -> list[Difference]:
    """Every entry that either side has, in the order of an image's page."""
    single = [
        (_("User"), left.user, right.user),
        (_("Entrypoint"), left.entrypoint, right.entrypoint),
        (_("Command"), left.command, right.command),
        (_("Folder"), left.working_directory, right.working_directory),
        (_("Stop signal"), left.stop_signal, right.stop_signal),
        (_("Health check"), _in_words(left.healthcheck), _in_words(right.healthcheck)),
        (_("Author"), left.author, right.author),
    ]
    found = [_difference(label, "", one, other) for label, one, other in single if one or other]
    found += _of_pairs(_("Environment"), left.environment, right.environment)
    found += _of_pairs(_("Port"), _as_pairs(left.ports), _as_pairs(right.ports))
    found += _of_pairs(_("Volume"), _as_pairs(left.volumes), _as_pairs(right.volumes))
    return found + _of_pairs(_("Label"), left.labels, right.labels)


def _as_pairs(entries: Iterable[str]) -> list[tuple[str, str]]:
    return [(entry, entry) for entry in entries]


def _of_pairs(
    label: str | Promise, left: Sequence[tuple[str, str]], right: Sequence[tuple[str, str]]
) -> list[Difference]:
    """By name; a name that stands there twice means its last value, as to a shell."""
    before, after = dict(left), dict(right)
    names = dict.fromkeys((*before, *after))
    return [_difference(label, name, before.get(name), after.get(name)) for name in sorted(names)]


def _difference(label: str | Promise, key: str, left: str | None, right: str | None) -> Difference:
    return Difference(label, key, left or "", right or "", _change(left, right, is_named=bool(key)))


def _change(left: str | None, right: str | None, *, is_named: bool) -> str:
    """An entry with a name may be there and empty; one without is there when it says something."""
    if left == right:
        return "equal"
    is_there = [side is not None if is_named else bool(side) for side in (left, right)]
    if all(is_there):
        return "changed"
    return "removed" if is_there[0] else "added"


def _in_words(check: Healthcheck | None) -> str:
    if check is None:
        return ""
    if check.is_disabled:
        return str(_("switched off"))
    spans = [
        (_("every"), check.interval),
        (_("time limit"), check.timeout),
        (_("after a start of"), check.start_period),
        (_("while starting every"), check.start_interval),
    ]
    parts = [check.command, *(f"{word} {duration(span)}" for word, span in spans if span)]
    if check.retries:
        parts.append(f"{_('retries')} {check.retries}")
    return " · ".join(part for part in parts if part)


def align(left: Sequence[_Item], right: Sequence[_Item]) -> list[tuple[_Item, str]]:
    """Both sequences as one: equal, removed (left only) and added (right only) items, in order.

    Takes time for the product of the parts between a common start and a common end, which is bounded.
    """
    start = _common(left, right)
    end = min(_common(left[::-1], right[::-1]), min(len(left), len(right)) - start)
    middle = _align_middle(left[start : len(left) - end], right[start : len(right) - end])
    ends = [(item, "equal") for item in left[len(left) - end :]] if end else []
    return [*((item, "equal") for item in left[:start]), *middle, *ends]


def _common(left: Sequence[_Item], right: Sequence[_Item]) -> int:
    return next(
        (
            index
            for index, (one, other) in enumerate(zip(left, right, strict=False))
            if one != other
        ),
        min(len(left), len(right)),
    )


def _align_middle(left: Sequence[_Item], right: Sequence[_Item]) -> list[tuple[_Item, str]]:
    """By the longest common subsequence."""
    if max(len(left), len(right)) > _MOST_COMPARED:
        return [*((item, "removed") for item in left), *((item, "added") for item in right)]
    lengths = [[0] * (len(right) + 1) for _row in range(len(left) + 1)]
    for row in range(len(left) - 1, -1, -1):
        for column in range(len(right) - 1, -1, -1):
            below, beside = lengths[row + 1][column], lengths[row][column + 1]
            is_equal = left[row] == right[column]
            lengths[row][column] = (
                lengths[row + 1][column + 1] + 1 if is_equal else max(below, beside)
            )
    found: list[tuple[_Item, str]] = []
    row = column = 0
    while row < len(left) and column < len(right):
        if left[row] == right[column]:
            found.append((left[row], "equal"))
            row, column = row + 1, column + 1
        elif lengths[row + 1][column] >= lengths[row][column + 1]:
            found.append((left[row], "removed"))
            row += 1
        else:
            found.append((right[column], "added"))
            column += 1
    return [
        *found,
        *((item, "removed") for item in left[row:]),
        *((item, "added") for item in right[column:]),
    ]
