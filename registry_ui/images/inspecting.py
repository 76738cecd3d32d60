"""Everything that the page of an image says: read from its manifests and config, which strangers wrote."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.config import ConfigFacts, config_facts
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.history import history_of
from registry_ui.oci.manifest import (
    CONFIG_TYPES,
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Manifest,
    parse_config,
)
from registry_ui.oci.reference import DEFAULT_TAG, Reference
from registry_ui.registries.inspecting.annotations import Setting, annotations_of, settings_of
from registry_ui.registries.inspecting.commands import CommandBox, commands_for
from registry_ui.registries.inspecting.layers import LayerPicture, Sharer, Sharing, draw_layers
from registry_ui.registries.inspecting.platforms import choose_platform
from registry_ui.registries.this_server import is_here, own_prefix

from .models import LocalImage
from .store import LocalStore, blob_directory

_MOST_SHARERS = 3
_KINDS = {
    OCI_INDEX: _("OCI index"),
    OCI_MANIFEST: _("OCI image"),
    DOCKER_INDEX: _("Docker manifest list"),
    DOCKER_MANIFEST: _("Docker image"),
}


@dataclass(slots=True)
class InspectedImage:
    """One image of a local name: the only one, or the chosen one of an index.

    `problem` is set where the store cannot show it; `missing` counts blobs that the disk has lost.
    """

    image: LocalImage
    platform: dict[str, Any] | None = None
    manifest: Manifest | None = None
    facts: ConfigFacts = field(default_factory=ConfigFacts)
    picture: LayerPicture = field(default_factory=LayerPicture)
    annotations: list[Setting] = field(default_factory=list)
    problem: OciError | None = None
    missing: int = 0
    is_cut: bool = False

    @property
    def kind(self) -> str:
        """What the name points at, in words."""
        kind = _KINDS.get(self.image.media_type, self.image.media_type)
        return str(kind) if self.image.platforms else str(_("artifact, not an image"))

    @property
    def platform_name(self) -> str:
        """Of which image of an index the rest is; empty where there is only one."""
        return self.platform["platform"] if self.platform and len(self.image.platforms) > 1 else ""

    @property
    def environment(self) -> list[Setting]:
        return [Setting(key, value) for key, value in self.facts.environment]

    @property
    def labels(self) -> list[Setting]:
        return settings_of(self.facts.labels)


def inspect_image(image: LocalImage, wanted: str = "") -> InspectedImage:
    """
    Args:
        wanted: the digest of one image of the index; empty or unknown takes the one for this machine, else the first.
    """
    inspected = InspectedImage(image, platform=choose_platform(image.platforms, wanted))
    lost = _lost_blobs(image)
    inspected.missing = len(lost)
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
    inspected.picture = draw_layers(
        manifest.layers, history_of(config, len(manifest.layers)), _sharing(image), lost
    )
    inspected.annotations, is_cut = annotations_of(manifest.annotations)
    inspected.is_cut = is_cut or inspected.facts.is_cut
    return inspected


def _lost_blobs(image: LocalImage) -> set[str]:
    blobs = blob_directory()
    return {digest for digest in image.digests if blobs.size(Digest.parse(digest)) is None}


def _config_of(manifest: Manifest, store: LocalStore) -> dict[str, Any]:
    """Empty for an artifact that is no image."""
    if manifest.config is None or manifest.config.media_type not in CONFIG_TYPES:
        return {}
    return parse_config(store.read_config(manifest.config))


def _sharing(image: LocalImage) -> dict[str, Sharing]:
    """Blob → one name of every other image of the team that needs it."""
    found: dict[str, dict[str, LocalImage]] = defaultdict(dict)
    others = (
        LocalImage.objects.filter(team=image.team)
        .exclude(image_id=image.image_id)
        .order_by("registry", "repository", "tag")
    )
    own = {entry["digest"] for entry in image.blobs}
    for other in others:
        for entry in other.blobs:
            if entry["digest"] in own:
                found[entry["digest"]].setdefault(other.image_id, other)
    return {digest: _shared_with(list(images.values())) for digest, images in found.items()}


def _shared_with(images: list[LocalImage]) -> Sharing:
    shown = images[:_MOST_SHARERS]
    sharers = tuple(
        Sharer(image.reference, reverse("images:detail", args=[image.pk])) for image in shown
    )
    return Sharing(sharers, len(images) - len(shown))


def served_as(image: LocalImage, names: Iterable[LocalImage]) -> list[Reference]:
    """The names under which this server gives the image to docker and other clients, its own first."""
    here = [name.reference for name in names if name.tag and is_here(name.registry)]
    return sorted(here, key=lambda reference: (reference != image.reference, str(reference)))


def name_to_serve(image: LocalImage) -> str:
    """A name on this server to give it."""
    repository = image.repository.rpartition("/")[2]
    return f"{own_prefix(image.team)}{repository}:{image.tag or DEFAULT_TAG}"


def copy_boxes(image: LocalImage) -> list[CommandBox]:
    """Command lines with which other tools get the image from the registry of its name, by tag and by digest."""
    return commands_for(image.reference, Digest.parse(image.digest))
