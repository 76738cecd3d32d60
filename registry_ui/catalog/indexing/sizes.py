"""Sizes and counts of repositories and of the registry, computed from the rows of tags.

Artifacts and blobs that no tag reaches are deleted.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.db import connection
from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    Max,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from registry_ui.registries.models import Registry

from ..models import (
    UNSTATED,
    Artifact,
    ArtifactBlob,
    ArtifactChild,
    Blob,
    Repository,
    RepositoryBlob,
    Tag,
)
from .artifact_rows import chunks, index_lock, insert

GRACE = timedelta(hours=1)
"""The time that an unreached digest stays: somebody may have opened it by itself."""

# The work of one transaction: other writers wait for its end.
_REPOSITORIES_AT_ONCE = 200
_TAGS_AT_ONCE = 20_000
_ROWS_AT_ONCE = 2000

# The blobs that the tags of repositories need. Indexes may contain indexes; UNION, unlike UNION
# ALL, returns each artifact once, so the recursion ends.
_NEEDED = """
    WITH RECURSIVE reached (repository_id, artifact_id) AS (
        SELECT repository_id, artifact_id FROM catalog_tag
        WHERE artifact_id IS NOT NULL AND repository_id IN ({keys})
        UNION
        SELECT reached.repository_id, child_id
        FROM reached INNER JOIN catalog_artifactchild ON parent_id = reached.artifact_id
    )
    SELECT reached.repository_id, link.blob_id
    FROM reached
    INNER JOIN catalog_artifactblob AS link ON link.artifact_id = reached.artifact_id
"""

# Joined once for all rows: a subquery for each row is slow on PostgreSQL as long as it has no
# statistics of new tables.
_SIZES = """
    UPDATE catalog_repository SET size = counted.size, shared_size = counted.shared
    FROM (
        SELECT repository.id, COALESCE(SUM(blob.size), 0) AS size, COALESCE(SUM(CASE WHEN EXISTS (
            SELECT 1 FROM catalog_repositoryblob AS other
            WHERE other.blob_id = blob.id AND other.repository_id <> repository.id
        ) THEN blob.size END), 0) AS shared
        FROM catalog_repository AS repository
        LEFT OUTER JOIN catalog_repositoryblob AS link ON link.repository_id = repository.id
        LEFT OUTER JOIN catalog_blob AS blob ON blob.id = link.blob_id
        WHERE repository.id IN ({keys}) GROUP BY repository.id
    ) AS counted
    WHERE counted.id = catalog_repository.id
"""
_SHARERS = """
    UPDATE catalog_blob SET repository_count = counted.sharers
    FROM (
        SELECT blob.id, COUNT(link.id) AS sharers FROM catalog_blob AS blob
        LEFT OUTER JOIN catalog_repositoryblob AS link ON link.blob_id = blob.id
        WHERE blob.registry_id = %s GROUP BY blob.id
    ) AS counted
    WHERE counted.id = catalog_blob.id AND counted.sharers <> catalog_blob.repository_count
"""
_SHARED_SIZES = """
    UPDATE catalog_repository SET shared_size = counted.shared
    FROM (
        SELECT repository.id, COALESCE(SUM(blob.size), 0) AS shared
        FROM catalog_repository AS repository
        LEFT OUTER JOIN catalog_repositoryblob AS link ON link.repository_id = repository.id
        LEFT OUTER JOIN catalog_blob AS blob
        ON blob.id = link.blob_id AND blob.repository_count > 1
        WHERE repository.registry_id = %s GROUP BY repository.id
    ) AS counted
    WHERE counted.id = catalog_repository.id
    AND counted.shared <> catalog_repository.shared_size
"""


def count_repository(repository: Repository) -> None:
    """Update a repository's blobs, size, number of tags and last change from its tags."""
    count_repositories(repository.registry, [repository.pk])


def count_repositories(registry: Registry, keys: Iterable[int]) -> None:
    """Do the same as `count_repository` for many repositories, in far less time.

    Afterwards the shared sizes of these repositories are right; those of the others, and the counts
    of blobs, are right when `count_registry` has run.
    """
    for portion in _portions(registry, keys):
        with index_lock(registry):
            # In the order of keys, so that two runs cannot lock each other's rows.
            rows = Repository.objects.filter(pk__in=portion).order_by("pk")
            existing = list(rows.select_for_update().values_list("pk", flat=True))
            if existing:
                _update_blobs(existing)
                _update_sizes(existing)


def count_registry(registry: Registry) -> None:
    """Update the registry's totals, and the shared sizes of its blobs and repositories.

    Artifacts and blobs that no tag reaches are deleted first.
    """
    _delete_unreached_artifacts(registry)
    _delete_unused_blobs(registry)

    with index_lock(registry):
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # These queries read whole tables. Statistics from before a large run promise a few
                # rows, and the planner would choose nested loops, which take too long.
                cursor.execute("SET LOCAL enable_nestloop = off")
            key = Registry._meta.pk.get_db_prep_value(registry.pk, connection)
            cursor.execute(_SHARERS, [key])
            cursor.execute(_SHARED_SIZES, [key])

        counted = Repository.objects.filter(registry=registry).aggregate(
            count=Count("pk"), tags=Coalesce(Sum("tag_count"), 0)
        )
        needed = Blob.objects.filter(registry=registry, repository_count__gt=0).aggregate(
            size=Coalesce(Sum("size"), 0)
        )
        Registry.objects.filter(pk=registry.pk).update(
            repository_count=counted["count"], tag_count=counted["tags"], size=needed["size"]
        )


def _portions(registry: Registry, keys: Iterable[int]) -> Iterator[list[int]]:
    """Yield keys of the registry's repositories in lists whose tags fit into one transaction."""
    for chunk in chunks(keys, _REPOSITORIES_AT_ONCE):
        counts = (
            Repository.objects.filter(registry=registry, pk__in=chunk)
            .order_by("pk")
            .annotate(count=Count("tags"))
        )

        portion: list[int] = []
        tags = 0
        for key, count in counts.values_list("pk", "count"):
            if portion and tags + count > _TAGS_AT_ONCE:
                yield portion
                portion, tags = [], 0
            portion.append(key)
            tags += count
        if portion:
            yield portion


def _update_blobs(keys: list[int]) -> None:
    """Insert and delete the links from repositories to the blobs that they need."""
    needed: dict[int, set[int]] = {key: set() for key in keys}
    with connection.cursor() as cursor:
        cursor.execute(_for_keys(_NEEDED, keys), keys)
        for repository, blob in cursor:
            needed[repository].add(blob)

    # Only the differences are written: most links of a large repository stay the same.
    known = RepositoryBlob.objects.filter(repository__in=keys).values_list(
        "pk", "repository_id", "blob_id"
    )
    obsolete = []
    for key, repository, blob in known.iterator():
        if blob in needed[repository]:
            needed[repository].remove(blob)
        else:
            obsolete.append(key)

    for chunk in chunks(obsolete):
        RepositoryBlob.objects.filter(pk__in=chunk).delete()
    insert(
        RepositoryBlob,
        [
            RepositoryBlob(repository_id=key, blob_id=blob)
            for key, blobs in needed.items()
            for blob in blobs
        ],
    )


def _update_sizes(keys: list[int]) -> None:
    tags = Tag.objects.filter(repository=OuterRef("pk")).order_by().values("repository")
    Repository.objects.filter(pk__in=keys).update(
        tag_count=Coalesce(Subquery(tags.annotate(count=Count("pk")).values("count")), 0),
        changed_at=Coalesce(
            Subquery(tags.annotate(newest=Max("changed_at")).values("newest")),
            Value(UNSTATED, DateTimeField()),
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute(_for_keys(_SIZES, keys), keys)


def _for_keys(sql: str, keys: list[int]) -> str:
    return sql.format(keys=", ".join(["%s"] * len(keys)))


def _delete_unreached_artifacts(registry: Registry) -> None:
    """Delete artifacts without a tag, a parent and an existing subject.

    The children of a deleted index are deleted in the next round.
    """
    artifacts = Artifact.objects.filter(registry=registry)
    unreached = artifacts.filter(
        ~Exists(Tag.objects.filter(artifact=OuterRef("pk"))),
        ~Exists(ArtifactChild.objects.filter(child=OuterRef("pk"))),
        ~Exists(artifacts.filter(digest=OuterRef("subject"))),
        fetched_at__lt=timezone.now() - GRACE,
    )
    while _delete_some(registry, unreached):
        pass


def _delete_unused_blobs(registry: Registry) -> None:
    unused = Blob.objects.filter(
        ~Exists(ArtifactBlob.objects.filter(blob=OuterRef("pk"))), registry=registry
    )
    while _delete_some(registry, unused):
        pass


def _delete_some(registry: Registry, rows: "QuerySet[Artifact] | QuerySet[Blob]") -> bool:
    """Delete the first rows; return False if there were none."""
    with index_lock(registry):
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:_ROWS_AT_ONCE])
        for chunk in chunks(keys):
            rows.model._default_manager.filter(pk__in=chunk).delete()
    return bool(keys)
