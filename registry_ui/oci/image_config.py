"""The run settings in an image's config, read as untrusted text (image spec, "config")."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .image_history import exec_form
from .manifest import Platform
from .untrusted_text import LONGEST, TextReader, escape_invisible

_NANOSECONDS = 1_000_000_000

# A document may claim any number; above these it is not a setting that anyone meant.
_LONGEST_SPAN = 10**18
_MOST_RETRIES = 10**6


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """An image's health check (docker's image spec 1.2, "Healthcheck").

    Times are seconds. 0 stands for the engine's default, for `retries` too.
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
    """The settings that a container of the image starts with.

    Args:
        is_cut: the document holds more than fits the limits.
    """

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
    """Return the settings of a config, without members of the wrong type."""
    # A config of an artifact may be any JSON, so every level is checked.
    run = config.get("config")
    run = run if isinstance(run, dict) else {}

    platform = Platform.from_document(config)
    reader = TextReader()

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
    """Return the health check; None where the image has none.

    An empty test inherits the base image's, and a finished image has no base.
    """
    test = value.get("Test") if isinstance(value, dict) else None
    arguments = [word for word in test if isinstance(word, str)] if isinstance(test, list) else []
    if not arguments:
        return None

    if arguments[0] == "NONE":
        return Healthcheck(is_disabled=True)

    retries = value.get("Retries")
    return Healthcheck(
        command=_command(arguments),
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


def _command(arguments: list[str]) -> str:
    # docker's image spec 1.2: the first element says how the rest is run.
    if arguments[0] == "CMD-SHELL":
        return escape_invisible(" ".join(arguments[1:])[:LONGEST])
    return exec_form(arguments[1:] if arguments[0] == "CMD" else arguments)


def _seconds(value: Any) -> float:
    """Convert the document's nanoseconds."""
    # A Boolean is an integer in Python, and JSON's true is no time.
    is_span = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LONGEST_SPAN
    return value / _NANOSECONDS if is_span else 0
