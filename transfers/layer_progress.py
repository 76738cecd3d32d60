"""The layers of a transfer as its row's progress lists them, with docker's texts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from .models import Kind, State, Transfer

BAR_WIDTH = 1000
# Units of `BAR_WIDTH`
_MIN_SEGMENT_WIDTH = 5
_GAP = 2


@dataclass(frozen=True, slots=True)
class Layer:
    """A blob of a transfer, of which `offset` bytes of `size` are transferred."""

    digest: str
    kind: str
    platform: str
    size: int
    offset: int
    state: str
    label: str

    @property
    def short_digest(self) -> str:
        return self.digest.partition(":")[2][:12]

    @property
    def is_config(self) -> bool:
        return self.kind == "config"

    @property
    def is_transferring(self) -> bool:
        return self.state == "transferring"

    @property
    def is_reused(self) -> bool:
        """Return whether the target had it already, or mounted it from another repository."""
        return self.state in ("exists", "mounted")

    @property
    def is_complete(self) -> bool:
        return self.is_reused or self.state in ("done", "unpacking")

    @property
    def shows_bar(self) -> bool:
        # A failed layer keeps its bar: a retry continues at this offset.
        return self.is_transferring or (self.state == "failed" and self.offset > 0)


@dataclass(frozen=True, slots=True)
class PlatformLayers:
    """The layers of one platform of an image index."""

    platform: str
    layers: Sequence[Layer]

    @property
    def complete_count(self) -> int:
        return sum(layer.is_complete for layer in self.layers)

    @property
    def size(self) -> int:
        return sum(layer.size for layer in self.layers)


@dataclass(frozen=True, slots=True)
class BarSegment:
    """A layer's segment of the progress bar, in units of which the bar has `BAR_WIDTH`."""

    layer: Layer
    x: float
    width: float

    @property
    def visible_width(self) -> float:
        """The width without the gap to the next segment."""
        return round(max(self.width - _GAP, self.width / 2), 2)

    @property
    def filled_width(self) -> float:
        if self.layer.is_complete:
            return self.visible_width
        if not self.layer.size:
            return 0.0
        return round(self.visible_width * self.layer.offset / self.layer.size, 2)


# The worker writes the documents; see `registry_ui.oci.progress` for their format.
def read_layers(transfer: Transfer) -> list[Layer]:
    return [_layer(transfer, document) for document in transfer.progress.get("layers") or []]


def group_by_platform(layers: Iterable[Layer]) -> list[PlatformLayers]:
    """Group layers by platform in the order of their appearance, with each config last."""
    platforms: dict[str, list[Layer]] = {}
    for layer in layers:
        platforms.setdefault(layer.platform, []).append(layer)

    # The copy transfers the small config first; a reader expects the layers first.
    return [
        PlatformLayers(platform, sorted(members, key=lambda layer: layer.is_config))
        for platform, members in platforms.items()
    ]


def bar_segments(layers: Sequence[Layer]) -> list[BarSegment]:
    """Return one segment for each layer, as wide as its share of the bytes, but visible."""
    if not layers:
        return []

    # All layers can be empty, so the total is at least one byte.
    total = sum(layer.size for layer in layers) or 1
    min_width = min(_MIN_SEGMENT_WIDTH, BAR_WIDTH / len(layers))
    widths = [max(layer.size / total * BAR_WIDTH, min_width) for layer in layers]
    # The minimum widths can add up to more than the bar.
    scale = BAR_WIDTH / sum(widths)

    segments, x = [], 0.0
    for layer, width in zip(layers, widths, strict=True):
        segments.append(BarSegment(layer, round(x, 2), round(width * scale, 2)))
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
        label=_label(transfer, state, str(document.get("from", ""))),
    )


def _label(transfer: Transfer, state: str, origin: str) -> str:
    if state == "waiting":
        return _("Not started") if transfer.is_terminal else _("Waiting")
    if state == "failed":
        return _("Interrupted") if transfer.state == State.CANCELLED else _("Failed")
    if state == "unpacking":
        return _("Unpacking")

    # The texts of docker pull, docker push and docker load differ for the same state.
    if transfer.kind in (Kind.LOAD, Kind.SAVE):
        return {
            "exists": _("Already exists"),
            "transferring": _("Copying"),
            "done": _("Copied"),
        }.get(state, state)
    if transfer.kind == Kind.PULL:
        return {
            "exists": _("Already exists"),
            "transferring": _("Pulling"),
            "done": _("Pull complete"),
        }.get(state, state)
    if transfer.kind == Kind.IMPORT:
        return {
            "exists": _("Already exists"),
            "transferring": _("Importing"),
            "done": _("Imported"),
        }.get(state, state)
    if state == "mounted":
        return _("Mounted from %(repository)s") % {"repository": origin}
    if state == "exists":
        return _("Layer already exists")
    # What is left writes to a registry: a copy with its own verb, the rest as a push.
    if transfer.kind == Kind.COPY:
        return {"transferring": _("Copying"), "done": _("Copied")}.get(state, state)
    return {"transferring": _("Pushing"), "done": _("Pushed")}.get(state, state)
