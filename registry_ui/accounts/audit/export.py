"""Export files of the audit log, written while they are sent."""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

from django.db.models import QuerySet

from ..models import AuditEvent

FIELDS = (
    "at",
    "action",
    "outcome",
    "actor_kind",
    "actor_name",
    "actor_key",
    "token_name",
    "address",
    "team_name",
    "object_kind",
    "object_name",
    "object_key",
    "credential_name",
    "credential_key",
    "details",
    "position",
    "hash",
)
# A spreadsheet reads a cell that begins with one of these as a formula (OWASP, "CSV Injection").
_FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\N{FULLWIDTH EQUALS SIGN}",
    "\N{FULLWIDTH PLUS SIGN}",
    "\N{FULLWIDTH COMMERCIAL AT}",
)


class _Line:
    """A file object whose `write` returns the text, as csv.writer needs to stream."""

    def write(self, text: str) -> str:
        return text


def as_csv(events: QuerySet[AuditEvent]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(FIELDS)
    for event in _stream(events):
        yield writer.writerow([_cell(value) for value in _values(event).values()])


def as_json_lines(events: QuerySet[AuditEvent]) -> Iterator[str]:
    for event in _stream(events):
        # One object a line, in UTF-8 (jsonlines.org).
        yield json.dumps(_values(event), ensure_ascii=False) + "\n"


FORMATS: dict[str, tuple[Callable[[QuerySet[AuditEvent]], Iterator[str]], str]] = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "jsonl": (as_json_lines, "application/jsonl; charset=utf-8"),
}


def _stream(events: QuerySet[AuditEvent]) -> Iterator[AuditEvent]:
    # Bounded memory, however long the log is.
    return events.iterator(chunk_size=1000)


def _values(event: AuditEvent) -> dict[str, Any]:
    values = {name: getattr(event, name) for name in FIELDS}
    # In UTC: the file must not depend on the time zone of the person who asks for it.
    return {**values, "at": event.at.astimezone(UTC).isoformat()}


def _cell(value: Any) -> str:
    """Return the value as text, with an apostrophe before a formula."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
