"""A comparison of two images: their layers, configs and histories."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.http import urlencode

from registry_ui.oci.image_history import history_of
from registry_ui.oci.manifest import parse_config
from registry_ui.web.bars import WIDTH, Bar, bars

from ..indexing.index_services import ResolvedArtifact
from .differences import Difference, align, differences_of
from .opened_artifact import OpenedArtifact, open_resolved
from .platforms import choose_platform

# A page with more rows would be slow in the browser.
_MAX_SHOWN = 300


@dataclass(frozen=True, slots=True)
class ComparedLayer:
    """A layer of one or both sides: `change` is equal, removed (left only) or added (right only).

    `left` and `right` are its numbers on each side, from 1; 0 if it is missing there.
    """

    digest: str
    size: int
    change: str
    left: int = 0
    right: int = 0
    command: str = ""


@dataclass(frozen=True, slots=True)
class LayerGroup:
    """The layers with the same change."""

    change: str
    layers: Sequence[ComparedLayer]

    @property
    def size(self) -> int:
        return sum(layer.size for layer in self.layers)

    @property
    def shown(self) -> Sequence[ComparedLayer]:
        return self.layers[:_MAX_SHOWN]

    @property
    def omitted_count(self) -> int:
        return len(self.layers) - len(self.shown)


@dataclass(frozen=True, slots=True)
class DiagramLayer:
    """A layer in one of the two diagrams, which have the same scale."""

    layer: ComparedLayer
    bar: Bar


@dataclass(slots=True)
class Comparison:
    """Two images with their differences.

    `common` are the platforms of both; `platform` is the compared one, empty if each side shows
    another one.
    """

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
        """Return whether both have the same image of the compared platform."""
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
        """The growth in percent with its sign; empty without a difference."""
        # Against a tiny left side the number would be huge and mean nothing.
        if not self.growth or abs(self.growth) > 10 * self.left_size:
            return ""
        return f"{100 * self.growth / self.left_size:+.0f} %".replace("-", "−")

    def layers_with(self, change: str) -> list[ComparedLayer]:
        return [layer for layer in self.layers if layer.change == change]

    @property
    def groups(self) -> list[LayerGroup]:
        groups = [
            LayerGroup(change, self.layers_with(change)) for change in ("removed", "added", "equal")
        ]
        return [group for group in groups if group.layers]

    @property
    def bytes_to_fetch(self) -> int:
        """The bytes to download for the right image if the left one is present."""
        # A set, because a layer that an image contains twice is downloaded once.
        return sum({layer.digest: layer.size for layer in self.layers_with("added")}.values())

    @property
    def diagrams(self) -> list[tuple[str, list[DiagramLayer]]]:
        """The diagrams of both sides; the larger one is as wide as the page."""
        right = sorted(
            (layer for layer in self.layers if layer.right), key=lambda layer: layer.right
        )
        sides = {"left": [layer for layer in self.layers if layer.left], "right": right}
        totals = {side: sum(layer.size for layer in layers) for side, layers in sides.items()}
        # One scale for both, so that their sizes can be compared by eye.
        scale = WIDTH / (max(totals.values()) or 1)
        return [
            (side, _diagram_layers(layers, totals[side] * scale)) for side, layers in sides.items()
        ]

    @property
    def different(self) -> list[Difference]:
        return [entry for entry in self.config if entry.change != "equal"]

    @property
    def equal(self) -> list[Difference]:
        return [entry for entry in self.config if entry.change == "equal"]


def compare(left: ResolvedArtifact, right: ResolvedArtifact, platform: str = "") -> Comparison:
    """Compare two images.

    Args:
        platform: the image of two indexes to compare; if one lacks it, a platform of both.

    Raises:
        OciError: a document is in neither the index nor the registry.
    """
    common = common_platforms(left.artifact.platforms, right.artifact.platforms)
    wanted = platform if platform in common else _default_platform(common)
    # If they have no platform in common, each side shows its own default.
    platforms = [choose_platform(side.artifact.platforms, wanted) for side in (left, right)]
    opened_left, opened_right = open_resolved([left, right], platforms)

    comparison = Comparison(opened_left, opened_right, common=common, platform=wanted)
    comparison.layers = _compare_layers(opened_left, opened_right)
    comparison.config = differences_of(opened_left.facts, opened_right.facts)
    comparison.history = align(_history(opened_left), _history(opened_right))
    return comparison


def _address(left: OpenedArtifact, right: OpenedArtifact, platform: str) -> str:
    query = {"left": str(left.reference), "right": str(right.reference)}
    if platform:
        query["platform"] = platform
    return f"?{urlencode(query)}"


def common_platforms(left: Sequence[dict[str, Any]], right: Sequence[dict[str, Any]]) -> list[str]:
    # The order of the left image, without duplicates.
    named = {entry["platform"] for entry in right if entry["platform"]}
    return list(dict.fromkeys(entry["platform"] for entry in left if entry["platform"] in named))


def _default_platform(common: Sequence[str]) -> str:
    """Return the platform of this machine, else the first."""
    chosen = choose_platform([{"platform": name, "digest": ""} for name in common])
    return chosen["platform"] if chosen else ""


def _history(opened: OpenedArtifact) -> list[str]:
    # Without layers: only the instructions are compared.
    lines = history_of(parse_config(opened.config), 0) if opened.is_image else []
    return [f"{line.instruction} {line.arguments or line.comment}".strip() for line in lines]


def _size(opened: OpenedArtifact) -> int:
    return sum(blob.size for blob in opened.manifest.blobs)


def _compare_layers(left: OpenedArtifact, right: OpenedArtifact) -> list[ComparedLayer]:
    """Return the layers of the left image in its order, then those of the right one only."""
    # An image may contain a layer twice (an empty one, mostly), so each digest has several numbers.
    unmatched: dict[str, list[int]] = defaultdict(list)
    for number, layer in enumerate(right.manifest.layers, 1):
        unmatched[str(layer.digest)].append(number)

    left_commands, right_commands = _commands(left), _commands(right)
    compared = []
    for number, layer in enumerate(left.manifest.layers, 1):
        digest = str(layer.digest)
        other = unmatched[digest].pop(0) if unmatched[digest] else 0
        change = "equal" if other else "removed"
        command = right_commands.get(other, "") or left_commands.get(number, "")
        compared.append(ComparedLayer(digest, layer.size, change, number, other, command))

    for number in sorted(number for numbers in unmatched.values() for number in numbers):
        layer = right.manifest.layers[number - 1]
        command = right_commands.get(number, "")
        compared.append(ComparedLayer(str(layer.digest), layer.size, "added", 0, number, command))
    return compared


def _commands(opened: OpenedArtifact) -> dict[int, str]:
    """Return the history line that created each layer, by the layer's number from 1."""
    if not opened.is_image:
        return {}
    lines = history_of(parse_config(opened.config), len(opened.manifest.layers))
    return {
        line.layer + 1: f"{line.instruction} {line.arguments}".strip()
        for line in lines
        if line.layer is not None
    }


def _diagram_layers(layers: Sequence[ComparedLayer], width: float) -> list[DiagramLayer]:
    layer_bars = bars([layer.size for layer in layers], width)
    return [DiagramLayer(layer, bar) for layer, bar in zip(layers, layer_bars, strict=True)]
