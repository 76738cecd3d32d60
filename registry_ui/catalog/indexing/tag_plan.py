"""A plan for indexing a repository, from its known tags and the registry's list. Pure functions."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from registry_ui.oci.errors import InvalidReference, StoredError
from registry_ui.oci.reference import check_tag
from registry_ui.tags import parse_tag, sort_key

from ..models import UNSTATED, Artifact, Tag
from .tag_columns import columns_of_artifact, columns_of_name

_FIRST = "latest"

MUTABLE_COLUMNS = (
    "digest",
    "previous_digest",
    "changed_at",
    "checked_at",
    "problem",
    "artifact",
    "platforms",
    "size",
    "built_at",
)
"""The columns of a Tag that its name does not decide."""


@dataclass(frozen=True, slots=True)
class KnownTag:
    """A tag as the index has it before a run."""

    pk: int
    digest: str = ""
    has_artifact: bool = False
    previous_digest: str = ""
    changed_at: datetime = UNSTATED
    problem: StoredError | None = None

    def is_current(self, digest: str) -> bool:
        """Return whether its row needs no change if the registry answers with this digest."""
        return self.has_artifact and self.digest == digest and not self.problem


@dataclass(frozen=True, slots=True)
class NamePlan:
    """The names to resolve, the most important first, and the keys of tags that are gone."""

    names: list[str]
    deleted: list[int]


def plan_names(known: Mapping[str, KnownTag], listed: Iterable[str]) -> NamePlan:
    """Return the names to resolve and the tags to delete.

    Args:
        listed: the registry's list; an invalid tag in it is left out, because it cannot be pulled.
    """
    # A set: some registries repeat names (PROTOCOL.md, "Errors and lists").
    names = {name for name in listed if is_tag(name)}
    # Names without an artifact first: a rate limit may end the run before the others are resolved.
    incomplete = {name for name in names if name not in known or not known[name].has_artifact}
    return NamePlan(
        by_importance(incomplete) + sorted(names - incomplete),
        [tag.pk for name, tag in known.items() if name not in names],
    )


def by_importance(names: Collection[str]) -> list[str]:
    """Return `latest`, then the newest versions: not all may be fetched from a registry."""
    keys = {name: sort_key(parse_tag(name)) for name in names}
    return sorted(names, key=lambda name: (name == _FIRST, keys[name]), reverse=True)


def is_tag(name: str) -> bool:
    try:
        return bool(check_tag(name))
    except InvalidReference:
        return False


def tag_row(
    name: str,
    *,
    repository_id: int,
    team_id: int,
    known: KnownTag | None,
    digest: str,
    artifact: Artifact | None,
    now: datetime,
    problem: StoredError | None = None,
) -> Tag:
    """Return the unsaved row of a tag that names `digest`."""
    # Without its artifact, the build time is unknown until a later run.
    built_at = artifact.built_at if artifact else UNSTATED
    previous_digest, changed_at = _history(known, digest, built_at, now)

    return Tag(
        repository_id=repository_id,
        team_id=team_id,
        name=name,
        digest=digest,
        previous_digest=previous_digest,
        changed_at=changed_at,
        checked_at=now,
        problem=problem,
        **columns_of_name(name),
        **columns_of_artifact(artifact),
    )


def _history(
    known: KnownTag | None, digest: str, built_at: datetime, now: datetime
) -> tuple[str, datetime]:
    """Return the tag's previous digest and the time of its last change."""
    # Registries do not say when a tag was pushed. Until it moves, its image's build time stands in.
    if known is None or not known.digest:
        return "", built_at
    if known.digest != digest:
        return known.digest, now
    return known.previous_digest, built_at if known.changed_at == UNSTATED else known.changed_at
