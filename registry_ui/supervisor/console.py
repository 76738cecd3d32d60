"""What the programs print, line by line, each with its program's name."""

import os
import sys
from typing import TextIO

_COLOURS = ("36", "32", "35", "33", "34", "31")
_NAME_WIDTH = 10


class Console:
    """Writes to one stream. Colours only for a terminal, and not where NO_COLOR is set."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.coloured = self.stream.isatty() and not os.environ.get("NO_COLOR")
        self._colours: dict[str, str] = {}

    def line(self, name: str, text: str) -> None:
        self._write(f"{self._coloured(name.ljust(_NAME_WIDTH), name)} | {text}\n")

    def say(self, text: str) -> None:
        """A sentence of the supervisor's own."""
        self._write(f"{self._bold(text)}\n")

    def _coloured(self, text: str, name: str) -> str:
        if not self.coloured:
            return text
        colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
        return f"\x1b[{colour}m{text}\x1b[0m"

    def _bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self.coloured else text

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:
            # The reader of the output is gone; what it watched goes on.
            pass
