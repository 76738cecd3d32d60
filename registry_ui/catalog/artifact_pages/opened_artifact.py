"""One artifact of a registry with its documents, and the image of one platform."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.digest import Digest
from registry_ui.oci.image_config import ConfigFacts, config_facts
from registry_ui.oci.image_history import history_of
from registry_ui.oci.manifest import Descriptor, Manifest, parse_config
from registry_ui.oci.reference import Reference
from registry_ui.oci.untrusted_text import LONGEST, escape_invisible
from registry_ui.registries.models import Registry

from ..indexing.index_services import ResolvedArtifact, resolve_artifact
from ..models import Artifact, ArtifactDocument, Repository, Tag
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
from .layers import LayerDiagram, draw_layers
from .platforms import choose_platform
from .shared_layers import sharing_of

_MAX_ATTACHED = 100
# oras stores the name of a file in this annotation of its layer.
_FILE_NAME = "org.opencontainers.image.title"


@dataclass(frozen=True, slots=True)
class AttachedEntry:
    """An entry of an index that is no image; `platform` is that of its image, if it states one.

    A blob has no page.
    """

    kind: Kind
    digest: str
    size: int
    platform: str = ""
    has_page: bool = True


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """A file: a layer of an artifact that is no image."""

    name: str
    kind: Kind
    media_type: str
    digest: str
    size: int
    predicate: str = ""


@dataclass
class OpenedArtifact:
    """A tag or digest with its documents.

    `root` is the manifest or index that it names; `manifest` and `config` are those of the shown
    platform.
    """

    resolved: ResolvedArtifact
    root: Manifest
    shown: Artifact
    manifest: Manifest
    config: bytes = b""
    platform: dict[str, Any] | None = None

    @property
    def repository(self) -> Repository:
        return self.resolved.repository

    @property
    def artifact(self) -> Artifact:
        return self.resolved.artifact

    @property
    def tag(self) -> Tag | None:
        return self.resolved.tag

    @cached_property
    def digest(self) -> Digest:
        return Digest.parse(self.artifact.digest)

    @property
    def reference(self) -> Reference:
        """The reference with the tag or digest that was requested."""
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
        """Return whether a container can run the shown image."""
        return self.shown_kind.is_image and not self.manifest.is_index

    @property
    def media_type(self) -> str:
        return str(MANIFEST_TYPES.get(self.artifact.media_type, self.artifact.media_type))

    @property
    def platforms(self) -> Sequence[dict[str, Any]]:
        """The images of an index; empty for another artifact."""
        return self.artifact.platforms if self.root.is_index else []

    @cached_property
    def facts(self) -> ConfigFacts:
        return config_facts(self._document)

    @cached_property
    def _document(self) -> dict[str, Any]:
        return parse_config(self.config) if self.is_image else {}

    @cached_property
    def diagram(self) -> LayerDiagram:
        """Return the layers with the images that share them, read from the index."""
        # The layers of another artifact are files, which are listed below.
        layers = self.manifest.layers if self.is_image else ()
        digests = {str(layer.digest) for layer in layers}
        registry = self.repository.registry
        sharing = sharing_of(registry, self.shown, self.artifact, digests) if digests else {}
        return draw_layers(layers, history_of(self._document, len(layers)), sharing)

    @cached_property
    def files(self) -> list[ArtifactFile]:
        return [] if self.is_image else [_file(layer) for layer in self.manifest.layers]

    @property
    def platform_name(self) -> str:
        """The shown platform of an index; empty for another artifact."""
        return self.platform["platform"] if self.platform and self.root.is_index else ""

    @property
    def url(self) -> str:
        """The URL of its page with the shown platform."""
        args = [self.repository.registry_id, self.repository.name]
        if self.tag is not None:
            path = reverse("registries:image_by_tag", args=[*args, self.tag.name])
        else:
            path = reverse("registries:image_by_digest", args=[*args, self.artifact.digest])
        return f"{path}?{self._platform_query}" if self._platform_query else path

    @property
    def _platform_query(self) -> str:
        # By digest, because an index may have two images of one platform.
        if not (self.root.is_index and self.platform):
            return ""
        return urlencode({"platform": self.shown.digest})

    @property
    def environment(self) -> list[Setting]:
        return [Setting(key, value) for key, value in self.facts.environment]

    @cached_property
    def labels(self) -> list[Setting]:
        return settings_of(self.facts.labels)

    @cached_property
    def _annotations(self) -> tuple[list[Setting], bool]:
        # The most specific source first: the image, its entry in the index, the index.
        return annotations_of(
            self.manifest.annotations, *self._entry_annotations(), self.root.annotations
        )

    @property
    def annotations(self) -> list[Setting]:
        return self._annotations[0]

    @property
    def is_cut(self) -> bool:
        """Return whether the documents contain more than the page shows."""
        return self._annotations[1] or self.facts.is_cut or self.diagram.omitted_count > 0

    @cached_property
    def origins(self) -> list[Fact]:
        return well_known(self.annotations, self.labels)

    @cached_property
    def attached(self) -> list[AttachedEntry]:
        """Return the entries of the index that are no images: attestations, mostly."""
        # By digest: an entry without a platform may be an image as well.
        images = {entry["digest"]: entry["platform"] for entry in self.platforms}
        others = [child for child in self.root.children if str(child.digest) not in images]
        return [_attached(child, images) for child in others[:_MAX_ATTACHED]]

    @property
    def documents(self) -> list[Document]:
        shown = self.shown.digest
        documents = []
        if self.root.is_index:
            root = Document(_("Index"), "manifest", self.artifact.digest, self.root.raw)
            documents.append(root)
        # An index without an image that could be shown has no manifest beside it.
        if not self.manifest.is_index:
            documents.append(Document(_("Manifest"), "manifest", shown, self.manifest.raw))
        if self.config:
            documents.append(Document(_("Config"), "config", shown, self.config))
        return documents

    @property
    def previous(self) -> Reference | None:
        """The digest that the tag named before it moved."""
        digest = self.tag.previous_digest if self.tag else ""
        return self.repository.reference.with_digest(Digest.parse(digest)) if digest else None

    @property
    def query(self) -> str:
        """The beginning of a query string that keeps the shown platform."""
        return f"?{self._platform_query}&" if self._platform_query else "?"

    @property
    def subject(self) -> str:
        """The digest that it refers to; empty if it is no referrer."""
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
    """Return a tag or digest with its documents.

    Args:
        platform: the image of an index to show, as a digest or a platform; by default the one for
            this machine.

    Raises:
        RepositoryUnknown, ManifestUnknown: the registry does not have it.
        OciError: the registry does not answer, or refuses.
    """
    resolved = resolve_artifact(registry=registry, repository=repository, identifier=identifier)
    resolved.repository.registry = registry
    return open_resolved([resolved], [choose_platform(resolved.artifact.platforms, platform)])[0]


def open_resolved(
    artifacts: Sequence[ResolvedArtifact], platforms: Sequence[dict[str, Any] | None]
) -> list[OpenedArtifact]:
    """Return artifacts with their documents, read with one query for all.

    Args:
        platforms: the platform to show of each artifact.

    Raises:
        OciError: a document is in neither the index nor the registry.
    """
    documents = _Documents(artifacts, platforms)
    opened = []
    for resolved, platform in zip(artifacts, platforms, strict=True):
        root = documents.get(resolved, resolved.artifact.digest)
        # Without a platform (an index of other artifacts) the index itself is shown.
        shown = documents.get(resolved, platform["digest"]) if platform else root
        opened.append(
            OpenedArtifact(
                resolved, _manifest(root), shown.artifact, _manifest(shown), shown.config, platform
            )
        )
    return opened


class _Documents:
    """The documents of several artifacts and of their platforms.

    `resolve_artifact` has read those of the artifacts; one query reads those of the platforms. A
    document that the index does not have is fetched on demand.
    """

    def __init__(
        self, artifacts: Sequence[ResolvedArtifact], platforms: Sequence[dict[str, Any] | None]
    ) -> None:
        roots = [resolved.artifact for resolved in artifacts]
        # By registry too: two registries may have the same digest.
        self._documents = {
            (artifact.registry_id, artifact.digest): artifact.document for artifact in roots
        }

        # An image without an index is its own platform.
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

    def get(self, resolved: ResolvedArtifact, digest: str) -> ArtifactDocument:
        registry = resolved.repository.registry
        row = self._documents.get((registry.pk, digest))
        if row is not None:
            return row

        fetched = resolve_artifact(
            registry=registry, repository=resolved.repository.name, identifier=Digest.parse(digest)
        )
        return fetched.artifact.document


def _manifest(document: ArtifactDocument) -> Manifest:
    # The raw bytes were verified when they were fetched; parsing does not change them.
    digest = Digest.parse(document.artifact.digest)
    return Manifest.parse(
        document.manifest, document.artifact.media_type, algorithm=digest.algorithm
    )


def _attached(child: Descriptor, images: dict[str, str]) -> AttachedEntry:
    # BuildKit names the image of an attestation in this annotation.
    platform = images.get(child.annotations.get("vnd.docker.reference.digest", ""), "")
    return AttachedEntry(
        kind_of_descriptor(child),
        str(child.digest),
        child.size,
        platform,
        child.is_index or child.is_manifest,
    )


def _file(layer: Descriptor) -> ArtifactFile:
    predicate = next(
        (layer.annotations[name] for name in PREDICATE_ANNOTATIONS if name in layer.annotations), ""
    )
    # Without a predicate, the descriptor of a plain file says nothing but its media type.
    kind = kind_of_type(layer.media_type)
    if layer.is_manifest or predicate:
        kind = kind_of_descriptor(layer)

    return ArtifactFile(
        name=escape_invisible(layer.annotations.get(_FILE_NAME, "")[:LONGEST]),
        kind=kind,
        media_type=escape_invisible(layer.media_type[:LONGEST]),
        digest=str(layer.digest),
        size=layer.size,
        predicate=escape_invisible(predicate[:LONGEST]),
    )
