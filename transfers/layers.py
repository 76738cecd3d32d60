"""What a row's progress says of its layers, in docker's words: shared by the pages and the command line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from .models import Kind, State, Transfer

PICTURE_WIDTH = 1000
_NARROWEST = 5
_GAP = 2


@dataclass(frozen=True, slots=True)
class Layer:
    """One blob of a transfer: `offset` of `size` bytes have passed."""

    digest: str
    kind: str
    platform: str
    size: int
    offset: int
    state: str
    word: str

    @property
    def short(self) -> str:
        return self.digest.partition(":")[2][:12]

    @property
    def is_config(self) -> bool:
        return self.kind == "config"

    @property
    def is_moving(self) -> bool:
        return self.state == "moving"

    @property
    def is_reused(self) -> bool:
        """Nothing had to be sent: it was there, or was mounted from a neighbour."""
        return self.state in ("exists", "mounted")

    @property
    def is_there(self) -> bool:
        return self.is_reused or self.state in ("done", "unpacking")

    @property
    def shows_bar(self) -> bool:
        return self.is_moving or (self.state == "failed" and self.offset > 0)


@dataclass(frozen=True, slots=True)
class LayerGroup:
    """The layers of one platform, where an index brings several."""

    platform: str
    layers: Sequence[Layer]

    @property
    def there(self) -> int:
        return sum(layer.is_there for layer in self.layers)

    @property
    def size(self) -> int:
        return sum(layer.size for layer in self.layers)


@dataclass(frozen=True, slots=True)
class Segment:
    """One layer's place in the picture of the image; all in units of which the picture has `PICTURE_WIDTH`."""

    layer: Layer
    x: float
    width: float

    @property
    def inner(self) -> float:
        """The width without the gap to the next segment."""
        return round(max(self.width - _GAP, self.width / 2), 2)

    @property
    def filled(self) -> float:
        if self.layer.is_there:
            return self.inner
        return (
            round(self.inner * self.layer.offset / self.layer.size, 2) if self.layer.size else 0.0
        )


def layers_of(transfer: Transfer) -> list[Layer]:
    return [_layer(transfer, document) for document in transfer.progress.get("layers") or []]


def grouped(layers: Iterable[Layer]) -> list[LayerGroup]:
    """By platform, in the order of their appearance; configs after the layers that they describe."""
    platforms: dict[str, list[Layer]] = {}
    for layer in layers:
        platforms.setdefault(layer.platform, []).append(layer)
    return [
        LayerGroup(platform, sorted(members, key=lambda layer: layer.is_config))
        for platform, members in platforms.items()
    ]


def picture(layers: Sequence[Layer]) -> list[Segment]:
    """The image as one bar: a segment a layer, as wide as its share of the bytes, yet never too narrow to be seen."""
    if not layers:
        return []
    total = sum(layer.size for layer in layers) or 1
    narrowest = min(_NARROWEST, PICTURE_WIDTH / len(layers))
    widths = [max(layer.size / total * PICTURE_WIDTH, narrowest) for layer in layers]
    scale = PICTURE_WIDTH / sum(widths)
    segments, x = [], 0.0
    for layer, width in zip(layers, widths, strict=True):
        segments.append(Segment(layer, round(x, 2), round(width * scale, 2)))
        x += width * scale
    return segments


def _layer(transfer: Transfer, document: dict[str, Any]) -> Layer:
    state = str(document["state"])
    return Layer(
        digest=str(document["digest"]),
        kind=str(document.get("kind", "layer")),
        platform=str(document.get("platform", "")),
        size=int(document["size"]),
        offset=int(document["offset"]),
        state=state,
        word=_word(transfer, state, str(document.get("from", ""))),
    )


def _word(transfer: Transfer, state: str, origin: str) -> str:
    if state == "waiting":
        return _("Not started") if transfer.is_terminal else _("Waiting")
    if state == "failed":
        return _("Interrupted") if transfer.state == State.CANCELLED else _("Failed")
    if state == "unpacking":
        return _("Unpacking")
    if transfer.kind in (Kind.LOAD, Kind.SAVE):
        return {"exists": _("Already exists"), "moving": _("Copying"), "done": _("Copied")}.get(
            state, state
        )
    if transfer.kind == Kind.PULL:
        return {
            "exists": _("Already exists"),
            "moving": _("Pulling"),
            "done": _("Pull complete"),
        }.get(state, state)
    if transfer.kind == Kind.IMPORT:
        return {"exists": _("Already exists"), "moving": _("Importing"), "done": _("Imported")}.get(
            state, state
        )
    if state == "mounted":
        return _("Mounted from %(repository)s") % {"repository": origin}
    if state == "exists":
        return _("Layer already exists")
    if transfer.kind == Kind.COPY:
        return {"moving": _("Copying"), "done": _("Copied")}.get(state, state)
    return {"moving": _("Pushing"), "done": _("Pushed")}.get(state, state)
