"""Manifests and indexes of OCI and Docker, parsed beside their raw bytes.

See the image spec, "manifest", "image-index" and "descriptor", and Docker's "Image Manifest Version
2, Schema 2".
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeGuard

from .digest import Digest
from .errors import ContentMismatch, InvalidDigest, InvalidManifest
from .image_platform import Platform as Platform  # imported from here with the manifests

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"

INDEX_TYPES = frozenset({OCI_INDEX, DOCKER_INDEX})
MANIFEST_TYPES = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
CONFIG_TYPES = frozenset({OCI_CONFIG, DOCKER_CONFIG})
ACCEPT = ", ".join((OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST))

# The spec asks registries to accept 4 MiB; some store more (distribution spec, "Pushing
# Manifests").
MANIFEST_LIMIT = 8 * 1024 * 1024
CHILDREN_LIMIT = 1000
LAYERS_LIMIT = 1000
SIZE_LIMIT = 1 << 48

# JSON can carry half of a surrogate pair, which nothing can store or show.
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")

# One object for all descriptors without annotations: an index has a thousand of them.
_NO_ANNOTATIONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A manifest's statement about some content (image spec, "descriptor"). `size` is bytes."""

    media_type: str
    digest: Digest
    size: int
    platform: Platform | None = None
    urls: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=lambda: _NO_ANNOTATIONS, hash=False)
    artifact_type: str = ""
    data: bytes | None = None

    @classmethod
    def from_document(cls, document: Any) -> "Descriptor":
        """Return the descriptor of a JSON object.

        Raises:
            InvalidManifest: a required member is missing or of the wrong type, the digest is
                malformed, or the size is over 256 TiB.
            ContentMismatch: its inline data is not what the digest names.
        """
        if not isinstance(document, dict):
            raise InvalidManifest("descriptor_malformed")
        media_type, size = document.get("mediaType"), document.get("size")
        if (
            not _is_text(media_type)
            or not isinstance(size, int)
            or isinstance(size, bool)
            or size < 0
        ):
            raise InvalidManifest("descriptor_incomplete")

        if size > SIZE_LIMIT:
            raise InvalidManifest("descriptor_too_large")

        try:
            digest = Digest.parse(str(document.get("digest")))
        except InvalidDigest as exc:
            raise InvalidManifest("descriptor_digest_malformed", cause=exc) from exc

        urls = document.get("urls")
        return cls(
            media_type=media_type,
            digest=digest,
            size=size,
            platform=Platform.from_document(document.get("platform")),
            urls=tuple(url for url in urls if _is_text(url)) if isinstance(urls, list) else (),
            annotations=_annotations(document.get("annotations")),
            artifact_type=document["artifactType"]
            if _is_text(document.get("artifactType"))
            else "",
            data=_inline_data(document.get("data"), digest, size),
        )

    @property
    def is_index(self) -> bool:
        """Return whether it names an index."""
        return self.media_type in INDEX_TYPES

    @property
    def is_manifest(self) -> bool:
        """Return whether it names an image's manifest."""
        return self.media_type in MANIFEST_TYPES

    @property
    def is_foreign(self) -> bool:
        """Return whether it is a layer that stays elsewhere (Windows base layers, `urls`)."""
        # Image spec, "Non-Distributable Layers"; Docker's name is "foreign".
        return (
            bool(self.urls)
            or "nondistributable" in self.media_type
            or ".foreign." in self.media_type
        )


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest or index: its raw bytes, which the digest covers, and their content.

    Args:
        config, layers: an image's.
        children: an index's entries.
        subject: the manifest that a referrer refers to.
    """

    raw: bytes
    media_type: str
    digest: Digest
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    children: tuple[Descriptor, ...] = ()
    subject: Descriptor | None = None
    annotations: Mapping[str, str] = field(default_factory=lambda: _NO_ANNOTATIONS, hash=False)
    artifact_type: str = ""

    @classmethod
    def parse(
        cls, raw: bytes, media_type: str | None = None, *, algorithm: str = "sha256"
    ) -> "Manifest":
        """Parse the bytes of a manifest.

        Args:
            raw: the bytes as they came, at most 8 MiB.
            media_type: the Content-Type, parameters allowed; None where only the body states it.
            algorithm: the hash of the manifest's digest.

        Raises:
            InvalidManifest: too large, not JSON, of another type than announced, an index and an
                image at once, more than 1,000 children, or a schema 1 manifest.
        """
        if len(raw) > MANIFEST_LIMIT:
            raise InvalidManifest("manifest_too_large", limit_bytes=MANIFEST_LIMIT)

        try:
            document = json.loads(raw)
        except (ValueError, RecursionError) as exc:
            raise InvalidManifest("manifest_not_json") from exc
        if not isinstance(document, dict):
            raise InvalidManifest("manifest_not_object")

        media_type = _agreed_media_type(document, media_type)
        # Of the bytes as they came: re-serialized JSON has another digest.
        digest = Digest.of(raw, algorithm)
        if media_type in INDEX_TYPES:
            return _parse_index(document, raw, media_type, digest)
        return _parse_image(document, raw, media_type, digest)

    @property
    def is_index(self) -> bool:
        """Return whether it is an index."""
        return self.media_type in INDEX_TYPES

    @property
    def size(self) -> int:
        """The bytes of the manifest itself."""
        return len(self.raw)

    @property
    def descriptor(self) -> Descriptor:
        """The manifest's own descriptor."""
        return Descriptor(
            self.media_type, self.digest, len(self.raw), artifact_type=self.artifact_type
        )

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Config and layers, each digest once, without the foreign layers that are not copied."""
        wanted = (
            *((self.config,) if self.config else ()),
            *(layer for layer in self.layers if not layer.is_foreign),
        )
        return tuple({blob.digest: blob for blob in wanted}.values())


def parse_config(raw: bytes) -> dict[str, Any]:
    """Return an image's config (image spec, "config"); empty where it is no JSON object."""
    text = raw.decode("utf-8-sig", "replace")
    try:
        document = json.loads(text)
        if "\\ud" in text or "\\uD" in text:
            document = json.loads(
                json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
            )
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _agreed_media_type(document: dict[str, Any], header: str | None) -> str:
    """Return the one type on which header, body and the body's shape agree."""
    # PROTOCOL.md, "Manifests": schema 1 gets a clear error.
    if document.get("schemaVersion") == 1 or "fsLayers" in document:
        raise InvalidManifest("manifest_schema_1")

    announced = (header or "").partition(";")[0].strip().lower()
    written = document.get("mediaType")
    if written is not None and not _is_text(written):
        raise InvalidManifest("media_type_not_text")
    known = INDEX_TYPES | MANIFEST_TYPES

    # The two differ only where something is wrong (PROTOCOL.md, "Manifests": an error).
    if announced in known and written and written != announced:
        raise InvalidManifest("media_type_differs", announced=announced, written=written[:100])

    # OCI manifests may leave `mediaType` out of the body (image spec, "manifest").
    by_shape = OCI_INDEX if "manifests" in document else OCI_MANIFEST
    media_type = announced if announced in known else written or by_shape
    if media_type not in known:
        raise InvalidManifest("media_type_unknown", media_type=media_type[:100])

    # A document that is both could show one image and run another.
    if "manifests" in document and ("layers" in document or "config" in document):
        raise InvalidManifest("manifest_ambiguous")
    return media_type


def _parse_index(document: dict[str, Any], raw: bytes, media_type: str, digest: Digest) -> Manifest:
    children = document.get("manifests")
    if not isinstance(children, list):
        raise InvalidManifest("index_without_manifests")

    if len(children) > CHILDREN_LIMIT:
        raise InvalidManifest("index_too_many_manifests", count=len(children), limit=CHILDREN_LIMIT)

    return Manifest(
        raw,
        media_type,
        digest,
        children=tuple(Descriptor.from_document(child) for child in children),
        **_shared_members(document),
    )


def _parse_image(document: dict[str, Any], raw: bytes, media_type: str, digest: Digest) -> Manifest:
    layers = document.get("layers")
    if not isinstance(layers, list):
        raise InvalidManifest("manifest_without_layers")

    if len(layers) > LAYERS_LIMIT:
        raise InvalidManifest("manifest_too_many_layers", count=len(layers), limit=LAYERS_LIMIT)

    if "config" not in document:
        raise InvalidManifest("manifest_without_config")

    return Manifest(
        raw,
        media_type,
        digest,
        config=Descriptor.from_document(document["config"]),
        layers=tuple(Descriptor.from_document(layer) for layer in layers),
        **_shared_members(document),
    )


def _shared_members(document: dict[str, Any]) -> dict[str, Any]:
    subject, artifact_type = document.get("subject"), document.get("artifactType")
    return {
        "subject": Descriptor.from_document(subject) if subject is not None else None,
        "annotations": _annotations(document.get("annotations")),
        "artifact_type": artifact_type if _is_text(artifact_type) else "",
    }


def _annotations(document: Any) -> Mapping[str, str]:
    if not isinstance(document, dict):
        return _NO_ANNOTATIONS
    # Other types than text are invalid, and dropped (image spec, "Annotations").
    return MappingProxyType(
        {key: value for key, value in document.items() if _is_text(key) and _is_text(value)}
    )


def _inline_data(encoded: Any, digest: Digest, size: int) -> bytes | None:
    if not _is_text(encoded):
        return None
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise InvalidManifest("inline_data_malformed") from exc
    if len(data) != size or Digest.of(data, digest.algorithm) != digest:
        raise ContentMismatch("inline_data_differs", digest=digest)
    return data


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and _HALF_CHARACTER.search(value) is None
