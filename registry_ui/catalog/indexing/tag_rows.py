"""Rows of tags: what the index knew before a run, and what the run found."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from registry_ui.oci.errors import StoredError
from registry_ui.registries.models import Registry

from ..models import Artifact, Repository, Tag
from .artifact_rows import CHUNK, chunks, existing_keys, index_lock, upsert
from .tag_plan import MUTABLE_COLUMNS, KnownTag, tag_row


@dataclass(frozen=True, slots=True)
class TagResult:
    """A registry's answer for one tag: its digest, or the problem that prevented an answer."""

    repository_id: int
    name: str
    digest: str = ""
    known: KnownTag | None = None
    problem: StoredError | None = None


def known_tags(repository_ids: Iterable[int]) -> dict[int, dict[str, KnownTag]]:
    """Return the indexed tags of repositories, by repository, then by name."""
    ids = list(repository_ids)
    known: dict[int, dict[str, KnownTag]] = {pk: {} for pk in ids}
    for chunk in chunks(ids):
        for repository_id, name, tag in _known(Tag.objects.filter(repository__in=chunk)):
            known[repository_id][name] = tag
    return known


def known_tag(repository_id: int, name: str) -> KnownTag | None:
    rows = Tag.objects.filter(repository=repository_id, name=name)
    # The pair of repository and name is unique.
    return next((tag for _repository, _name, tag in _known(rows)), None)


def _known(rows: "QuerySet[Tag]") -> Iterator[tuple[int, str, KnownTag]]:
    # Values, not rows of the model: a repository may have 100,000 tags.
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

    for row in columns.iterator(chunk_size=2000):
        repository_id, name, pk, digest, artifact_id, previous, changed_at, problem = row
        known = KnownTag(pk, digest, artifact_id is not None, previous, changed_at, problem)
        yield repository_id, name, known


def write_tags(
    registry: Registry,
    results: Sequence[TagResult],
    artifacts: Mapping[str, Artifact],
    now: datetime,
) -> None:
    """Update the rows of tags to a registry's answers. Call it within `index_lock`.

    Args:
        artifacts: by digest; a tag whose artifact is not among them gets none.
    """
    # A tag or repository that was deleted while the answer was on its way must not come back.
    tag_keys = existing_keys(
        Tag, (result.known.pk for result in results if result.known is not None)
    )
    repository_keys = existing_keys(Repository, {result.repository_id for result in results})
    current = [
        result
        for result in results
        if result.repository_id in repository_keys
        and (result.known is None or result.known.pk in tag_keys)
    ]

    upsert(
        Tag,
        [
            tag_row(
                result.name,
                repository_id=result.repository_id,
                team_id=registry.team_id,
                known=result.known,
                digest=result.digest,
                artifact=artifacts.get(result.digest),
                now=now,
                problem=result.problem,
            )
            for result in current
            if result.digest
        ],
        key=("repository", "name"),
        columns=MUTABLE_COLUMNS,
    )
    _write_problems(registry, [result for result in current if not result.digest], now)


def _write_problems(registry: Registry, results: Sequence[TagResult], now: datetime) -> None:
    """Write the problems of tags without an answer; their other columns stay as they are."""
    unknown = [result for result in results if result.known is None]
    rows = [
        tag_row(
            result.name,
            repository_id=result.repository_id,
            team_id=registry.team_id,
            known=None,
            digest="",
            artifact=None,
            now=now,
        )
        for result in unknown
    ]
    for row, result in zip(rows, unknown, strict=True):
        # It was never resolved, so it has no time of a check.
        row.problem, row.checked_at = result.problem, None
    upsert(Tag, rows, key=("repository", "name"), columns=("problem",))

    known = [
        Tag(pk=result.known.pk, problem=result.problem)
        for result in results
        if result.known is not None
    ]
    for chunk in chunks(known):
        # Not an upsert: these rows have only a key and a problem here.
        Tag.objects.bulk_update(chunk, ["problem"], batch_size=CHUNK)


def delete_tag(registry: Registry, repository: str, name: str) -> None:
    """Delete a tag from the index; the next run counts its repository."""
    with index_lock(registry):
        Tag.objects.filter(
            repository__registry=registry, repository__name=repository, name=name
        ).delete()
        Repository.objects.filter(registry=registry, name=repository).update(indexed_by=None)


def delete_tags(keys: Iterable[int]) -> None:
    for chunk in chunks(keys):
        Tag.objects.filter(pk__in=chunk).delete()
