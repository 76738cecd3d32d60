"""What the rows of tags add up to: the sizes of repositories and of the registry. What nothing leads to any more is dropped."""

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

from ..models import (
    UNSTATED,
    Artifact,
    ArtifactBlob,
    ArtifactChild,
    Blob,
    Registry,
    Repository,
    RepositoryBlob,
    Tag,
)
from .saving import chunks, insert, writing

GRACE = timedelta(hours=1)
"""For so long a digest stays that nothing leads to: somebody may have opened it by itself, and is looking at it."""

# So many repositories or tags are counted, and so many rows dropped, before others may write again.
_REPOSITORIES_AT_ONCE = 200
_TAGS_AT_ONCE = 20_000
_ROWS_AT_ONCE = 2000

# What the tags of repositories need. Indexes may hold indexes; UNION, unlike UNION ALL, takes each artifact once.
_NEEDED = """
    WITH RECURSIVE reached (repository_id, artifact_id) AS (
        SELECT repository_id, artifact_id FROM registries_tag WHERE artifact_id IS NOT NULL AND repository_id IN ({keys})
        UNION
        SELECT reached.repository_id, child_id
        FROM reached INNER JOIN registries_artifactchild ON parent_id = reached.artifact_id
    )
    SELECT reached.repository_id, link.blob_id
    FROM reached INNER JOIN registries_artifactblob AS link ON link.artifact_id = reached.artifact_id
"""

# Joined once for all rows: a subquery for each row is slow on PostgreSQL as long as it has no statistics of new tables.
_SIZES = """
    UPDATE registries_repository SET size = counted.size, shared_size = counted.shared
    FROM (
        SELECT repository.id, COALESCE(SUM(blob.size), 0) AS size, COALESCE(SUM(CASE WHEN EXISTS (
            SELECT 1 FROM registries_repositoryblob AS other WHERE other.blob_id = blob.id AND other.repository_id <> repository.id
        ) THEN blob.size END), 0) AS shared
        FROM registries_repository AS repository
        LEFT OUTER JOIN registries_repositoryblob AS link ON link.repository_id = repository.id
        LEFT OUTER JOIN registries_blob AS blob ON blob.id = link.blob_id
        WHERE repository.id IN ({keys}) GROUP BY repository.id
    ) AS counted
    WHERE counted.id = registries_repository.id
"""
_SHARERS = """
    UPDATE registries_blob SET repository_count = counted.sharers
    FROM (
        SELECT blob.id, COUNT(link.id) AS sharers FROM registries_blob AS blob
        LEFT OUTER JOIN registries_repositoryblob AS link ON link.blob_id = blob.id
        WHERE blob.registry_id = %s GROUP BY blob.id
    ) AS counted
    WHERE counted.id = registries_blob.id AND counted.sharers <> registries_blob.repository_count
"""
_SHARED_SIZES = """
    UPDATE registries_repository SET shared_size = counted.shared
    FROM (
        SELECT repository.id, COALESCE(SUM(blob.size), 0) AS shared FROM registries_repository AS repository
        LEFT OUTER JOIN registries_repositoryblob AS link ON link.repository_id = repository.id
        LEFT OUTER JOIN registries_blob AS blob ON blob.id = link.blob_id AND blob.repository_count > 1
        WHERE repository.registry_id = %s GROUP BY repository.id
    ) AS counted
    WHERE counted.id = registries_repository.id AND counted.shared <> registries_repository.shared_size
"""


def count_repository(repository: Repository) -> None:
    """Work out which blobs a repository's tags need, its size, its number of tags and its last change."""
    count_repositories(repository.registry, [repository.pk])


def count_repositories(registry: Registry, keys: Iterable[int]) -> None:
    """The same for many repositories of a registry, in far less time.

    What these share is then right in their rows; in those of the others, and in the blobs', when `count_registry` has run.
    """
    for portion in _portions(registry, keys):
        with writing(registry):
            rows = Repository.objects.filter(pk__in=portion).order_by("pk")
            present = list(rows.select_for_update().values_list("pk", flat=True))
            if present:
                _bring_blobs_up_to_date(present)
                _sum_up(present)


def count_registry(registry: Registry) -> None:
    """Count the registry, and for each blob and repository what is shared; drop the artifacts and blobs that no tag leads to."""
    _drop_unreached_artifacts(registry)
    _drop_unnamed_blobs(registry)
    with writing(registry):
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # These read whole tables. Statistics from before a large run promise a few rows, and nested loops would never end.
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
    """The keys of the registry's own repositories, in lists that have not too many tags together."""
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


def _bring_blobs_up_to_date(keys: list[int]) -> None:
    """Write what has changed of the blobs that the repositories need."""
    needed: dict[int, set[int]] = {key: set() for key in keys}
    with connection.cursor() as cursor:
        cursor.execute(_for_keys(_NEEDED, keys), keys)
        for repository, blob in cursor:
            needed[repository].add(blob)
    known = RepositoryBlob.objects.filter(repository__in=keys).values_list(
        "pk", "repository_id", "blob_id"
    )
    gone = []
    for key, repository, blob in known.iterator():
        if blob in needed[repository]:
            needed[repository].remove(blob)
        else:
            gone.append(key)
    for chunk in chunks(gone):
        RepositoryBlob.objects.filter(pk__in=chunk).delete()
    insert(
        RepositoryBlob,
        [
            RepositoryBlob(repository_id=key, blob_id=blob)
            for key, blobs in needed.items()
            for blob in blobs
        ],
    )


def _sum_up(keys: list[int]) -> None:
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


def _drop_unreached_artifacts(registry: Registry) -> None:
    """What no tag names, no index holds, and what refers to nothing that is there. An index leaves its children to the next round."""
    artifacts = Artifact.objects.filter(registry=registry)
    unreached = artifacts.filter(
        ~Exists(Tag.objects.filter(artifact=OuterRef("pk"))),
        ~Exists(ArtifactChild.objects.filter(child=OuterRef("pk"))),
        ~Exists(artifacts.filter(digest=OuterRef("subject"))),
        fetched_at__lt=timezone.now() - GRACE,
    )
    while _drop_some(registry, unreached):
        pass


def _drop_unnamed_blobs(registry: Registry) -> None:
    unnamed = Blob.objects.filter(
        ~Exists(ArtifactBlob.objects.filter(blob=OuterRef("pk"))), registry=registry
    )
    while _drop_some(registry, unnamed):
        pass


def _drop_some(registry: Registry, rows: "QuerySet[Artifact] | QuerySet[Blob]") -> bool:
    """Drop the first of them; False where there are none."""
    with writing(registry):
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:_ROWS_AT_ONCE])
        for chunk in chunks(keys):
            rows.model._default_manager.filter(pk__in=chunk).delete()
    return bool(keys)
