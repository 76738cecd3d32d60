"""Differences between two configs and between two histories."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.image_config import ConfigFacts, Healthcheck
from registry_ui.web.quantities import duration

# The time is the product of both lengths: beyond this, all items count as changed.
_MAX_COMPARED = 400

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry of both sides; `change` is added, removed, changed or equal."""

    label: str | Promise
    key: str
    left: str
    right: str
    change: str


def differences_of(left: ConfigFacts, right: ConfigFacts) -> list[Difference]:
    """Return the entries of both sides, in the order of an image's page."""
    # Entries without a name, in the order of the page.
    single = [
        (_("User"), left.user, right.user),
        (_("Entrypoint"), left.entrypoint, right.entrypoint),
        (_("Command"), left.command, right.command),
        (_("Folder"), left.working_directory, right.working_directory),
        (_("Stop signal"), left.stop_signal, right.stop_signal),
        (
            _("Health check"),
            _healthcheck_text(left.healthcheck),
            _healthcheck_text(right.healthcheck),
        ),
        (_("Author"), left.author, right.author),
    ]

    differences = [
        _difference(label, "", one, other) for label, one, other in single if one or other
    ]
    differences += _compare_pairs(_("Environment"), left.environment, right.environment)
    differences += _compare_pairs(_("Port"), _as_pairs(left.ports), _as_pairs(right.ports))
    differences += _compare_pairs(_("Volume"), _as_pairs(left.volumes), _as_pairs(right.volumes))
    return differences + _compare_pairs(_("Label"), left.labels, right.labels)


def _as_pairs(entries: Iterable[str]) -> list[tuple[str, str]]:
    return [(entry, entry) for entry in entries]


def _compare_pairs(
    label: str | Promise, left: Sequence[tuple[str, str]], right: Sequence[tuple[str, str]]
) -> list[Difference]:
    # The last value of a name counts, as in a shell.
    before, after = dict(left), dict(right)
    names = dict.fromkeys((*before, *after))
    return [_difference(label, name, before.get(name), after.get(name)) for name in sorted(names)]


def _difference(label: str | Promise, key: str, left: str | None, right: str | None) -> Difference:
    return Difference(label, key, left or "", right or "", _change(left, right, is_named=bool(key)))


def _change(left: str | None, right: str | None, *, is_named: bool) -> str:
    if left == right:
        return "equal"

    # An environment variable may be set and empty; an entry without a name is then not set.
    is_set = [side is not None if is_named else bool(side) for side in (left, right)]
    if all(is_set):
        return "changed"
    return "removed" if is_set[0] else "added"


def _healthcheck_text(check: Healthcheck | None) -> str:
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
    parts = [check.command, *(f"{label} {duration(span)}" for label, span in spans if span)]
    if check.retries:
        parts.append(f"{_('retries')} {check.retries}")
    return " · ".join(part for part in parts if part)


def align(left: Sequence[_Item], right: Sequence[_Item]) -> list[tuple[_Item, str]]:
    """Merge both sequences into equal, removed (left only) and added (right only) items.

    The time is the product of the parts between the common start and the common end, whose lengths
    are bounded.
    """
    start = _common_length(left, right)
    # The common end must not overlap the common start.
    end = min(_common_length(left[::-1], right[::-1]), min(len(left), len(right)) - start)
    middle = _align_middle(left[start : len(left) - end], right[start : len(right) - end])
    ends = [(item, "equal") for item in left[len(left) - end :]] if end else []
    return [*((item, "equal") for item in left[:start]), *middle, *ends]


def _common_length(left: Sequence[_Item], right: Sequence[_Item]) -> int:
    return next(
        (
            index
            for index, (one, other) in enumerate(zip(left, right, strict=False))
            if one != other
        ),
        min(len(left), len(right)),
    )


def _align_middle(left: Sequence[_Item], right: Sequence[_Item]) -> list[tuple[_Item, str]]:
    """Align by the longest common subsequence."""
    if max(len(left), len(right)) > _MAX_COMPARED:
        return [*((item, "removed") for item in left), *((item, "added") for item in right)]

    # lengths[row][column] is the length for the items from that row and column on.
    lengths = [[0] * (len(right) + 1) for _row in range(len(left) + 1)]
    for row in range(len(left) - 1, -1, -1):
        for column in range(len(right) - 1, -1, -1):
            length_below, length_right = lengths[row + 1][column], lengths[row][column + 1]
            is_equal = left[row] == right[column]
            lengths[row][column] = (
                lengths[row + 1][column + 1] + 1 if is_equal else max(length_below, length_right)
            )

    aligned: list[tuple[_Item, str]] = []
    row = column = 0
    while row < len(left) and column < len(right):
        if left[row] == right[column]:
            aligned.append((left[row], "equal"))
            row, column = row + 1, column + 1
        # Removed items come before added ones, as in a diff.
        elif lengths[row + 1][column] >= lengths[row][column + 1]:
            aligned.append((left[row], "removed"))
            row += 1
        else:
            aligned.append((right[column], "added"))
            column += 1
    return [
        *aligned,
        *((item, "removed") for item in left[row:]),
        *((item, "added") for item in right[column:]),
    ]
