"""Raw documents, as a page can show them."""

import json
from dataclasses import dataclass

from django.utils.functional import Promise

from registry_ui.oci.texts import inert

_LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class Document:
    """One raw document of an artifact. `kind` and `digest` are what its download is asked for by."""

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
    """The document indented, with nothing unseen in it; empty where it is too long for a page."""
    if len(raw) > _LONGEST:
        return ""
    text = raw.decode("utf-8", "replace")
    try:
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        pass
    return inert(text) if len(text) <= 3 * _LONGEST else ""
