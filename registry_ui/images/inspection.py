"""The content of an image's page, read from its manifests and config.

Anybody can have written those documents.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from registry_ui.catalog.artifact_pages.annotations import Setting, annotations_of, settings_of
from registry_ui.catalog.artifact_pages.layers import LayerDiagram, Sharer, Sharing, draw_layers
from registry_ui.catalog.artifact_pages.platforms import choose_platform
from registry_ui.catalog.artifact_pages.pull_commands import CommandBox, commands_for
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.image_config import ConfigFacts, config_facts
from registry_ui.oci.image_history import history_of
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
from registry_ui.registries.builtin_registry import builtin_registry_prefix, is_builtin_registry

from .models import LocalImage
from .store import LocalStore, blob_directory

_MAX_SHARERS = 3
_KINDS = {
    OCI_INDEX: _("OCI index"),
    OCI_MANIFEST: _("OCI image"),
    DOCKER_INDEX: _("Docker manifest list"),
    DOCKER_MANIFEST: _("Docker image"),
}


@dataclass(slots=True)
class InspectedImage:
    """One image of a local name: the only one, or the chosen one of an index.

    Attributes:
        problem: the error where the image cannot be read.
        missing: number of blobs that the disk has lost.
        is_cut: some annotations or labels were left out.
    """

    image: LocalImage
    platform: dict[str, Any] | None = None
    manifest: Manifest | None = None
    facts: ConfigFacts = field(default_factory=ConfigFacts)
    diagram: LayerDiagram = field(default_factory=LayerDiagram)
    annotations: list[Setting] = field(default_factory=list)
    problem: OciError | None = None
    missing: int = 0
    is_cut: bool = False

    @property
    def kind(self) -> str:
        """The kind of manifest that the name points at, for people."""
        kind = _KINDS.get(self.image.media_type, self.image.media_type)
        return str(kind) if self.image.platforms else str(_("artifact, not an image"))

    @property
    def platform_name(self) -> str:
        """The platform of the chosen image of an index; empty for a single image."""
        return self.platform["platform"] if self.platform and len(self.image.platforms) > 1 else ""

    @property
    def environment(self) -> list[Setting]:
        return [Setting(key, value) for key, value in self.facts.environment]

    @property
    def labels(self) -> list[Setting]:
        return settings_of(self.facts.labels)


def inspect_image(image: LocalImage, platform_digest: str = "") -> InspectedImage:
    """Return the content of an image's page.

    Args:
        platform_digest: the digest of one image of the index; empty or unknown selects the one for
            this machine, else the first.
    """
    inspected = InspectedImage(image, platform=choose_platform(image.platforms, platform_digest))
    missing = _missing_blobs(image)
    inspected.missing = len(missing)
    store = LocalStore(image.team, image.reference)

    try:
        digest = inspected.platform["digest"] if inspected.platform else image.digest
        manifest = store.get_manifest(Digest.parse(digest))
        config = _config_of(manifest, store)
    except OciError as exc:
        # The page of a damaged image shows the error.
        inspected.problem = exc
        return inspected

    inspected.manifest = manifest
    inspected.facts = config_facts(config)
    inspected.diagram = draw_layers(
        manifest.layers, history_of(config, len(manifest.layers)), _sharing(image), missing
    )
    inspected.annotations, is_cut = annotations_of(manifest.annotations)
    inspected.is_cut = is_cut or inspected.facts.is_cut

    return inspected


def _missing_blobs(image: LocalImage) -> set[str]:
    blobs = blob_directory()
    return {digest for digest in image.digests if blobs.size(Digest.parse(digest)) is None}


def _config_of(manifest: Manifest, store: LocalStore) -> dict[str, Any]:
    """Return the image's config; empty for an artifact that is not an image."""
    # Artifacts have configs of any type, which need not be JSON (image spec, "Guidelines for
    # Artifact Usage").
    if manifest.config is None or manifest.config.media_type not in CONFIG_TYPES:
        return {}
    return parse_config(store.read_config(manifest.config))


def _sharing(image: LocalImage) -> dict[str, Sharing]:
    """Return the team's other images that need the same blobs, by blob."""
    sharing_images: dict[str, dict[str, LocalImage]] = defaultdict(dict)
    others = (
        LocalImage.objects.filter(team=image.team)
        .exclude(image_id=image.image_id)
        .order_by("registry", "repository", "tag")
    )

    # Only the blobs of this image matter, of all that the others need.
    own = {entry["digest"] for entry in image.blobs}

    for other in others:
        for entry in other.blobs:
            if entry["digest"] in own:
                # One name per image is enough, the first in alphabetical order.
                sharing_images[entry["digest"]].setdefault(other.image_id, other)

    return {
        digest: _sharing_with(list(images.values())) for digest, images in sharing_images.items()
    }


def _sharing_with(images: list[LocalImage]) -> Sharing:
    shown = images[:_MAX_SHARERS]
    sharers = tuple(
        Sharer(image.reference, reverse("images:detail", args=[image.pk])) for image in shown
    )
    return Sharing(sharers, len(images) - len(shown))


def served_references(image: LocalImage, names: Iterable[LocalImage]) -> list[Reference]:
    """Return the image's references on the built-in registry, its own first."""
    references = [
        name.reference for name in names if name.tag and is_builtin_registry(name.registry)
    ]
    return sorted(references, key=lambda reference: (reference != image.reference, str(reference)))


def suggested_name(image: LocalImage) -> str:
    """Return a name for the image on the built-in registry."""
    repository = image.repository.rpartition("/")[2]
    return f"{builtin_registry_prefix(image.team)}{repository}:{image.tag or DEFAULT_TAG}"


def copy_boxes(image: LocalImage) -> list[CommandBox]:
    """Return commands that copy the image from its registry, by tag and by digest."""
    return commands_for(image.reference, Digest.parse(image.digest))
