"""What a container of an image starts with: its config, read as one that a stranger wrote (image spec, "config")."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .history import exec_form
from .manifest import Platform
from .texts import LONGEST, Reader, inert

_NANOSECONDS = 1_000_000_000
_LONGEST_SPAN = 10**18
_MOST_RETRIES = 10**6


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """How an engine asks a container whether it works (docker's image spec 1.2, "Healthcheck").

    Spans are seconds; 0 takes the engine's own, and so for `retries`.
    """

    command: str = ""
    interval: float = 0
    timeout: float = 0
    start_period: float = 0
    start_interval: float = 0
    retries: int = 0
    is_disabled: bool = False


@dataclass(frozen=True, slots=True)
class ConfigFacts:
    """What a container of the image starts with. `is_cut` says that the document says more than stands here."""

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
    healthcheck: Healthcheck | None = None
    is_cut: bool = False


def config_facts(config: Mapping[str, Any]) -> ConfigFacts:
    """What the document says, as far as it is of the kind that the spec wants; the rest is left out."""
    run = config.get("config")
    run = run if isinstance(run, dict) else {}
    platform = Platform.from_document(config)
    reader = Reader()
    facts = ConfigFacts(
        platform=str(platform) if platform else "",
        user=reader.text(run.get("User")),
        working_directory=reader.text(run.get("WorkingDir")),
        entrypoint=exec_form(run.get("Entrypoint")),
        command=exec_form(run.get("Cmd")),
        stop_signal=reader.text(run.get("StopSignal")),
        author=reader.text(config.get("author")),
        ports=reader.texts(run.get("ExposedPorts")),
        volumes=reader.texts(run.get("Volumes")),
        environment=[_assignment(entry) for entry in reader.texts(run.get("Env"))],
        labels=reader.pairs(run.get("Labels")),
        healthcheck=_healthcheck(run.get("Healthcheck")),
    )
    return replace(facts, is_cut=reader.is_cut)


def _assignment(text: str) -> tuple[str, str]:
    name, _equals, value = text.partition("=")
    return name, value


def _healthcheck(value: Any) -> Healthcheck | None:
    """None where the image has none: an empty test takes the base image's, and the base image has none by then."""
    test = value.get("Test") if isinstance(value, dict) else None
    words = [word for word in test if isinstance(word, str)] if isinstance(test, list) else []
    if not words:
        return None
    if words[0] == "NONE":
        return Healthcheck(is_disabled=True)
    retries = value.get("Retries")
    return Healthcheck(
        command=_command(words),
        interval=_seconds(value.get("Interval")),
        timeout=_seconds(value.get("Timeout")),
        start_period=_seconds(value.get("StartPeriod")),
        start_interval=_seconds(value.get("StartInterval")),
        retries=retries
        if isinstance(retries, int)
        and not isinstance(retries, bool)
        and 0 < retries <= _MOST_RETRIES
        else 0,
    )


def _command(words: list[str]) -> str:
    if words[0] == "CMD-SHELL":
        return inert(" ".join(words[1:])[:LONGEST])
    return exec_form(words[1:] if words[0] == "CMD" else words)


def _seconds(value: Any) -> float:
    """From the document's nanoseconds."""
    is_span = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LONGEST_SPAN
    return value / _NANOSECONDS if is_span else 0
