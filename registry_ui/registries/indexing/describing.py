"""From manifests and configs to the columns of an Artifact. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from registry_ui.oci.digest import Digest
from registry_ui.oci.facts import gather_facts, parse_time
from registry_ui.oci.manifest import CONFIG_TYPES, Descriptor, Manifest

from ..models import UNSTATED
from .fetching import Fetched

_CREATED = "org.opencontainers.image.created"
_NO_PLATFORM = frozenset({"", "unknown/unknown"})


def configs_of(members: Mapping[str, Fetched]) -> dict[Digest, bytes]:
    return {
        each.manifest.config.digest: each.config
        for each in members.values()
        if each.manifest.config is not None
    }


def columns_of(
    digest: str, members: Mapping[str, Fetched], configs: Mapping[Digest, bytes]
) -> dict[str, Any]:
    """What the row of one of `members` says, as far as its manifest, its config and what is below it decide.

    Args:
        members: it and all below it, by digest; children that are not among them are left out.
        configs: theirs.

    Raises:
        InvalidManifest: indexes in indexes, too deep.
    """
    manifest = members[digest].manifest
    facts = gather_facts(
        without_absent(manifest, members),
        lambda child: without_absent(members[str(child)].manifest, members),
        lambda config: configs.get(config.digest, b""),
    )
    images = [found for found in facts.platforms if found.platform not in _NO_PLATFORM]
    layers = (
        [len(members[str(found.digest)].manifest.layers) for found in images]
        if manifest.is_index
        else [len(manifest.layers)]
    )
    return {
        "media_type": manifest.media_type,
        "artifact_type": _printable(artifact_type_of(manifest)),
        "config_digest": str(manifest.config.digest) if manifest.config else "",
        "subject": str(manifest.subject.digest) if manifest.subject else "",
        "manifest_size": manifest.size,
        "size": facts.size,
        "layer_count": sum(layers),
        "platforms": [found.as_row() for found in images],
        "built_at": facts.created_at or parse_time(manifest.annotations.get(_CREATED)) or UNSTATED,
    }


def without_absent(manifest: Manifest, members: Mapping[str, Fetched]) -> Manifest:
    """The manifest without the children that are not at hand."""
    children = tuple(
        child for child in manifest.children if not is_child(child) or str(child.digest) in members
    )
    return manifest if children == manifest.children else replace(manifest, children=children)


def is_child(descriptor: Descriptor) -> bool:
    """Whether what an index names is a manifest; the rest are blobs."""
    return descriptor.is_index or descriptor.is_manifest


def blobs_of(manifest: Manifest) -> dict[Digest, int]:
    """The blobs that a manifest itself names, with their sizes."""
    named = [*manifest.blobs, *(child for child in manifest.children if not is_child(child))]
    return {blob.digest: blob.size for blob in named}


def artifact_type_of(manifest: Manifest) -> str:
    """What kind of artifact it is; empty for an image and an index (image spec, "artifactType")."""
    if (
        manifest.artifact_type
        or manifest.config is None
        or manifest.config.media_type in CONFIG_TYPES
    ):
        return manifest.artifact_type
    return manifest.config.media_type


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:255]
