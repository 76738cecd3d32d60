"""Rows of many tags without images."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from registry_ui.catalog.indexing.tag_columns import columns_of_name
from registry_ui.catalog.models import Artifact, Repository, Tag
from tests.parts.index_rows import BUILT, digest_of


def add_tags(
    repository: Repository, names: Iterable[str] | Mapping[str, str], **columns: Any
) -> None:
    """Add tags, each with its own digest; a mapping gives tags with the same text one digest."""
    contents = names if isinstance(names, Mapping) else {name: name for name in names}
    first = Tag.objects.filter(repository=repository).count()
    rows = [
        _tag(repository, first + i, name, content, columns)
        for i, (name, content) in enumerate(contents.items())
    ]
    Tag.objects.bulk_create(rows)
    Repository.objects.filter(pk=repository.pk).update(tag_count=first + len(rows))
    repository.tag_count = first + len(rows)


def _tag(
    repository: Repository, number: int, name: str, content: str, columns: dict[str, Any]
) -> Tag:
    values = {
        "digest": digest_of(content),
        "size": 1000 + number % 7,
        "built_at": BUILT + timedelta(hours=number % 11),
        "changed_at": BUILT + timedelta(hours=number),
        "platforms": "|linux/amd64|linux/arm64|",
        "checked_at": BUILT,
        **columns_of_name(name),
        **columns,
    }
    return Tag(repository=repository, team=repository.team, name=name, **values)


def add_artifact(repository: Repository) -> Artifact:
    """Give all tags of a repository one artifact."""
    artifact = Artifact.objects.create(
        registry=repository.registry,
        team=repository.team,
        digest=digest_of("known"),
        media_type="x",
    )
    Tag.objects.filter(repository=repository).update(artifact=artifact)
    return artifact
