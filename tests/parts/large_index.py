"""A large index without a registry: rows of thousands of tags and of repositories."""

import itertools
from dataclasses import dataclass
from datetime import timedelta

from registry_ui.catalog.indexing.tag_columns import columns_of_artifact, columns_of_name
from registry_ui.catalog.models import Artifact, Repository, RepositoryBlob, Tag
from registry_ui.registries.models import Registry
from tests.parts.index_rows import BUILT, make_image, make_index
from tests.parts.large_registry import repository_names, tag_names

_BATCH = 500


@dataclass(frozen=True)
class LargeIndex:
    registry: Registry
    repository: Repository
    images: list[Artifact]
    tags: list[str]


def fill_index(registry: Registry, *, tags: int, repositories: int, images: int = 20) -> LargeIndex:
    """Create one repository with many tags, and many repositories with one tag."""
    artifacts = [_index(registry, number) for number in range(images)]
    repository = Repository.objects.create(
        registry=registry,
        team=registry.team,
        name="library/app",
        is_listed=True,
        indexed_at=BUILT,
        tag_count=tags,
        size=images * 1000,
    )
    names = tag_names(tags)
    rows = [
        _tag(repository, name, artifact)
        for name, artifact in zip(names, itertools.cycle(artifacts), strict=False)
    ]
    Tag.objects.bulk_create(rows, batch_size=_BATCH)
    blobs = {
        blob.pk
        for artifact in artifacts
        for child in artifact.children.all()
        for blob in child.blobs.all()
    }
    RepositoryBlob.objects.bulk_create(
        RepositoryBlob(repository=repository, blob_id=pk) for pk in blobs
    )
    _others(registry, repositories, artifacts)
    Registry.objects.filter(pk=registry.pk).update(repository_count=repositories + 1)
    registry.refresh_from_db()
    return LargeIndex(registry, repository, artifacts, names)


def _index(registry: Registry, number: int) -> Artifact:
    layers = [("base", 30_000_000), (f"layer {number}", 1_000_000 + number)]
    built_at = BUILT + timedelta(hours=number)
    platforms = ("linux/amd64", "linux/arm64")
    return make_index(
        registry,
        *(
            make_image(registry, *layers, platform=platform, built_at=built_at)
            for platform in platforms
        ),
    )


def _others(registry: Registry, count: int, artifacts: list[Artifact]) -> None:
    values = {
        "registry": registry,
        "team": registry.team,
        "is_listed": True,
        "indexed_at": BUILT,
        "tag_count": 1,
    }
    rows = [
        Repository(
            name=name, size=number * 1000, changed_at=BUILT + timedelta(minutes=number), **values
        )
        for number, name in enumerate(repository_names(count))
    ]
    made = Repository.objects.bulk_create(rows, batch_size=_BATCH)
    tags = [
        _tag(repository, "1.0.0", artifact)
        for repository, artifact in zip(made, itertools.cycle(artifacts), strict=False)
    ]
    Tag.objects.bulk_create(tags, batch_size=_BATCH)


def _tag(repository: Repository, name: str, artifact: Artifact) -> Tag:
    times = {"checked_at": BUILT, "changed_at": artifact.built_at}
    columns = {**columns_of_name(name), **columns_of_artifact(artifact)}
    return Tag(
        repository=repository,
        team_id=repository.team_id,
        name=name,
        digest=artifact.digest,
        **times,
        **columns,
    )
