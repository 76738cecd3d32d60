"""The layers of an image, to scale, each joined to the line of the history that made it and to the images that need it too."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from registry_ui.oci.history import HistoryLine
from registry_ui.oci.manifest import Descriptor
from registry_ui.oci.reference import Reference
from registry_ui.web.pictures import bars

_MOST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Sharer:
    """Another image that needs a layer, by one of its names."""

    reference: Reference
    url: str


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who else needs a layer: some by name, and how many more there are."""

    sharers: tuple[Sharer, ...] = ()
    more: int = 0

    def __bool__(self) -> bool:
        return bool(self.sharers or self.more)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer; `x` and `width` are its place in a picture of 1000 units' width, `line` the number of its line, from 1."""

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
    """One line of the history, with the layer that it made."""

    number: int
    instruction: str
    arguments: str
    comment: str
    layer: Layer | None


@dataclass(frozen=True, slots=True)
class LayerPicture:
    """All that a page shows of layers and history; `left_out` counts layers that are too many for a page."""

    layers: tuple[Layer, ...] = ()
    lines: tuple[Line, ...] = ()
    left_out: int = 0

    @property
    def count(self) -> int:
        return len(self.layers) + self.left_out


def draw_layers(
    descriptors: Sequence[Descriptor],
    history: Sequence[HistoryLine],
    sharing: Mapping[str, Sharing],
    missing: Collection[str] = (),
) -> LayerPicture:
    """
    Args:
        sharing: by digest, who else needs the layer.
        missing: digests of layers that the store has lost.
    """
    shown = descriptors[:_MOST_SHOWN]
    makers = {
        line.layer: (number, line)
        for number, line in enumerate(history, 1)
        if line.layer is not None
    }
    layers = []
    for index, (descriptor, bar) in enumerate(
        zip(shown, bars([layer.size for layer in shown]), strict=True)
    ):
        number, maker = makers.get(index, (0, None))
        layers.append(
            Layer(
                number=index + 1,
                digest=str(descriptor.digest),
                size=descriptor.size,
                media_type=descriptor.media_type,
                x=bar.x,
                width=bar.width,
                line=number,
                command=f"{maker.instruction} {maker.arguments}".strip() if maker else "",
                sharing=sharing.get(str(descriptor.digest), Sharing()),
                is_foreign=descriptor.is_foreign,
                is_missing=str(descriptor.digest) in missing,
            )
        )
    lines = tuple(
        Line(number, line.instruction, line.arguments, line.comment, _made_by(line, layers))
        for number, line in enumerate(history, 1)
    )
    return LayerPicture(tuple(layers), lines, len(descriptors) - len(shown))


def _made_by(line: HistoryLine, layers: Sequence[Layer]) -> Layer | None:
    return layers[line.layer] if line.layer is not None and line.layer < len(layers) else None
