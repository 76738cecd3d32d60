"""What strangers write into configs, annotations and labels, as it may stand on a page: bounded, and with nothing unseen in it."""

import re
from typing import Any

LONGEST = 4000
_MOST_ENTRIES = 500
_MOST_CHARACTERS = 400_000

# Control characters but tab and line end, marks that turn the direction of the text after them, halves of characters.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def inert(text: str) -> str:
    """The text with its unseen characters written out (`\\u202e`), so that it reads as what it is."""
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text.replace("\r\n", "\n"))


class Reader:
    """Reads texts out of one document until they are too many; `is_cut` says that something was left out."""

    def __init__(self) -> None:
        self.is_cut = False
        self._left = _MOST_CHARACTERS

    def text(self, value: Any) -> str:
        """Empty for what is no text."""
        if not isinstance(value, str):
            return ""
        room = min(LONGEST, self._left)
        if len(value) > room:
            self.is_cut = True
            value = f"{value[:room]}…"
        self._left -= min(len(value), room)
        return inert(value)

    def texts(self, value: Any) -> list[str]:
        """The texts of a list, or the keys of the object that the spec uses as a set."""
        entries = value if isinstance(value, list | dict) else ()
        return [
            self.text(entry)
            for entry in self._first([entry for entry in entries if isinstance(entry, str)])
        ]

    def pairs(self, value: Any) -> list[tuple[str, str]]:
        """The names and texts of an object, sorted."""
        entries = value.items() if isinstance(value, dict) else ()
        found = sorted(
            (key, text) for key, text in entries if isinstance(key, str) and isinstance(text, str)
        )
        return [(self.text(key), self.text(text)) for key, text in self._first(found)]

    def _first(self, entries: list[Any]) -> list[Any]:
        if len(entries) > _MOST_ENTRIES:
            self.is_cut = True
        return entries[:_MOST_ENTRIES]
