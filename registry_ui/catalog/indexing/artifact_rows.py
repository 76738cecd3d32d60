"""Artifacts with their documents, links and blobs, written in bulk."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models, transaction

from registry_ui.oci.manifest import Manifest
from registry_ui.registries.models import Registry

from ..models import Artifact, ArtifactBlob, ArtifactChild, ArtifactDocument, Blob
from .artifact_columns import blobs_of, columns_of, configs_of, is_child
from .manifests import Fetched

# Below the number of parameters that any database takes in one query.
CHUNK = 500
# Documents are large: fewer at a time.
_DOCUMENTS_AT_ONCE = 100

_Row = TypeVar("_Row", bound=models.Model)
_Item = TypeVar("_Item")


@contextmanager
def index_lock(registry: Registry) -> Iterator[None]:
    """Run a transaction in which nothing else writes this registry's index.

    Without the lock, a row that was found could be deleted before another row refers to it.
    """
    with transaction.atomic():
        # SQLite has one writer, so there the lock changes nothing.
        list(Registry.objects.select_for_update().filter(pk=registry.pk).values_list("pk"))
        yield


def chunks(items: Iterable[_Item], size: int = CHUNK) -> Iterator[list[_Item]]:
    """Yield lists of at most `size` items."""
    all_items = list(items)
    for start in range(0, len(all_items), size):
        yield all_items[start : start + size]


def artifacts_by_digest(registry: Registry, digests: Iterable[str]) -> dict[str, Artifact]:
    """Return the rows, by digest, whose documents are stored."""
    return {
        artifact.digest: artifact
        for chunk in chunks(set(digests))
        for artifact in Artifact.objects.filter(
            registry=registry, digest__in=chunk, document__isnull=False
        )
    }


def _rows_of(registry: Registry, digests: Iterable[str]) -> dict[str, Artifact]:
    rows = Artifact.objects.filter(registry=registry)
    return {
        artifact.digest: artifact
        for chunk in chunks(digests)
        for artifact in rows.filter(digest__in=chunk)
    }


def stored_manifests(registry: Registry, digests: Iterable[str]) -> dict[str, Fetched]:
    """Return the manifests that the index has, by digest."""
    return {
        row.artifact.digest: Fetched(_parsed(row), row.config)
        for chunk in chunks(set(digests), _DOCUMENTS_AT_ONCE)
        for row in ArtifactDocument.objects.filter(
            artifact__registry=registry, artifact__digest__in=chunk
        ).select_related("artifact")
    }


def _documented(registry: Registry, digests: Iterable[str]) -> set[str]:
    rows = ArtifactDocument.objects.filter(artifact__registry=registry)
    return {
        digest
        for chunk in chunks(digests)
        for digest in rows.filter(artifact__digest__in=chunk).values_list(
            "artifact__digest", flat=True
        )
    }


def _parsed(document: ArtifactDocument) -> Manifest:
    artifact = document.artifact
    return Manifest.parse(
        document.manifest, artifact.media_type, algorithm=artifact.digest.partition(":")[0]
    )


@dataclass(frozen=True, slots=True)
class ArtifactData:
    """A manifest, and the columns of its row."""

    fetched: Fetched
    columns: Mapping[str, Any]


def describe_artifacts(members: Mapping[str, Fetched]) -> dict[str, ArtifactData]:
    """Return the data of the artifacts, by digest.

    Args:
        members: manifests by digest, each with all below it.

    Raises:
        InvalidManifest: indexes are nested too deep.
    """
    configs = configs_of(members)
    return {
        digest: ArtifactData(fetched, columns_of(digest, members, configs))
        for digest, fetched in members.items()
    }


def save_artifacts(registry: Registry, rows: Mapping[str, ArtifactData]) -> dict[str, Artifact]:
    """Insert the artifacts that are missing, and return all of them by digest.

    Call it within `index_lock`. A digest never changes, so an existing row is left as it is.
    """
    if not rows:
        return {}

    # By documents, not by rows: a row whose document is missing has to be completed.
    documented = _documented(registry, rows)
    missing = {digest: row.fetched for digest, row in rows.items() if digest not in documented}
    # Artifacts repeat the team of their registry, so that lists filter by team without a join.
    shared = {"registry": registry, "team_id": registry.team_id}
    insert(
        Artifact, [Artifact(digest=digest, **shared, **rows[digest].columns) for digest in missing]
    )

    known = _rows_of(registry, rows)
    insert(
        ArtifactDocument,
        [
            ArtifactDocument.of(known[digest], fetched.manifest.raw, fetched.config)
            for digest, fetched in missing.items()
        ],
    )
    _save_children(known, missing)
    _save_blobs(registry, known, missing)
    return known


def _save_children(known: Mapping[str, Artifact], missing: Mapping[str, Fetched]) -> None:
    insert(
        ArtifactChild,
        [
            ArtifactChild(
                parent=known[digest],
                child=known[str(child.digest)],
                position=position,
                platform=str(child.platform or "")[:100],
            )
            for digest, fetched in missing.items()
            for position, child in enumerate(fetched.manifest.children)
            if is_child(child) and str(child.digest) in known
        ],
    )


def _save_blobs(
    registry: Registry, known: Mapping[str, Artifact], missing: Mapping[str, Fetched]
) -> None:
    blobs_by_artifact = {
        digest: {str(blob): size for blob, size in blobs_of(fetched.manifest).items()}
        for digest, fetched in missing.items()
    }
    # A blob has one row per registry, whatever the number of its manifests.
    sizes = {blob: size for blobs in blobs_by_artifact.values() for blob, size in blobs.items()}

    keys = _blob_keys(registry, sizes)
    insert(
        Blob,
        [
            Blob(registry=registry, digest=digest, size=size)
            for digest, size in sizes.items()
            if digest not in keys
        ],
    )
    # `bulk_create` returns no keys of rows that it ignored, so the new ones are read again.
    keys |= _blob_keys(registry, sizes.keys() - keys.keys())

    links = [
        ArtifactBlob(artifact=known[digest], blob_id=keys[blob])
        for digest, blobs in blobs_by_artifact.items()
        for blob in blobs
    ]
    insert(ArtifactBlob, links)


def _blob_keys(registry: Registry, digests: Iterable[str]) -> dict[str, int]:
    return {
        digest: key
        for chunk in chunks(digests)
        for digest, key in Blob.objects.filter(registry=registry, digest__in=chunk).values_list(
            "digest", "pk"
        )
    }


def existing_keys(model: type[models.Model], keys: Iterable[int]) -> set[int]:
    """Return the keys whose rows still exist."""
    return {
        pk
        for chunk in chunks(keys)
        for pk in model._default_manager.filter(pk__in=chunk).values_list("pk", flat=True)
    }


def insert(model: type[_Row], rows: Sequence[_Row]) -> None:
    """Insert rows; a row that was inserted meanwhile is left as it is."""
    for chunk in chunks(rows):
        # Not `get_or_create`: one query for all rows.
        model._default_manager.bulk_create(chunk, ignore_conflicts=True)


def upsert(
    model: type[_Row], rows: Sequence[_Row], *, key: Sequence[str], columns: Sequence[str]
) -> None:
    """Insert rows, or update the given columns of rows with the same key."""
    for chunk in chunks(rows):
        model._default_manager.bulk_create(
            chunk, update_conflicts=True, unique_fields=list(key), update_fields=list(columns)
        )
