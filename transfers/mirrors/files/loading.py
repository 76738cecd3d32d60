"""A YAML file as plain texts, lists and objects, within bounds."""

from typing import Any

import yaml
from django.utils.translation import gettext as _
from yaml.events import AliasEvent

from registry_ui.oci.errors import OciError

LONGEST_FILE = 256 * 1024
_DEEPEST = 30


class InvalidFile(OciError):
    """No file of rules."""


class _Loader(yaml.BaseLoader):
    """Every scalar stays the text that it is: a tag 1.10 is no number, and 2026-01-31 no date. Aliases are refused: a few lines
    of them can stand for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases", problem_mark=self.peek_event().start_mark)
        return super().compose_node(parent, index)


def load(text: str) -> dict[str, Any]:
    """
    Raises:
        InvalidFile
    """
    if len(text) > LONGEST_FILE:
        raise InvalidFile(
            _("The file is longer than %(most)d KiB.") % {"most": LONGEST_FILE // 1024},
            advice=_("Split it."),
        )
    try:
        document = yaml.load(text, _Loader)  # noqa: S506  (BaseLoader makes texts, lists and objects only)
    except yaml.MarkedYAMLError as exc:
        raise _marked(exc) from exc
    except (yaml.YAMLError, RecursionError) as exc:
        raise InvalidFile(_("This is no YAML."), advice=_("Paste the whole file.")) from exc
    if not isinstance(document, dict) or _depth(document) > _DEEPEST:
        raise InvalidFile(
            _("This is no file of rules."),
            advice=_("regsync's, skopeo sync's and exported files are read."),
        )
    return document


def _marked(exc: yaml.MarkedYAMLError) -> InvalidFile:
    line = exc.problem_mark.line + 1 if exc.problem_mark is not None else 0
    if exc.problem == "aliases":
        return InvalidFile(
            _("Line %(line)d refers to an anchor.") % {"line": line},
            advice=_("Write out what it stands for."),
        )
    return InvalidFile(
        _("Line %(line)d is no YAML.") % {"line": line},
        advice=_("Look at its indentation and quotes."),
    )


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level and deepest <= _DEEPEST:
        deepest += 1
        level = [
            inner
            for each in level
            for inner in (
                each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
            )
        ]
    return deepest


def texts(value: Any) -> list[str]:
    """A list of texts; a single text is a list of one."""
    if isinstance(value, str):
        return [value] if value else []
    return [str(each) for each in value if isinstance(each, str)] if isinstance(value, list) else []


def objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def flag(value: Any, default: bool) -> bool:
    return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(
        str(value).lower(), default
    )


def number(value: Any, default: int) -> int:
    return (
        int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 10 else default
    )
