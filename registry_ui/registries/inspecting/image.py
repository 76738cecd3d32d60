"""One artifact of a registry, opened: what stands in its documents, of the platform that is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.config import ConfigFacts, config_facts
from registry_ui.oci.digest import Digest
from registry_ui.oci.history import history_of
from registry_ui.oci.manifest import Descriptor, Manifest, parse_config
from registry_ui.oci.reference import Reference
from registry_ui.oci.texts import LONGEST, inert

from ..indexing.services import LookedUp, look_up
from ..models import Artifact, ArtifactDocument, Registry, Repository, Tag
from .annotations import Fact, Setting, annotations_of, settings_of, well_known
from .documents import Document
from .kinds import (
    MANIFEST_TYPES,
    PREDICATE_ANNOTATIONS,
    Kind,
    kind_of_descriptor,
    kind_of_manifest,
    kind_of_type,
)
from .layers import LayerPicture, draw_layers
from .platforms import choose_platform
from .sharing import sharing_of

_MOST_ATTACHED = 100
_FILE_NAME = "org.opencontainers.image.title"


@dataclass(frozen=True, slots=True)
class Attached:
    """What an index carries beside its images; `platform` is whose it is, where it says so. Only a manifest has a page."""

    kind: Kind
    digest: str
    size: int
    platform: str = ""
    has_page: bool = True


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """A layer of an artifact that is no image: a file."""

    name: str
    kind: Kind
    media_type: str
    digest: str
    size: int
    predicate: str = ""


@dataclass
class OpenedArtifact:
    """A name or digest with its documents. `manifest` and `config` are those of the shown platform, `root` is what the name leads to."""

    found: LookedUp
    root: Manifest
    shown: Artifact
    manifest: Manifest
    config: bytes = b""
    platform: dict[str, Any] | None = None

    @property
    def repository(self) -> Repository:
        return self.found.repository

    @property
    def artifact(self) -> Artifact:
        return self.found.artifact

    @property
    def tag(self) -> Tag | None:
        return self.found.tag

    @cached_property
    def digest(self) -> Digest:
        return Digest.parse(self.artifact.digest)

    @property
    def reference(self) -> Reference:
        """As it was asked for: by tag or by digest."""
        name = self.repository.reference
        return name.with_tag(self.tag.name) if self.tag else name.with_digest(self.digest)

    @cached_property
    def kind(self) -> Kind:
        return kind_of_manifest(self.root)

    @cached_property
    def shown_kind(self) -> Kind:
        return kind_of_manifest(self.manifest)

    @property
    def is_image(self) -> bool:
        """Whether a container can be started from what is shown."""
        return self.shown_kind.is_image and not self.manifest.is_index

    @property
    def media_type(self) -> str:
        return str(MANIFEST_TYPES.get(self.artifact.media_type, self.artifact.media_type))

    @property
    def platforms(self) -> Sequence[dict[str, Any]]:
        """The images of an index; none of what is no index."""
        return self.artifact.platforms if self.root.is_index else []

    @cached_property
    def facts(self) -> ConfigFacts:
        return config_facts(self._document)

    @cached_property
    def _document(self) -> dict[str, Any]:
        return parse_config(self.config) if self.is_image else {}

    @cached_property
    def picture(self) -> LayerPicture:
        """The layers with who shares them: asks the index."""
        layers = self.manifest.layers if self.is_image else ()
        digests = {str(layer.digest) for layer in layers}
        sharing = (
            sharing_of(self.repository.registry, self.shown, self.artifact, digests)
            if digests
            else {}
        )
        return draw_layers(layers, history_of(self._document, len(layers)), sharing)

    @cached_property
    def files(self) -> list[ArtifactFile]:
        return [] if self.is_image else [_file(layer) for layer in self.manifest.layers]

    @property
    def platform_name(self) -> str:
        """Of which image of an index the rest is; empty where there is only one."""
        return self.platform["platform"] if self.platform and self.root.is_index else ""

    @property
    def url(self) -> str:
        """Its page, with the shown platform."""
        place = [self.repository.registry_id, self.repository.name]
        query = (
            f"?{urlencode({'platform': self.shown.digest})}"
            if self.root.is_index and self.platform
            else ""
        )
        if self.tag is not None:
            return reverse("registries:image_by_tag", args=[*place, self.tag.name]) + query
        return reverse("registries:image_by_digest", args=[*place, self.artifact.digest]) + query

    @property
    def environment(self) -> list[Setting]:
        return [Setting(key, value) for key, value in self.facts.environment]

    @cached_property
    def labels(self) -> list[Setting]:
        return settings_of(self.facts.labels)

    @cached_property
    def _annotations(self) -> tuple[list[Setting], bool]:
        return annotations_of(
            self.manifest.annotations, *self._entry_annotations(), self.root.annotations
        )

    @property
    def annotations(self) -> list[Setting]:
        return self._annotations[0]

    @property
    def is_cut(self) -> bool:
        """Whether the documents say more than the page shows."""
        return self._annotations[1] or self.facts.is_cut or self.picture.left_out > 0

    @cached_property
    def origins(self) -> list[Fact]:
        return well_known(self.annotations, self.labels)

    @cached_property
    def attached(self) -> list[Attached]:
        """What the index carries that is no image of a platform: attestations, mostly."""
        images = {entry["digest"]: entry["platform"] for entry in self.platforms}
        others = [child for child in self.root.children if str(child.digest) not in images]
        return [_attached(child, images) for child in others[:_MOST_ATTACHED]]

    @property
    def documents(self) -> list[Document]:
        shown = self.shown.digest
        found = (
            [Document(_("Index"), "manifest", self.artifact.digest, self.root.raw)]
            if self.root.is_index
            else []
        )
        if not self.manifest.is_index:
            found.append(Document(_("Manifest"), "manifest", shown, self.manifest.raw))
        return (
            [*found, Document(_("Config"), "config", shown, self.config)] if self.config else found
        )

    @property
    def previous(self) -> Reference | None:
        """What the tag named before it moved."""
        digest = self.tag.previous_digest if self.tag else ""
        return self.repository.reference.with_digest(Digest.parse(digest)) if digest else None

    @property
    def query(self) -> str:
        """The beginning of a query that keeps the shown platform."""
        return (
            f"?{urlencode({'platform': self.shown.digest})}&"
            if self.root.is_index and self.platform
            else "?"
        )

    @property
    def subject(self) -> str:
        """The digest of what it refers to, where it is a referrer."""
        return str(self.manifest.subject.digest) if self.manifest.subject else ""

    def _entry_annotations(self) -> list[Any]:
        return [
            child.annotations
            for child in self.root.children
            if child.digest == self.manifest.digest
        ]


def open_artifact(
    registry: Registry, repository: str, identifier: str | Digest, platform: str = ""
) -> OpenedArtifact:
    """
    Args:
        platform: which image of an index to show, as a digest or a platform; the one for this machine where it is none of them.

    Raises:
        RepositoryUnknown, ManifestUnknown: it is not there.
        OciError: the registry does not answer, or refuses.
    """
    found = look_up(registry=registry, repository=repository, identifier=identifier)
    found.repository.registry = registry
    return open_found([found], [choose_platform(found.artifact.platforms, platform)])[0]


def open_found(
    found: Sequence[LookedUp], platforms: Sequence[dict[str, Any] | None]
) -> list[OpenedArtifact]:
    """Those that were looked up with the chosen platform of each: one query for the documents of all.

    Raises:
        OciError: a document is not in the index, and the registry does not give it either.
    """
    documents = _Documents(found, platforms)
    opened = []
    for each, platform in zip(found, platforms, strict=True):
        root = documents.of(each, each.artifact.digest)
        shown = documents.of(each, platform["digest"]) if platform else root
        opened.append(
            OpenedArtifact(
                each, _manifest(root), shown.artifact, _manifest(shown), shown.config, platform
            )
        )
    return opened


class _Documents:
    """The documents of several artifacts. `look_up` brings along those that a name leads to; one query finds those of their
    platforms, and one that the index does not have yet is fetched when it is asked for."""

    def __init__(
        self, found: Sequence[LookedUp], platforms: Sequence[dict[str, Any] | None]
    ) -> None:
        roots = [each.artifact for each in found]
        self._documents = {
            (artifact.registry_id, artifact.digest): artifact.document for artifact in roots
        }
        known = {artifact.digest for artifact in roots}
        wanted = {platform["digest"] for platform in platforms if platform} - known
        if wanted:
            registries = {artifact.registry_id for artifact in roots}
            rows = ArtifactDocument.objects.filter(
                artifact__registry__in=registries, artifact__digest__in=wanted
            )
            self._documents |= {
                (row.artifact.registry_id, row.artifact.digest): row
                for row in rows.select_related("artifact")
            }

    def of(self, found: LookedUp, digest: str) -> ArtifactDocument:
        registry = found.repository.registry
        row = self._documents.get((registry.pk, digest))
        if row is not None:
            return row
        return look_up(
            registry=registry, repository=found.repository.name, identifier=Digest.parse(digest)
        ).artifact.document


def _manifest(document: ArtifactDocument) -> Manifest:
    digest = Digest.parse(document.artifact.digest)
    return Manifest.parse(
        document.manifest, document.artifact.media_type, algorithm=digest.algorithm
    )


def _attached(child: Descriptor, images: dict[str, str]) -> Attached:
    of = images.get(child.annotations.get("vnd.docker.reference.digest", ""), "")
    return Attached(
        kind_of_descriptor(child),
        str(child.digest),
        child.size,
        of,
        child.is_index or child.is_manifest,
    )


def _file(layer: Descriptor) -> ArtifactFile:
    predicate = next(
        (layer.annotations[name] for name in PREDICATE_ANNOTATIONS if name in layer.annotations), ""
    )
    return ArtifactFile(
        name=inert(layer.annotations.get(_FILE_NAME, "")[:LONGEST]),
        kind=kind_of_descriptor(layer)
        if layer.is_manifest or predicate
        else kind_of_type(layer.media_type),
        media_type=inert(layer.media_type[:LONGEST]),
        digest=str(layer.digest),
        size=layer.size,
        predicate=inert(predicate[:LONGEST]),
    )
