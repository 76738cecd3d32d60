"""Rows of the index as a run would write them, for tests of pages without a registry."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from registry_ui.catalog.indexing.tag_columns import columns_of_artifact, columns_of_name
from registry_ui.catalog.models import (
    Artifact,
    ArtifactBlob,
    ArtifactChild,
    ArtifactDocument,
    Blob,
    Repository,
    RepositoryBlob,
    Tag,
)
from registry_ui.oci.manifest import OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST
from registry_ui.registries.models import Registry

BUILT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def digest_of(content: bytes | str) -> str:
    raw = content.encode() if isinstance(content, str) else content
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def make_image(
    registry: Registry,
    *layers: tuple[str, int],
    platform: str = "linux/amd64",
    built_at: datetime = BUILT,
    run: Mapping[str, Any] | None = None,
    history: Sequence[Mapping[str, Any]] = (),
    annotations: Mapping[str, str] | None = None,
    artifact_type: str = "",
    subject: Artifact | None = None,
) -> Artifact:
    """Save an image of layers, given as (any text, bytes).

    The same arguments give the same digest.
    """
    system, _slash, architecture = platform.partition("/")
    document = {
        "os": system,
        "architecture": architecture,
        "created": built_at.isoformat(),
        "config": dict(run or {}),
    }
    config = json.dumps({**document, "history": list(history)}).encode()
    descriptors = [
        {"mediaType": OCI_LAYER_GZIP, "digest": digest_of(text), "size": size}
        for text, size in layers
    ]
    config_descriptor = {
        "mediaType": OCI_CONFIG,
        "digest": digest_of(config),
        "size": len(config),
    }
    body: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config_descriptor,
        "layers": descriptors,
    }
    body |= {"annotations": dict(annotations)} if annotations else {}
    body |= {"artifactType": artifact_type} if artifact_type else {}
    if subject is not None:
        body["subject"] = {
            "mediaType": subject.media_type,
            "digest": subject.digest,
            "size": subject.manifest_size,
        }
    raw = json.dumps(body).encode()
    size = len(config) + sum(size for _text, size in dict(layers).items())
    artifact, created = Artifact.objects.get_or_create(
        registry=registry,
        digest=digest_of(raw),
        defaults={
            "team": registry.team,
            "media_type": OCI_MANIFEST,
            "artifact_type": artifact_type,
            "config_digest": config_descriptor["digest"],
            "subject": subject.digest if subject else "",
            "manifest_size": len(raw),
            "size": size,
            "layer_count": len(layers),
            "platforms": [
                {
                    "platform": platform,
                    "digest": digest_of(raw),
                    "image_id": config_descriptor["digest"],
                    "size": size,
                }
            ],
            "built_at": built_at,
        },
    )
    if created:
        ArtifactDocument.of(artifact, raw, config).save()
        blobs = {blob["digest"]: blob for blob in (config_descriptor, *descriptors)}
        for descriptor in blobs.values():
            blob, _new = Blob.objects.get_or_create(
                registry=registry,
                digest=descriptor["digest"],
                defaults={"size": descriptor["size"]},
            )
            ArtifactBlob.objects.create(artifact=artifact, blob=blob)
    return artifact


def make_index(registry: Registry, *images: Artifact) -> Artifact:
    """Save an index of images."""
    entries = []
    for image in images:
        system, _slash, architecture = image.platforms[0]["platform"].partition("/")
        entry = {"mediaType": image.media_type, "digest": image.digest, "size": image.manifest_size}
        entries.append({**entry, "platform": {"os": system, "architecture": architecture}})
    raw = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode()
    blobs = {blob.digest: blob.size for image in images for blob in image.blobs.all()}
    index = Artifact.objects.create(
        registry=registry,
        team=registry.team,
        digest=digest_of(raw),
        media_type=OCI_INDEX,
        manifest_size=len(raw),
        size=sum(blobs.values()),
        layer_count=sum(image.layer_count for image in images),
        platforms=[image.platforms[0] for image in images],
        built_at=max(image.built_at for image in images),
    )
    ArtifactDocument.of(index, raw, b"").save()
    for position, image in enumerate(images):
        ArtifactChild.objects.create(
            parent=index, child=image, position=position, platform=image.platforms[0]["platform"]
        )
    return index


def make_repository(
    registry: Registry, name: str, tags: Mapping[str, Artifact | None] | None = None, **columns: Any
) -> Repository:
    """Save a repository with tags, counted as after a run."""
    tags = tags or {}
    repository = Repository.objects.create(
        registry=registry,
        team=registry.team,
        name=name,
        **{"is_listed": True, "indexed_at": BUILT, "tag_count": len(tags), **columns},
    )
    for tag, artifact in tags.items():
        Tag.objects.create(
            repository=repository,
            team=registry.team,
            name=tag,
            digest=artifact.digest if artifact else "",
            checked_at=BUILT,
            changed_at=artifact.built_at if artifact else BUILT,
            **columns_of_name(tag),
            **columns_of_artifact(artifact),
        )
    roots = [artifact for artifact in tags.values() if artifact is not None]
    images = [*roots, *(child for root in roots for child in root.children.all())]
    blobs = {blob.pk: blob for image in images for blob in image.blobs.all()}
    RepositoryBlob.objects.bulk_create(
        RepositoryBlob(repository=repository, blob=blob) for blob in blobs.values()
    )
    repository.size = sum(blob.size for blob in blobs.values())
    repository.changed_at = max((root.built_at for root in roots), default=BUILT)
    repository.save(update_fields=["size", "changed_at"])
    return repository
