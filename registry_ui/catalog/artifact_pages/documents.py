"""Raw documents of an artifact, formatted for a page."""

import json
from dataclasses import dataclass

from django.utils.functional import Promise

from registry_ui.oci.untrusted_text import escape_invisible

_MAX_LENGTH = 100_000


@dataclass(frozen=True, slots=True)
class Document:
    """One raw document of an artifact; `kind` and `digest` are in its download's URL."""

    title: str | Promise
    kind: str
    digest: str
    raw: bytes

    @property
    def size(self) -> int:
        return len(self.raw)

    @property
    def text(self) -> str:
        return pretty(self.raw)


def pretty(raw: bytes) -> str:
    """Return the document indented and without invisible characters; empty if it is too long."""
    if len(raw) > _MAX_LENGTH:
        return ""

    # A document that is no JSON is shown as it is: the page exists to find such errors.
    text = raw.decode("utf-8", "replace")
    try:
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        pass
    # Indentation may multiply the length of a hostile document.
    return escape_invisible(text) if len(text) <= 3 * _MAX_LENGTH else ""
