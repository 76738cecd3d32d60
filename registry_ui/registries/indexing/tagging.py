"""The rows of tags: read before a look, written after it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from ..models import Artifact, Registry, Repository, Tag
from .planning import MOVING, KnownTag, row_of
from .saving import CHUNK, chunks, present, upsert, writing


@dataclass(frozen=True, slots=True)
class Found:
    """What the registry said of one tag: the digest that it names, or why it would not say."""

    repository_id: int
    name: str
    digest: str = ""
    known: KnownTag | None = None
    problem: str = ""


def known_tags(repository_ids: Iterable[int]) -> dict[int, dict[str, KnownTag]]:
    """What the index says of the repositories' tags: by repository, then by name."""
    ids = list(repository_ids)
    known: dict[int, dict[str, KnownTag]] = {pk: {} for pk in ids}
    for chunk in chunks(ids):
        for repository_id, name, tag in _known(Tag.objects.filter(repository__in=chunk)):
            known[repository_id][name] = tag
    return known


def known_tag(repository_id: int, name: str) -> KnownTag | None:
    return next(
        (
            tag
            for _repository, _name, tag in _known(
                Tag.objects.filter(repository=repository_id, name=name)
            )
        ),
        None,
    )


def _known(rows: "QuerySet[Tag]") -> Iterator[tuple[int, str, KnownTag]]:
    columns = rows.values_list(
        "repository_id",
        "name",
        "pk",
        "digest",
        "artifact_id",
        "previous_digest",
        "changed_at",
        "problem",
    )
    for (
        repository_id,
        name,
        pk,
        digest,
        artifact_id,
        previous,
        changed_at,
        problem,
    ) in columns.iterator(chunk_size=2000):
        yield (
            repository_id,
            name,
            KnownTag(pk, digest, artifact_id is not None, previous, changed_at, problem),
        )


def write_tags(
    registry: Registry, found: Sequence[Found], artifacts: Mapping[str, Artifact], now: datetime
) -> None:
    """Bring the rows to what the registry said. What somebody has removed meanwhile stays removed. Within `writing`.

    Args:
        artifacts: those of the digests whose rows are there.
    """
    tags = present(Tag, (each.known.pk for each in found if each.known is not None))
    repositories = present(Repository, {each.repository_id for each in found})
    wanted = [
        each
        for each in found
        if each.repository_id in repositories and (each.known is None or each.known.pk in tags)
    ]
    upsert(
        Tag,
        [
            row_of(
                each.name,
                repository_id=each.repository_id,
                team_id=registry.team_id,
                known=each.known,
                digest=each.digest,
                artifact=artifacts.get(each.digest),
                now=now,
                problem=each.problem[:1000],
            )
            for each in wanted
            if each.digest
        ],
        key=("repository", "name"),
        columns=MOVING,
    )
    _write_unanswered(registry, [each for each in wanted if not each.digest], now)


def _write_unanswered(registry: Registry, found: Sequence[Found], now: datetime) -> None:
    """Why a tag could not be looked at; what was known of it stays."""
    fresh = [each for each in found if each.known is None]
    rows = [
        row_of(
            each.name,
            repository_id=each.repository_id,
            team_id=registry.team_id,
            known=None,
            digest="",
            artifact=None,
            now=now,
        )
        for each in fresh
    ]
    for row, each in zip(rows, fresh, strict=True):
        row.problem, row.checked_at = each.problem[:1000], None
    upsert(Tag, rows, key=("repository", "name"), columns=("problem",))
    known = [
        Tag(pk=each.known.pk, problem=each.problem[:1000])
        for each in found
        if each.known is not None
    ]
    for chunk in chunks(known):
        Tag.objects.bulk_update(chunk, ["problem"], batch_size=CHUNK)


def drop_tag(registry: Registry, repository: str, name: str) -> None:
    """Take a tag out of the index; its repository is to be counted anew."""
    with writing(registry):
        Tag.objects.filter(
            repository__registry=registry, repository__name=repository, name=name
        ).delete()
        Repository.objects.filter(registry=registry, name=repository).update(indexed_by=None)


def remove_tags(keys: Iterable[int]) -> None:
    for chunk in chunks(keys):
        Tag.objects.filter(pk__in=chunk).delete()
