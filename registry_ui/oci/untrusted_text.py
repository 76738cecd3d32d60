"""Untrusted texts of configs, annotations and labels, made safe to show on a page."""

import re
from typing import Any

LONGEST = 4000

# Real images have up to a few dozen labels; these bound the page, not the images.
_MOST_ENTRIES = 500
_MOST_CHARACTERS = 400_000

# Control characters except tab and line feed, marks that turn the direction of the text after them
# ("Trojan Source", CVE-2021-42574), and lone surrogates.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def escape_invisible(text: str) -> str:
    """Return the text with invisible characters written out (`\\u202e`), so that they are seen."""
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text.replace("\r\n", "\n"))


class TextReader:
    """A reader of the texts of one document within limits.

    `is_cut` is true once something was left out: 4,000 characters of one text, 500 entries of one
    list, 400,000 characters of the document.
    """

    def __init__(self) -> None:
        self.is_cut = False
        self._characters_left = _MOST_CHARACTERS

    def text(self, value: Any) -> str:
        """Return one text; empty for any other type."""
        if not isinstance(value, str):
            return ""
        limit = min(LONGEST, self._characters_left)
        if len(value) > limit:
            self.is_cut = True
            value = f"{value[:limit]}…"
        self._characters_left -= min(len(value), limit)
        return escape_invisible(value)

    def texts(self, value: Any) -> list[str]:
        """Return the texts of a list, or the keys of an object that the spec uses as a set."""
        # Image spec, "config": ports and volumes are objects whose values are empty.
        entries = value if isinstance(value, list | dict) else ()
        return [
            self.text(entry)
            for entry in self._first([entry for entry in entries if isinstance(entry, str)])
        ]

    def pairs(self, value: Any) -> list[tuple[str, str]]:
        """Return the names and texts of an object, sorted."""
        entries = value.items() if isinstance(value, dict) else ()
        texts = sorted(
            (key, text) for key, text in entries if isinstance(key, str) and isinstance(text, str)
        )
        return [(self.text(key), self.text(text)) for key, text in self._first(texts)]

    def _first(self, entries: list[Any]) -> list[Any]:
        if len(entries) > _MOST_ENTRIES:
            self.is_cut = True
        return entries[:_MOST_ENTRIES]
