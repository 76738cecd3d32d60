"""What a look at a repository has to do, from what is known and what its registry says. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import check_tag
from registry_ui.tags import parse_tag, sort_key

from ..models import UNSTATED, Artifact, Tag
from .rows import columns_of_artifact, columns_of_name

_FIRST = "latest"

MOVING = (
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
    """What the index says of a tag before it is looked at."""

    pk: int
    digest: str = ""
    has_artifact: bool = False
    previous_digest: str = ""
    changed_at: datetime = UNSTATED
    problem: str = ""

    def is_settled_at(self, digest: str) -> bool:
        """Whether nothing has to be written where the registry says that the tag names this digest."""
        return self.has_artifact and self.digest == digest and not self.problem


@dataclass(frozen=True, slots=True)
class NamePlan:
    """The names to ask for, the most wanted first, and the rows whose names are gone."""

    names: list[str]
    vanished: list[int]


def plan_names(known: Mapping[str, KnownTag], listed: Iterable[str]) -> NamePlan:
    """
    Args:
        listed: as the registry has it; what is no tag is left out, because it can be neither asked for nor pulled.
    """
    names = {name for name in listed if is_tag(name)}
    bare = {name for name in names if name not in known or not known[name].has_artifact}
    return NamePlan(
        in_order_of_use(bare) + sorted(names - bare),
        [tag.pk for name, tag in known.items() if name not in names],
    )


def in_order_of_use(names: Collection[str]) -> list[str]:
    """`latest`, then the newest versions: what people look at first, where not all can be fetched."""
    keys = {name: sort_key(parse_tag(name)) for name in names}
    return sorted(names, key=lambda name: (name == _FIRST, keys[name]), reverse=True)


def is_tag(name: str) -> bool:
    try:
        return bool(check_tag(name))
    except InvalidReference:
        return False


def row_of(
    name: str,
    *,
    repository_id: int,
    team_id: int,
    known: KnownTag | None,
    digest: str,
    artifact: Artifact | None,
    now: datetime,
    problem: str = "",
) -> Tag:
    """A tag that names `digest`, as its row should be."""
    previous, changed_at = _history(known, digest, artifact.built_at if artifact else UNSTATED, now)
    return Tag(
        repository_id=repository_id,
        team_id=team_id,
        name=name,
        digest=digest,
        previous_digest=previous,
        changed_at=changed_at,
        checked_at=now,
        problem=problem,
        **columns_of_name(name),
        **columns_of_artifact(artifact),
    )


def _history(
    known: KnownTag | None, digest: str, built_at: datetime, now: datetime
) -> tuple[str, datetime]:
    """What the tag named before, and when it changed; a name that was never seen elsewhere is as old as its image."""
    if known is None or not known.digest:
        return "", built_at
    if known.digest != digest:
        return known.digest, now
    return known.previous_digest, built_at if known.changed_at == UNSTATED else known.changed_at
