"""A picture of an image's layers, with their history lines and the images that share them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from registry_ui.oci.image_history import HistoryLine
from registry_ui.oci.manifest import Descriptor
from registry_ui.oci.reference import Reference
from registry_ui.web.bars import bars

# A page with more rows would be slow in the browser.
_MAX_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Sharer:
    """Another image that needs a layer, under one of its references."""

    reference: Reference
    url: str


@dataclass(frozen=True, slots=True)
class Sharing:
    """The other images that need a layer: some by reference, and the number of the rest."""

    sharers: tuple[Sharer, ...] = ()
    more: int = 0

    def __bool__(self) -> bool:
        return bool(self.sharers or self.more)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a picture that is 1000 units wide.

    `line` is the number of its history line, from 1; 0 without one.
    """

    number: int
    digest: str
    size: int
    media_type: str
    x: float
    width: float
    line: int = 0
    command: str = ""
    sharing: Sharing = Sharing()
    is_foreign: bool = False
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the history, with the layer that it created."""

    number: int
    instruction: str
    arguments: str
    comment: str
    layer: Layer | None


@dataclass(frozen=True, slots=True)
class LayerDiagram:
    """The layers and history of an image; `omitted_count` counts layers beyond a page's limit."""

    layers: tuple[Layer, ...] = ()
    lines: tuple[Line, ...] = ()
    omitted_count: int = 0

    @property
    def count(self) -> int:
        return len(self.layers) + self.omitted_count


def draw_layers(
    descriptors: Sequence[Descriptor],
    history: Sequence[HistoryLine],
    sharing: Mapping[str, Sharing],
    missing: Collection[str] = (),
) -> LayerDiagram:
    """Join layers, history and sharing.

    Args:
        sharing: the other images that need a layer, by its digest.
        missing: digests of layers that the store has lost.
    """
    # An image of a hostile author may have thousands of layers.
    shown = descriptors[:_MAX_SHOWN]
    # Instructions such as ENV create no layer (image spec, "empty_layer").
    by_layer = {
        line.layer: (number, line)
        for number, line in enumerate(history, 1)
        if line.layer is not None
    }

    layers = []
    layer_bars = bars([layer.size for layer in shown])
    for index, (descriptor, bar) in enumerate(zip(shown, layer_bars, strict=True)):
        line_number, line = by_layer.get(index, (0, None))
        digest = str(descriptor.digest)
        layers.append(
            Layer(
                number=index + 1,
                digest=digest,
                size=descriptor.size,
                media_type=descriptor.media_type,
                x=bar.x,
                width=bar.width,
                line=line_number,
                command=f"{line.instruction} {line.arguments}".strip() if line else "",
                sharing=sharing.get(digest, Sharing()),
                is_foreign=descriptor.is_foreign,
                is_missing=digest in missing,
            )
        )

    lines = tuple(
        Line(number, line.instruction, line.arguments, line.comment, _layer_of(line, layers))
        for number, line in enumerate(history, 1)
    )
    return LayerDiagram(tuple(layers), lines, len(descriptors) - len(shown))


def _layer_of(line: HistoryLine, layers: Sequence[Layer]) -> Layer | None:
    # The history may name more layers than the manifest has, or than are shown.
    return layers[line.layer] if line.layer is not None and line.layer < len(layers) else None
