"""YAML files as plain texts, lists and objects, limited in size and depth."""

from typing import Any

import yaml
from yaml.events import AliasEvent

from registry_ui.oci.errors import OciError

MAX_FILE_LENGTH = 256 * 1024
_MAX_DEPTH = 30


class InvalidFile(OciError):
    """A file that is no YAML, too large, or of no known format."""


class _Loader(yaml.BaseLoader):
    """A YAML loader that keeps every scalar as text and refuses aliases.

    A tag 1.10 is no number, and 2026-01-31 no date. A few lines of aliases can expand to
    gigabytes.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]  # no types in types-PyYAML
            raise yaml.MarkedYAMLError(problem="aliases", problem_mark=event.start_mark)
        return super().compose_node(parent, index)


def load(text: str) -> dict[str, Any]:
    """Return the document of a YAML text.

    Raises:
        InvalidFile
    """
    if len(text) > MAX_FILE_LENGTH:
        raise InvalidFile("yaml_too_long", limit_bytes=MAX_FILE_LENGTH)

    try:
        # Reading is bounded, because YAML can expand small input to huge documents.
        document = yaml.load(text, _Loader)  # noqa: S506  (BaseLoader makes texts, lists and objects only)
    except yaml.MarkedYAMLError as exc:
        raise _error_at_line(exc) from exc
    except (yaml.YAMLError, RecursionError) as exc:
        raise InvalidFile("yaml_invalid") from exc

    if not isinstance(document, dict) or _nesting_depth(document) > _MAX_DEPTH:
        raise InvalidFile("file_without_rules")

    return document


def _error_at_line(exc: yaml.MarkedYAMLError) -> InvalidFile:
    line = exc.problem_mark.line + 1 if exc.problem_mark is not None else 0
    if exc.problem == "aliases":
        return InvalidFile("yaml_anchor", line=line)
    return InvalidFile("yaml_line_invalid", line=line)


def _nesting_depth(value: Any) -> int:
    depth, level = 0, [value]

    # Breadth first and without recursion, so a deep document cannot exhaust the stack.
    while level and depth <= _MAX_DEPTH:
        depth += 1
        level = [
            inner
            for item in level
            for inner in (
                item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
            )
        ]

    return depth


def texts(value: Any) -> list[str]:
    """Return the texts of a list; a single text counts as a list of one."""
    if isinstance(value, str):
        return [value] if value else []
    return [str(item) for item in value if isinstance(item, str)] if isinstance(value, list) else []


def objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def flag(value: Any, default: bool) -> bool:
    return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(
        str(value).lower(), default
    )


def number(value: Any, default: int) -> int:
    return (
        int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 10 else default
    )
