"""An engine's images as listed: one entry per image id, with its names and containers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference

from .client import Engine

_NO_NAME = "<none>"


@dataclass(frozen=True, slots=True)
class Container:
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class EngineImage:
    """One image id of an engine.

    Attributes:
        names: its references with a tag.
        digests: its digests on registries, as `repository@sha256:…`.
    """

    image_id: str
    names: list[Reference]
    digests: list[str]
    size: int
    created_at: datetime | None
    containers: list[Container] = field(default_factory=list)

    @property
    def running(self) -> int:
        return sum(container.state == "running" for container in self.containers)

    @property
    def title(self) -> str:
        """A name for headings and buttons; the short id where it has none."""
        return self.names[0].familiar if self.names else self.image_id.partition(":")[2][:12]

    @property
    def handle(self) -> str:
        """The name or id that identifies it in calls to the engine."""
        return str(self.names[0]) if self.names else self.image_id

    def matches(self, terms: Sequence[str]) -> bool:
        text = " ".join(
            [self.image_id, *self.digests, *(f"{name} {name.familiar}" for name in self.names)]
        ).casefold()
        return all(term in text for term in terms)


def list_engine_images(engine: Engine) -> list[EngineImage]:
    """Return the engine's images, newest first.

    Raises:
        EngineFailed
    """
    containers = _containers(engine)
    images = [_image(document, containers) for document in engine.images()]
    return sorted(
        images, key=lambda image: image.created_at or datetime.min.replace(tzinfo=UTC), reverse=True
    )


def get_engine_image(engine: Engine, image_id: str) -> EngineImage:
    """Return one image of the engine.

    Raises:
        EngineImageUnknown, EngineFailed
    """
    document = engine.inspect(image_id)
    return _image(document, _containers(engine))


def _image(document: dict[str, Any], containers: dict[str, list[Container]]) -> EngineImage:
    image_id = str(document.get("Id") or document.get("ID") or "")

    # Podman leaves out the algorithm in some answers.
    image_id = image_id if ":" in image_id else f"sha256:{image_id}"
    return EngineImage(
        image_id=image_id,
        names=sorted(
            (name for text in document.get("RepoTags") or [] if (name := _name(text))), key=str
        ),
        digests=[
            str(text)
            for text in document.get("RepoDigests") or []
            if not str(text).startswith(_NO_NAME)
        ],
        size=int(document.get("Size") or 0),
        created_at=_timestamp(document.get("Created")),
        containers=containers.get(image_id, []),
    )


def _containers(engine: Engine) -> dict[str, list[Container]]:
    """Return the engine's containers, by image id."""
    containers: dict[str, list[Container]] = defaultdict(list)
    for document in engine.containers():
        image_id = str(document.get("ImageID") or "")

        # The engine writes container names with a leading slash.
        names = [str(name).lstrip("/") for name in document.get("Names") or []]
        container = Container(
            names[0] if names else str(document.get("Id") or "")[:12],
            str(document.get("State") or ""),
        )
        containers[image_id if ":" in image_id else f"sha256:{image_id}"].append(container)
    return containers


def _name(text: Any) -> Reference | None:
    """Return a tagged reference; None without a tag, and for an invalid name."""
    # docker writes `<none>:<none>` for an image without a tag.
    if _NO_NAME in str(text):
        return None
    try:
        return Reference.parse(str(text))
    except OciError:
        return None


def _timestamp(value: Any) -> datetime | None:
    """Return the time of a list (seconds) or of an inspection (RFC 3339).

    None before 1971: engines give the year 1 or 1970 to an image without a time.
    """
    try:
        timestamp = (
            datetime.fromtimestamp(value, UTC)
            if isinstance(value, int)
            else datetime.fromisoformat(str(value)[:19]).replace(tzinfo=UTC)
        )
    except (ValueError, OverflowError, OSError):
        return None
    return timestamp if timestamp.year > 1970 else None
