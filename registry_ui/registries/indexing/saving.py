"""What was found, written: artifacts with their documents, links and blobs, and tags. In bulk, whatever the number."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models, transaction

from registry_ui.oci.manifest import Manifest

from ..models import Artifact, ArtifactBlob, ArtifactChild, ArtifactDocument, Blob, Registry
from .describing import blobs_of, columns_of, configs_of, is_child
from .fetching import Fetched

CHUNK = 500

_Row = TypeVar("_Row", bound=models.Model)
_Item = TypeVar("_Item")


@contextmanager
def writing(registry: Registry) -> Iterator[None]:
    """A transaction in which nobody else writes this registry's index: what was looked up stays there until it is linked."""
    with transaction.atomic():
        # SQLite has one writer anyway.
        list(Registry.objects.select_for_update().filter(pk=registry.pk).values_list("pk"))
        yield


def chunks(items: Iterable[_Item], size: int = CHUNK) -> Iterator[list[_Item]]:
    """Lists of at most `size`: as many as a query of any database takes."""
    everything = list(items)
    for start in range(0, len(everything), size):
        yield everything[start : start + size]


def artifacts_by_digest(registry: Registry, digests: Iterable[str]) -> dict[str, Artifact]:
    """The rows whose documents are there too."""
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


def stored(registry: Registry, digests: Iterable[str]) -> dict[str, Fetched]:
    """Those of the manifests that need no fetching, from the index."""
    return {
        row.artifact.digest: Fetched(_parsed(row), row.config)
        for chunk in chunks(set(digests), 100)
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
class Described:
    """A manifest, and the columns of its row."""

    fetched: Fetched
    columns: Mapping[str, Any]


def described(members: Mapping[str, Fetched]) -> dict[str, Described]:
    """
    Args:
        members: manifests by digest, each with all that is below it.

    Raises:
        InvalidManifest: indexes in indexes, too deep.
    """
    configs = configs_of(members)
    return {
        digest: Described(fetched, columns_of(digest, members, configs))
        for digest, fetched in members.items()
    }


def save_artifacts(registry: Registry, rows: Mapping[str, Described]) -> dict[str, Artifact]:
    """The rows of manifests, by digest; those that are there are left as they are. Within `writing`."""
    if not rows:
        return {}
    documented = _documented(registry, rows)
    missing = {digest: row.fetched for digest, row in rows.items() if digest not in documented}
    shared = {"registry": registry, "team_id": registry.team_id}
    insert(
        Artifact, [Artifact(digest=digest, **shared, **rows[digest].columns) for digest in missing]
    )
    known = _rows_of(registry, rows)
    insert(
        ArtifactDocument,
        [
            ArtifactDocument.of(known[digest], each.manifest.raw, each.config)
            for digest, each in missing.items()
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
    named = {
        digest: {str(blob): size for blob, size in blobs_of(fetched.manifest).items()}
        for digest, fetched in missing.items()
    }
    sizes = {blob: size for blobs in named.values() for blob, size in blobs.items()}
    keys = _blob_keys(registry, sizes)
    insert(
        Blob,
        [
            Blob(registry=registry, digest=digest, size=size)
            for digest, size in sizes.items()
            if digest not in keys
        ],
    )
    keys |= _blob_keys(registry, sizes.keys() - keys.keys())
    links = [
        ArtifactBlob(artifact=known[digest], blob_id=keys[blob])
        for digest, blobs in named.items()
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


def present(model: type[models.Model], keys: Iterable[int]) -> set[int]:
    """Which of the rows are still there."""
    return {
        pk
        for chunk in chunks(keys)
        for pk in model._default_manager.filter(pk__in=chunk).values_list("pk", flat=True)
    }


def insert(model: type[_Row], rows: Sequence[_Row]) -> None:
    """Add rows; one that somebody else has added meanwhile is left as it is."""
    for chunk in chunks(rows):
        model._default_manager.bulk_create(chunk, ignore_conflicts=True)


def upsert(
    model: type[_Row], rows: Sequence[_Row], *, key: Sequence[str], columns: Sequence[str]
) -> None:
    """Add rows, or bring the columns of those that are there to what these say."""
    for chunk in chunks(rows):
        model._default_manager.bulk_create(
            chunk, update_conflicts=True, unique_fields=list(key), update_fields=list(columns)
        )
