"""An image's history as the Dockerfile read that made it (image spec, "config", `history`)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .texts import LONGEST, Reader, inert

# docker's classic builder wraps what is no command in `#(nop)`, and puts the build arguments before the shell.
_NOP = re.compile(r"^/bin/sh -c #\(nop\)\s+")
_SHELL = re.compile(
    r"^(?:\|\d+ (?P<arguments>.*?) )?/bin/(?:a|ba|da)?sh (?:-(?!\w*c )\w+ (?:\w+ )?)*-\w*c ",
    re.DOTALL,
)
_BUILDKIT = "# buildkit"
_INSTRUCTION = re.compile(
    r"^(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\b"
)
_MOST_LINES = 500


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One instruction. `layer` is the number, from 0, of the layer that it made; None where it made none."""

    instruction: str
    arguments: str
    layer: int | None
    comment: str = ""


def history_of(config: Mapping[str, Any], layers: int) -> list[HistoryLine]:
    """The lines, oldest first, at most 500; empty where the config has none.

    Args:
        layers: how many the manifest has. A history that claims more is believed only so far.
    """
    entries = config.get("history")
    lines: list[HistoryLine] = []
    reader = Reader()
    number = 0
    for entry in entries if isinstance(entries, list) else []:
        if len(lines) == _MOST_LINES:
            break
        if not isinstance(entry, dict):
            continue
        layer = None
        if not entry.get("empty_layer") and number < layers:
            layer = number
            number += 1
        instruction, arguments = parse_command(reader.text(entry.get("created_by")))
        lines.append(HistoryLine(instruction, arguments, layer, reader.text(entry.get("comment"))))
    return lines


def parse_command(text: str) -> tuple[str, str]:
    """Instruction and arguments; an empty instruction where the text is none that a Dockerfile has."""
    text = text.strip().removesuffix(_BUILDKIT).rstrip()
    if match := _NOP.match(text):
        return _split(text[match.end() :])
    prefix, rest = ("", text) if not text.startswith("RUN ") else ("RUN", text[4:].strip())
    if match := _SHELL.match(rest):
        arguments = match["arguments"]
        command = rest[match.end() :].strip()
        return "RUN", f"{command}\n# {arguments}" if arguments else command
    return (prefix, rest) if prefix else _split(text)


def _split(text: str) -> tuple[str, str]:
    text = text.strip()
    match = _INSTRUCTION.match(text)
    if match is None:
        return "", text
    return match[1], text[match.end() :].strip()


def exec_form(value: Any) -> str:
    """A command as a Dockerfile writes it: `["nginx", "-g", "daemon off;"]`."""
    if isinstance(value, str):
        return inert(value[:LONGEST])
    words = [word for word in value if isinstance(word, str)] if isinstance(value, list) else []
    return inert(json.dumps(words, ensure_ascii=False)[:LONGEST]) if words else ""
