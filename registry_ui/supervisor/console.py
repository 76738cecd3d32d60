"""The supervisor's output: the programs' lines, each with the program's name."""

import os
import sys
from typing import TextIO

_COLORS = ("36", "32", "35", "33", "34", "31")
_NAME_WIDTH = 10


class Console:
    """A writer to one stream, with colors for a terminal.

    NO_COLOR turns the colors off (no-color.org).
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.colored = self.stream.isatty() and not os.environ.get("NO_COLOR")
        self._colors: dict[str, str] = {}

    def line(self, name: str, text: str) -> None:
        self._write(f"{self._colored(name.ljust(_NAME_WIDTH), name)} | {text}\n")

    def write_message(self, text: str) -> None:
        """Print a message of the supervisor."""
        self._write(f"{self._bold(text)}\n")

    def _colored(self, text: str, name: str) -> str:
        if not self.colored:
            return text
        color = self._colors.setdefault(name, _COLORS[len(self._colors) % len(_COLORS)])
        return f"\x1b[{color}m{text}\x1b[0m"

    def _bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self.colored else text

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:
            # The reader of the output has ended; the programs go on.
            pass
