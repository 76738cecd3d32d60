"""Two images side by side: layers that both have, what starts differently, how they were built."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.http import urlencode

from registry_ui.oci.history import history_of
from registry_ui.oci.manifest import parse_config
from registry_ui.web.pictures import WIDTH, Bar, bars

from ..indexing.services import LookedUp
from .differences import Difference, align, differences_of
from .image import OpenedArtifact, open_found
from .platforms import choose_platform

_MOST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class ComparedLayer:
    """A layer of one side or of both: `change` is equal, removed (left only) or added (right only); numbers are from 1, 0 for none."""

    digest: str
    size: int
    change: str
    left: int = 0
    right: int = 0
    command: str = ""


@dataclass(frozen=True, slots=True)
class LayerGroup:
    """The layers of one change."""

    change: str
    layers: Sequence[ComparedLayer]

    @property
    def size(self) -> int:
        return sum(layer.size for layer in self.layers)

    @property
    def shown(self) -> Sequence[ComparedLayer]:
        return self.layers[:_MOST_SHOWN]

    @property
    def left_out(self) -> int:
        return len(self.layers) - len(self.shown)


@dataclass(frozen=True, slots=True)
class Piece:
    """A layer in one of the two pictures, which have one scale."""

    layer: ComparedLayer
    bar: Bar


@dataclass(slots=True)
class Comparison:
    """`common` are the platforms that both have; `platform` is the one that is compared, empty where each shows another."""

    left: OpenedArtifact
    right: OpenedArtifact
    common: Sequence[str] = ()
    platform: str = ""
    layers: list[ComparedLayer] = field(default_factory=list)
    config: list[Difference] = field(default_factory=list)
    history: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        return self.left.artifact.digest == self.right.artifact.digest

    @property
    def is_same_image(self) -> bool:
        """Of the platform that is compared."""
        return self.left.manifest.digest == self.right.manifest.digest

    @property
    def has_no_common_platform(self) -> bool:
        return bool(self.left.platform and self.right.platform and not self.common)

    @property
    def platform_links(self) -> list[tuple[str, str]]:
        return [(platform, _address(self.left, self.right, platform)) for platform in self.common]

    @property
    def swapped(self) -> str:
        return _address(self.right, self.left, self.platform)

    @property
    def left_size(self) -> int:
        return _size(self.left)

    @property
    def right_size(self) -> int:
        return _size(self.right)

    @property
    def growth(self) -> int:
        return self.right_size - self.left_size

    @property
    def growth_size(self) -> int:
        return abs(self.growth)

    @property
    def percent(self) -> str:
        """With its sign; empty where it says nothing: against nearly nothing, or for no difference."""
        if not self.growth or abs(self.growth) > 10 * self.left_size:
            return ""
        return f"{100 * self.growth / self.left_size:+.0f} %".replace("-", "−")

    def layers_with(self, change: str) -> list[ComparedLayer]:
        return [layer for layer in self.layers if layer.change == change]

    @property
    def groups(self) -> list[LayerGroup]:
        found = [(change, self.layers_with(change)) for change in ("removed", "added", "equal")]
        return [LayerGroup(change, layers) for change, layers in found if layers]

    @property
    def bytes_to_fetch(self) -> int:
        """What somebody who has the left image downloads for the right one."""
        return sum({layer.digest: layer.size for layer in self.layers_with("added")}.values())

    @property
    def pictures(self) -> list[tuple[str, list[Piece]]]:
        """Both sides, the larger one as wide as the picture."""
        right = sorted(
            (layer for layer in self.layers if layer.right), key=lambda layer: layer.right
        )
        sides = {"left": [layer for layer in self.layers if layer.left], "right": right}
        totals = {side: sum(layer.size for layer in layers) for side, layers in sides.items()}
        scale = WIDTH / (max(totals.values()) or 1)
        return [(side, _pieces(layers, totals[side] * scale)) for side, layers in sides.items()]

    @property
    def different(self) -> list[Difference]:
        return [each for each in self.config if each.change != "equal"]

    @property
    def equal(self) -> list[Difference]:
        return [each for each in self.config if each.change == "equal"]


def compare(left: LookedUp, right: LookedUp, platform: str = "") -> Comparison:
    """
    Args:
        platform: what to compare where both are indexes; the first that both have where they lack it.

    Raises:
        OciError: a document is not in the index, and the registry does not give it either.
    """
    common = common_platforms(left.artifact.platforms, right.artifact.platforms)
    wanted = platform if platform in common else _usual(common)
    chosen = [choose_platform(each.artifact.platforms, wanted) for each in (left, right)]
    one, other = open_found([left, right], chosen)
    comparison = Comparison(one, other, common=common, platform=wanted)
    comparison.layers = _compare_layers(one, other)
    comparison.config = differences_of(one.facts, other.facts)
    comparison.history = align(_history(one), _history(other))
    return comparison


def _address(left: OpenedArtifact, right: OpenedArtifact, platform: str) -> str:
    chosen: dict[str, str] = {"platform": platform} if platform else {}
    return f"?{urlencode({'left': str(left.reference), 'right': str(right.reference), **chosen})}"


def common_platforms(left: Sequence[dict[str, Any]], right: Sequence[dict[str, Any]]) -> list[str]:
    named = {entry["platform"] for entry in right if entry["platform"]}
    return list(dict.fromkeys(entry["platform"] for entry in left if entry["platform"] in named))


def _usual(common: Sequence[str]) -> str:
    """The platform of this machine, else the first."""
    here = choose_platform([{"platform": name, "digest": ""} for name in common])
    return here["platform"] if here else ""


def _history(opened: OpenedArtifact) -> list[str]:
    lines = history_of(parse_config(opened.config), 0) if opened.is_image else []
    return [f"{line.instruction} {line.arguments or line.comment}".strip() for line in lines]


def _size(opened: OpenedArtifact) -> int:
    return sum(blob.size for blob in opened.manifest.blobs)


def _compare_layers(one: OpenedArtifact, other: OpenedArtifact) -> list[ComparedLayer]:
    """What the left has, in its order, each layer paired with the same one of the right; then what only the right has."""
    places: dict[str, list[int]] = defaultdict(list)
    for number, layer in enumerate(other.manifest.layers, 1):
        places[str(layer.digest)].append(number)
    before, after = _commands(one), _commands(other)
    found = []
    for left, layer in enumerate(one.manifest.layers, 1):
        right = places[str(layer.digest)].pop(0) if places[str(layer.digest)] else 0
        change = "equal" if right else "removed"
        found.append(
            ComparedLayer(
                str(layer.digest),
                layer.size,
                change,
                left,
                right,
                after.get(right, "") or before.get(left, ""),
            )
        )
    for right in sorted(number for numbers in places.values() for number in numbers):
        layer = other.manifest.layers[right - 1]
        found.append(
            ComparedLayer(str(layer.digest), layer.size, "added", 0, right, after.get(right, ""))
        )
    return found


def _commands(opened: OpenedArtifact) -> dict[int, str]:
    """By the number of a layer, from 1, the line that made it."""
    if not opened.is_image:
        return {}
    lines = history_of(parse_config(opened.config), len(opened.manifest.layers))
    return {
        line.layer + 1: f"{line.instruction} {line.arguments}".strip()
        for line in lines
        if line.layer is not None
    }


def _pieces(layers: Sequence[ComparedLayer], width: float) -> list[Piece]:
    placed = bars([layer.size for layer in layers], width)
    return [Piece(layer, bar) for layer, bar in zip(layers, placed, strict=True)]
