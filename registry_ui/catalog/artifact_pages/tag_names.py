"""The tags of an artifact, directly or through an index, and guidance about a tag."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from registry_ui.tags import Explanation, Kind, Movement, describe_risk, explain_tag, parse_tag
from registry_ui.tags import Tag as ParsedTag

from ..models import Artifact, ArtifactChild, Repository, Tag

_MAX_SHOWN = 40


@dataclass(frozen=True, slots=True)
class TagNames:
    """Tags of a repository that name a digest, or an index that contains it."""

    direct: Sequence[Tag]
    via_index: Sequence[Tag] = ()
    is_cut: bool = False

    def siblings_of(self, tag: Tag | None) -> list[Tag]:
        return [other for other in self.direct if tag is None or other.pk != tag.pk]


@dataclass(frozen=True, slots=True)
class TagGuidance:
    """The meaning and risk of a tag; `pinned` is a pinned tag of the same image."""

    movement: str
    explanations: Sequence[Explanation]
    risk: str = ""
    pinned: Tag | None = None


def names_of(repository: Repository, artifact: Artifact) -> TagNames:
    """Return the tags in natural order."""
    # A tag of an index leads to each of its images.
    parents = ArtifactChild.objects.filter(child=artifact).values("parent_id")
    condition = Q(digest=artifact.digest) | Q(artifact__in=parents)
    rows = Tag.objects.filter(condition, repository=repository).order_by("order_key")
    # One more than is shown, to know whether there are more.
    tags = list(rows[: _MAX_SHOWN + 1])

    shown = tags[:_MAX_SHOWN]
    direct = [tag for tag in shown if tag.digest == artifact.digest]
    via_index = [tag for tag in shown if tag.digest != artifact.digest]
    return TagNames(direct, via_index, is_cut=len(tags) > _MAX_SHOWN)


def guide_tag(tag: Tag, siblings: Iterable[Tag]) -> TagGuidance:
    parsed = parse_tag(tag.name)
    risk = describe_risk(parsed)
    pinned = _find_pinned(parsed, siblings) if risk else None
    return TagGuidance(parsed.movement.value, explain_tag(parsed), risk, pinned)


def _find_pinned(floating: ParsedTag, siblings: Iterable[Tag]) -> Tag | None:
    """Return the pinned version to use instead, if there is one."""
    # A floating tag would be no better than the given one.
    candidates = [(tag, parse_tag(tag.name)) for tag in siblings if not tag.is_floating]
    versions = [
        (tag, parsed)
        for tag, parsed in candidates
        if parsed.kind is Kind.VERSION and parsed.movement is Movement.PINNED
    ]
    if not versions:
        return None

    def preference(version: tuple[Tag, ParsedTag]) -> tuple[bool, bool, int]:
        tag, parsed = version
        # The same variant first, then releases, then the shortest name.
        return parsed.flavour == floating.flavour, not parsed.is_prerelease, -len(tag.name)

    best, _parsed = max(versions, key=preference)
    return best
