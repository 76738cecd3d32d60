"""The columns of an Artifact, from its manifest and config. Pure functions."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from registry_ui.oci.digest import Digest
from registry_ui.oci.image_facts import gather_facts, parse_time
from registry_ui.oci.manifest import CONFIG_TYPES, Descriptor, Manifest

from ..models import UNSTATED
from .manifests import Fetched

_CREATED = "org.opencontainers.image.created"
# BuildKit writes unknown/unknown into the entries of attestations.
_NO_PLATFORM = frozenset({"", "unknown/unknown"})


def configs_of(members: Mapping[str, Fetched]) -> dict[Digest, bytes]:
    return {
        member.manifest.config.digest: member.config
        for member in members.values()
        if member.manifest.config is not None
    }


def columns_of(
    digest: str, members: Mapping[str, Fetched], configs: Mapping[Digest, bytes]
) -> dict[str, Any]:
    """Return the columns of one artifact that its manifest, its config and its children decide.

    Args:
        members: the artifact and all below it, by digest; other children are left out.
        configs: the configs of the members, by digest.

    Raises:
        InvalidManifest: indexes are nested too deep.
    """
    manifest = members[digest].manifest
    # A sparse index counts the children that exist.
    facts = gather_facts(
        without_absent(manifest, members),
        lambda child: without_absent(members[str(child)].manifest, members),
        lambda config: configs.get(config.digest, b""),
    )

    images = [image for image in facts.platforms if image.platform not in _NO_PLATFORM]
    image_manifests = [manifest]
    if manifest.is_index:
        image_manifests = [members[str(image.digest)].manifest for image in images]

    # An index has no config, so only its annotation can say when it was built.
    built_at = facts.created_at or parse_time(manifest.annotations.get(_CREATED)) or UNSTATED
    return {
        "media_type": manifest.media_type,
        "artifact_type": _printable(artifact_type_of(manifest)),
        "config_digest": str(manifest.config.digest) if manifest.config else "",
        "subject": str(manifest.subject.digest) if manifest.subject else "",
        "manifest_size": manifest.size,
        "size": facts.size,
        "layer_count": sum(len(image.layers) for image in image_manifests),
        "platforms": [image.as_row() for image in images],
        "built_at": built_at,
    }


def without_absent(manifest: Manifest, members: Mapping[str, Fetched]) -> Manifest:
    """Return the manifest without the child manifests that are not members."""
    children = tuple(
        child for child in manifest.children if not is_child(child) or str(child.digest) in members
    )
    return manifest if children == manifest.children else replace(manifest, children=children)


def is_child(descriptor: Descriptor) -> bool:
    """Return whether an entry of an index is a manifest; other entries are blobs."""
    return descriptor.is_index or descriptor.is_manifest


def blobs_of(manifest: Manifest) -> dict[Digest, int]:
    """Return the sizes of the blobs that a manifest itself names, by digest."""
    blobs = [*manifest.blobs, *(child for child in manifest.children if not is_child(child))]
    return {blob.digest: blob.size for blob in blobs}


def artifact_type_of(manifest: Manifest) -> str:
    """Return the artifact type; empty for an image and an index.

    Without `artifactType`, the media type of the config is the type (distribution spec, "Listing
    Referrers").
    """
    config = manifest.config
    if manifest.artifact_type or config is None or config.media_type in CONFIG_TYPES:
        return manifest.artifact_type
    return config.media_type


def _printable(text: str) -> str:
    # Anybody may have written the text, and PostgreSQL refuses a NUL in a string.
    return "".join(character for character in text if character.isprintable())[:255]
