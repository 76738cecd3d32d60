"""Everything that the page of an image says: read from its manifests and config, which strangers wrote."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from registry_ui.oci.config import ConfigFacts, config_facts
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.history import HistoryLine, history_of
from registry_ui.oci.manifest import CONFIG_TYPES, DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, Manifest, Platform, parse_config
from registry_ui.web.pictures import GAP, bar_widths

from .models import LocalImage
from .store import LocalStore, blob_directory

_MOST_ENTRIES = 500
_KINDS = {
    OCI_INDEX: _("OCI index"),
    OCI_MANIFEST: _("OCI image"),
    DOCKER_INDEX: _("Docker manifest list"),
    DOCKER_MANIFEST: _("Docker image"),
}


@dataclass(frozen=True, slots=True)
class InspectedLayer:
    """A layer, its place in the picture (of 1000 units' width), and who else needs it."""

    number: int
    digest: str
    size: int
    media_type: str
    line: HistoryLine | None
    sharers: list[LocalImage]
    x: float
    width: float
    is_missing: bool = False


@dataclass(slots=True)
class InspectedImage:
    """One image of a local name: the only one, or the chosen one of an index.

    `problem` is set where the store cannot show it; `missing` counts blobs that the disk has lost.
    """

    image: LocalImage
    platform: dict[str, Any] | None = None
    manifest: Manifest | None = None
    facts: ConfigFacts = field(default_factory=ConfigFacts)
    layers: list[InspectedLayer] = field(default_factory=list)
    history: list[HistoryLine] = field(default_factory=list)
    annotations: list[tuple[str, str]] = field(default_factory=list)
    problem: OciError | None = None
    missing: int = 0

    @property
    def kind(self) -> str:
        """What the name points at, in words."""
        kind = _KINDS.get(self.image.media_type, self.image.media_type)
        return str(kind) if self.image.platforms else str(_("artifact, not an image"))

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The history with the layer that each line made."""
        return [
            {
                "instruction": line.instruction,
                "arguments": line.arguments,
                "comment": line.comment,
                "layer": self.layers[line.layer] if line.layer is not None else None,
            }
            for line in self.history
        ]


def inspect_image(image: LocalImage, wanted: str = "") -> InspectedImage:
    """
    Args:
        wanted: the digest of one image of the index; empty or unknown takes the one for this machine, else the first.
    """
    inspected = InspectedImage(image, platform=_choose(image, wanted))
    inspected.missing = _count_missing(image)
    store = LocalStore(image.team, image.reference)
    try:
        digest = inspected.platform["digest"] if inspected.platform else image.digest
        manifest = store.get_manifest(Digest.parse(digest))
        config = _config_of(manifest, store)
    except OciError as exc:
        inspected.problem = exc
        return inspected
    inspected.manifest = manifest
    inspected.facts = config_facts(config)
    inspected.history = history_of(config, len(manifest.layers))
    inspected.layers = _layers(image, manifest, inspected.history)
    inspected.annotations = sorted(manifest.annotations.items())[:_MOST_ENTRIES]
    return inspected


def _choose(image: LocalImage, wanted: str) -> dict[str, Any] | None:
    for platform in image.platforms:
        if platform["digest"] == wanted:
            return platform
    here = Platform.of_this_machine()
    fitting = [platform for platform in image.platforms if _satisfies(platform["platform"], here)]
    return next(iter(fitting or image.platforms), None)


def _satisfies(text: str, wanted: Platform) -> bool:
    try:
        return Platform.parse(text).satisfies(wanted)
    except OciError:
        return False


def _count_missing(image: LocalImage) -> int:
    blobs = blob_directory()
    return sum(blobs.size(Digest.parse(digest)) is None for digest in image.digests)


def _config_of(manifest: Manifest, store: LocalStore) -> dict[str, Any]:
    """Empty for an artifact that is no image."""
    if manifest.config is None or manifest.config.media_type not in CONFIG_TYPES:
        return {}
    return parse_config(store.read_config(manifest.config))


def _layers(image: LocalImage, manifest: Manifest, history: Sequence[HistoryLine]) -> list[InspectedLayer]:
    lines = {line.layer: line for line in history if line.layer is not None}
    sharers = _sharers(image)
    blobs = blob_directory()
    layers, x = [], 0.0
    for number, (layer, width) in enumerate(zip(manifest.layers, bar_widths([layer.size for layer in manifest.layers]), strict=True)):
        layers.append(
            InspectedLayer(
                number=number + 1,
                digest=str(layer.digest),
                size=layer.size,
                media_type=layer.media_type,
                line=lines.get(number),
                sharers=sharers.get(str(layer.digest), []),
                x=round(x, 2),
                width=round(max(width - GAP, 1.0), 2),
                is_missing=not layer.is_foreign and blobs.size(layer.digest) is None,
            )
        )
        x += width
    return layers


def _sharers(image: LocalImage) -> dict[str, list[LocalImage]]:
    """Blob → one name of every other image of the team that needs it."""
    found: dict[str, dict[str, LocalImage]] = defaultdict(dict)
    others = LocalImage.objects.filter(team=image.team).exclude(image_id=image.image_id).order_by("registry", "repository", "tag")
    own = {entry["digest"] for entry in image.blobs}
    for other in others:
        for entry in other.blobs:
            if entry["digest"] in own:
                found[entry["digest"]].setdefault(other.image_id, other)
    return {digest: list(images.values()) for digest, images in found.items()}


def copy_boxes(image: LocalImage) -> list[tuple[str, list[str]]]:
    """Command lines with which other tools get the image from the registry of its name, by tag and by digest."""
    pinned = image.reference.with_digest(Digest.parse(image.digest))
    references = [image.reference, pinned] if image.tag else [pinned]
    return [
        ("docker", [f"docker pull {reference.familiar}" for reference in references]),
        ("podman", [f"podman pull {reference}" for reference in references]),
        ("skopeo", [f"skopeo inspect docker://{reference}" for reference in references]),
    ]
