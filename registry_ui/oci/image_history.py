"""An image's history as the lines of its Dockerfile (image spec, "config", `history`)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .untrusted_text import LONGEST, TextReader, escape_invisible

# docker's classic builder marks every instruction but RUN with `#(nop)`, and puts the build
# arguments in front of the shell.
_NOP = re.compile(r"^/bin/sh -c #\(nop\)\s+")

# The flags end with one that contains c, such as -c or -ec.
_SHELL = re.compile(
    r"^(?:\|\d+ (?P<arguments>.*?) )?/bin/(?:a|ba|da)?sh (?:-(?!\w*c )\w+ (?:\w+ )?)*-\w*c ",
    re.DOTALL,
)
_BUILDKIT = "# buildkit"
_INSTRUCTION = re.compile(
    r"^(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN"
    r"|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\b"
)
_MOST_LINES = 500


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One instruction of a Dockerfile.

    Args:
        layer: the number, from 0, of the layer that it made; None where it made none.
    """

    instruction: str
    arguments: str
    layer: int | None
    comment: str = ""


def history_of(config: Mapping[str, Any], layers: int) -> list[HistoryLine]:
    """Return the lines, oldest first, at most 500; empty where the config has none.

    Args:
        layers: the number of layers in the manifest. A history that claims more gets no more.
    """
    entries = config.get("history")
    lines: list[HistoryLine] = []
    reader = TextReader()
    number = 0

    for entry in entries if isinstance(entries, list) else []:
        if len(lines) == _MOST_LINES:
            break
        if not isinstance(entry, dict):
            continue
        layer = None
        # Entries without a layer (ENV, CMD) are marked; the others pair with layers in order.
        if not entry.get("empty_layer") and number < layers:
            layer = number
            number += 1

        instruction, arguments = parse_command(reader.text(entry.get("created_by")))
        lines.append(HistoryLine(instruction, arguments, layer, reader.text(entry.get("comment"))))
    return lines


def parse_command(text: str) -> tuple[str, str]:
    """Return instruction and arguments; an empty instruction where the text has none."""
    text = text.strip().removesuffix(_BUILDKIT).rstrip()
    if match := _NOP.match(text):
        return _split(text[match.end() :])
    # BuildKit writes the instruction in front of the shell.
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
    """Return a command in a Dockerfile's form: `["nginx", "-g", "daemon off;"]`."""
    if isinstance(value, str):
        return escape_invisible(value[:LONGEST])
    entries = value if isinstance(value, list) else ()
    arguments = [entry for entry in entries if isinstance(entry, str)]
    return (
        escape_invisible(json.dumps(arguments, ensure_ascii=False)[:LONGEST]) if arguments else ""
    )
