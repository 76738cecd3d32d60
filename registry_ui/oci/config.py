"""What a container of an image starts with: its config, read as one that a stranger wrote (image spec, "config")."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .history import exec_form
from .manifest import Platform

_MOST_ENTRIES = 500
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class ConfigFacts:
    """What a container of the image starts with."""

    platform: str = ""
    user: str = ""
    working_directory: str = ""
    entrypoint: str = ""
    command: str = ""
    stop_signal: str = ""
    author: str = ""
    environment: list[tuple[str, str]] = field(default_factory=list)
    labels: list[tuple[str, str]] = field(default_factory=list)
    ports: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)


def config_facts(config: Mapping[str, Any]) -> ConfigFacts:
    """What the document says, as far as it is of the kind that the spec wants; the rest is left out."""
    run = config.get("config")
    run = run if isinstance(run, dict) else {}
    platform = Platform.from_document(config)
    return ConfigFacts(
        platform=str(platform) if platform else "",
        user=_text(run.get("User")),
        working_directory=_text(run.get("WorkingDir")),
        entrypoint=exec_form(run.get("Entrypoint")),
        command=exec_form(run.get("Cmd")),
        stop_signal=_text(run.get("StopSignal")),
        author=_text(config.get("author")),
        environment=[_assignment(entry) for entry in _texts(run.get("Env"))],
        labels=_pairs(run.get("Labels")),
        ports=_texts(run.get("ExposedPorts")),
        volumes=_texts(run.get("Volumes")),
    )


def _assignment(text: str) -> tuple[str, str]:
    name, _equals, value = text.partition("=")
    return name, value


def _pairs(value: Any) -> list[tuple[str, str]]:
    entries = value.items() if isinstance(value, dict) else ()
    return sorted((_text(key), _text(text)) for key, text in entries if isinstance(text, str))[:_MOST_ENTRIES]


def _texts(value: Any) -> list[str]:
    """The texts of a list, or the keys of the object that the spec uses as a set."""
    return [_text(entry) for entry in value if isinstance(entry, str)][:_MOST_ENTRIES] if isinstance(value, list | dict) else []


def _text(value: Any) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""
