"""Kinds of artifacts, by their media types and artifact types."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.manifest import (
    CONFIG_TYPES,
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    Manifest,
)
from registry_ui.oci.untrusted_text import escape_invisible

# The annotations in which attestation tools write the type of the predicate.
PREDICATE_ANNOTATIONS = (
    "in-toto.io/predicate-type",
    "dev.sigstore.bundle.predicateType",
    "predicateType",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of artifact: its name and icon, and whether a container can run it."""

    text: str | Promise
    icon: str = "package"
    is_image: bool = False


MANIFEST_TYPES = {
    OCI_INDEX: _("OCI image index"),
    OCI_MANIFEST: _("OCI image manifest"),
    DOCKER_INDEX: _("Docker manifest list"),
    DOCKER_MANIFEST: _("Docker image manifest"),
}
INDEX = Kind(_("Index of several platforms"), "versions", is_image=True)
IMAGE = Kind(_("Image of one platform"), "package", is_image=True)
_IMAGE_LAYERS = (
    "application/vnd.oci.image.layer.",
    "application/vnd.docker.image.rootfs.",
    "application/vnd.docker.container.image.rootfs.",
)
# The config of an artifact without one (image spec, "Guidance for an Empty Descriptor").
_EMPTY = "application/vnd.oci.empty.v1+json"

_SIGNATURE = Kind(_("cosign signature"), "signature")
_SPDX = Kind(_("SBOM (SPDX)"), "list-details")
_CYCLONEDX = Kind(_("SBOM (CycloneDX)"), "list-details")
_SYFT = Kind(_("SBOM (Syft)"), "list-details")
_IN_TOTO = Kind(_("in-toto attestation"), "certificate")
_VEX = Kind(_("OpenVEX statement"), "report")
# The longest prefix of a type decides; a version and parameters may follow it.
_BY_TYPE = {
    "application/vnd.dev.cosign.artifact.sig.": _SIGNATURE,
    "application/vnd.dev.cosign.simplesigning.": _SIGNATURE,
    "application/vnd.dev.cosign.artifact.sbom.": Kind(_("SBOM"), "list-details"),
    "application/vnd.dev.cosign.artifact.att.": Kind(_("cosign attestation"), "certificate"),
    "application/vnd.dsse.envelope.": Kind(_("signed attestation (DSSE)"), "certificate"),
    "application/vnd.dev.sigstore.bundle": Kind(_("Sigstore bundle"), "signature"),
    "application/vnd.cncf.notary.signature": Kind(_("Notation signature"), "signature"),
    "application/vnd.cncf.notary.v2.signature": Kind(_("Notation signature"), "signature"),
    "application/spdx": _SPDX,
    "text/spdx": _SPDX,
    "application/vnd.cyclonedx": _CYCLONEDX,
    "application/vnd.syft": _SYFT,
    "application/vnd.goharbor.harbor.sbom.": Kind(_("SBOM (Harbor)"), "list-details"),
    "application/vnd.in-toto": _IN_TOTO,
    "application/vnd.docker.attestation.manifest.": Kind(_("BuildKit attestation"), "certificate"),
    "application/sarif": Kind(_("scan report (SARIF)"), "bug"),
    "application/vnd.security.vulnerability.report": Kind(_("vulnerability report"), "bug"),
    "application/openvex": _VEX,
    "application/vnd.openvex": _VEX,
    "application/vex": _VEX,
    "application/vnd.microsoft.artifact.lifecycle": Kind(
        _("lifecycle metadata (Microsoft)"), "history"
    ),
    "application/vnd.cncf.helm.": Kind(_("Helm chart"), "steering-wheel"),
    "application/vnd.cncf.flux.": Kind(_("Flux source"), "git-compare"),
    "application/vnd.cncf.openpolicyagent.": Kind(_("Open Policy Agent bundle"), "shield-check"),
    "application/vnd.cncf.kyverno.": Kind(_("Kyverno policy"), "shield-check"),
    "application/vnd.cncf.model.": Kind(_("AI model"), "brain"),
    "application/vnd.docker.ai.": Kind(_("AI model"), "brain"),
    "application/vnd.ollama.image.model": Kind(_("AI model"), "brain"),
    "application/vnd.wasm.": Kind(_("WebAssembly module"), "puzzle"),
    "application/wasm": Kind(_("WebAssembly module"), "puzzle"),
    "application/vnd.module.wasm.": Kind(_("WebAssembly module"), "puzzle"),
    "application/vnd.docker.plugin.": Kind(_("Docker Engine plugin"), "puzzle"),
    "application/vnd.docker.compose.": Kind(_("Compose project"), "stack-2"),
    "application/vnd.buildkit.cacheconfig.": Kind(_("BuildKit cache"), "database"),
    "application/vnd.devcontainers": Kind(_("Dev container feature"), "code"),
    "application/vnd.gitlab.": Kind(_("GitLab artifact"), "package"),
    "application/vnd.oci.image.config.": IMAGE,
    "application/vnd.docker.container.image.": IMAGE,
}
_PREDICATES = {
    "https://slsa.dev/provenance": Kind(_("provenance (SLSA)"), "certificate"),
    "https://spdx.dev/Document": _SPDX,
    "https://cyclonedx.org/bom": _CYCLONEDX,
    "https://openvex.dev/": _VEX,
    "https://cosign.sigstore.dev/attestation/vuln": Kind(_("vulnerability report"), "bug"),
    "https://sigstore.dev/cosign/sign/": _SIGNATURE,
}
# The suffixes of cosign's tags, which are older than the referrers API: sha256-<hex>.sig.
COSIGN_TAGS = {
    "sig": _SIGNATURE,
    "att": Kind(_("cosign attestation"), "certificate"),
    "sbom": Kind(_("SBOM"), "list-details"),
}


def kind_of_type(text: str) -> Kind:
    """Return the kind for a media type; the text of an unknown type is its own name."""
    return _longest_prefix(_BY_TYPE, text.lower()) or Kind(
        escape_invisible(text[:100]) or _("artifact of no stated type")
    )


def kind_of_descriptor(descriptor: Descriptor) -> Kind:
    """Return the kind of an index's entry or of a referrer, without its manifest."""
    if kind := _kind_of_predicate(descriptor.annotations):
        return kind
    # BuildKit stores attestations as images of the platform unknown/unknown in the index.
    if descriptor.annotations.get("vnd.docker.reference.type") == "attestation-manifest":
        return kind_of_type("application/vnd.docker.attestation.manifest.v1+json")
    if descriptor.artifact_type:
        return kind_of_type(descriptor.artifact_type)
    if descriptor.is_index:
        return INDEX
    return IMAGE if descriptor.is_manifest else kind_of_type(descriptor.media_type)


def kind_of_manifest(manifest: Manifest) -> Kind:
    """Return the kind of a manifest or index."""
    if kind := _kind_of_predicate(manifest.annotations):
        return kind
    if manifest.is_index:
        return kind_of_type(manifest.artifact_type) if manifest.artifact_type else INDEX

    # Signatures and attestations often have the config of an image, so the layers decide.
    config = manifest.config.media_type if manifest.config else ""
    # Layers that are no file system of an image.
    contents = [
        layer for layer in manifest.layers if not layer.media_type.startswith(_IMAGE_LAYERS)
    ]
    if config in CONFIG_TYPES and len(contents) < max(len(manifest.layers), 1):
        return IMAGE
    for layer in contents:
        if kind := _kind_of_predicate(layer.annotations):
            return kind

    # In the order of precision: the artifact type, the config's type, the types of the layers.
    stated = [manifest.artifact_type]
    if config not in (_EMPTY, *CONFIG_TYPES):
        stated.append(config)
    types = [text for text in (*stated, *(layer.media_type for layer in contents)) if text]
    for text in types:
        if kind := _longest_prefix(_BY_TYPE, text.lower()):
            return kind
    return kind_of_type(types[0] if types else config)


def _kind_of_predicate(annotations: Mapping[str, str]) -> Kind | None:
    for name in PREDICATE_ANNOTATIONS:
        if kind := _longest_prefix(_PREDICATES, annotations.get(name, "")):
            return kind
    return None


def _longest_prefix(kinds: Mapping[str, Kind], text: str) -> Kind | None:
    prefixes = [prefix for prefix in kinds if text.startswith(prefix)]
    return kinds[max(prefixes, key=len)] if prefixes else None
