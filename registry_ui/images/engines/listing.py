"""An engine's images as its page shows them: one entry an image id, with its names and the containers that need it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference

from .calls import Engine

_NAMELESS = "<none>"


@dataclass(frozen=True, slots=True)
class Container:
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class EngineImage:
    """One image id. `names` are those with a tag, `digests` what registries call it: `repository@sha256:…`."""

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
        """What the engine is told when it is meant: a name, or its id."""
        return str(self.names[0]) if self.names else self.image_id

    def matches(self, words: Sequence[str]) -> bool:
        text = " ".join(
            [self.image_id, *self.digests, *(f"{name} {name.familiar}" for name in self.names)]
        ).casefold()
        return all(word in text for word in words)


def images_of_engine(engine: Engine) -> list[EngineImage]:
    """The newest first.

    Raises:
        EngineFailed
    """
    containers = _containers(engine)
    images = [_image(document, containers) for document in engine.images()]
    return sorted(
        images, key=lambda image: image.created_at or datetime.min.replace(tzinfo=UTC), reverse=True
    )


def image_of_engine(engine: Engine, image_id: str) -> EngineImage:
    """
    Raises:
        EngineImageUnknown, EngineFailed
    """
    document = engine.inspect(image_id)
    return _image(document, _containers(engine))


def _image(document: dict[str, Any], containers: dict[str, list[Container]]) -> EngineImage:
    image_id = str(document.get("Id") or document.get("ID") or "")
    image_id = image_id if ":" in image_id else f"sha256:{image_id}"
    return EngineImage(
        image_id=image_id,
        names=sorted(
            (name for text in document.get("RepoTags") or [] if (name := _name(text))), key=str
        ),
        digests=[
            str(text)
            for text in document.get("RepoDigests") or []
            if not str(text).startswith(_NAMELESS)
        ],
        size=int(document.get("Size") or 0),
        created_at=_moment(document.get("Created")),
        containers=containers.get(image_id, []),
    )


def _containers(engine: Engine) -> dict[str, list[Container]]:
    """By the id of the image that they were made from."""
    found: dict[str, list[Container]] = defaultdict(list)
    for document in engine.containers():
        image_id = str(document.get("ImageID") or "")
        names = [str(name).lstrip("/") for name in document.get("Names") or []]
        container = Container(
            names[0] if names else str(document.get("Id") or "")[:12],
            str(document.get("State") or ""),
        )
        found[image_id if ":" in image_id else f"sha256:{image_id}"].append(container)
    return found


def _name(text: Any) -> Reference | None:
    """None for what has no tag, and for a name that no registry would take."""
    if _NAMELESS in str(text):
        return None
    try:
        return Reference.parse(str(text))
    except OciError:
        return None


def _moment(value: Any) -> datetime | None:
    """Seconds in lists, a text of RFC 3339 in what is inspected; nothing where it is before 1971, which means “never said”."""
    try:
        moment = (
            datetime.fromtimestamp(value, UTC)
            if isinstance(value, int)
            else datetime.fromisoformat(str(value)[:19]).replace(tzinfo=UTC)
        )
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.year > 1970 else None
