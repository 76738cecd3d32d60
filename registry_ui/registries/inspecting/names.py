"""The names that lead to an artifact: tags of the same digest, indexes that hold it, and which of them says most."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from registry_ui.tags import Explanation, Kind, Movement, explain_tag, parse_tag, risk_of
from registry_ui.tags import Tag as ParsedTag

from ..models import Artifact, ArtifactChild, Repository, Tag

_MOST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Names:
    """Tags of a repository that lead to a digest: by themselves, or through an index that holds it; `is_cut` where there are more."""

    own: Sequence[Tag]
    through: Sequence[Tag] = ()
    is_cut: bool = False

    def beside(self, tag: Tag | None) -> list[Tag]:
        return [each for each in self.own if tag is None or each.pk != tag.pk]


@dataclass(frozen=True, slots=True)
class TagGuidance:
    """What a tag says and risks; `pinned` is a sibling that names the same image today, and does not move."""

    movement: str
    explanations: Sequence[Explanation]
    risk: str = ""
    pinned: Tag | None = None


def names_of(repository: Repository, artifact: Artifact) -> Names:
    """In natural order."""
    parents = ArtifactChild.objects.filter(child=artifact).values("parent_id")
    leading = Q(digest=artifact.digest) | Q(artifact__in=parents)
    tags = list(
        Tag.objects.filter(leading, repository=repository).order_by("order_key")[: _MOST_SHOWN + 1]
    )
    shown = tags[:_MOST_SHOWN]
    own = [tag for tag in shown if tag.digest == artifact.digest]
    return Names(
        own, [tag for tag in shown if tag.digest != artifact.digest], is_cut=len(tags) > _MOST_SHOWN
    )


def guide_tag(tag: Tag, siblings: Iterable[Tag]) -> TagGuidance:
    parsed = parse_tag(tag.name)
    risk = risk_of(parsed)
    pinned = _pinned_like(parsed, siblings) if risk else None
    return TagGuidance(parsed.movement.value, explain_tag(parsed), risk, pinned)


def _pinned_like(wanted: ParsedTag, siblings: Iterable[Tag]) -> Tag | None:
    """The tag to write instead: a pinned version, of the same flavour before others, the most exact and plainest of them."""
    found = [(tag, parse_tag(tag.name)) for tag in siblings if not tag.is_floating]
    versions = [
        (tag, parsed)
        for tag, parsed in found
        if parsed.kind is Kind.VERSION and parsed.movement is Movement.PINNED
    ]
    if not versions:
        return None
    best, _parsed = max(
        versions,
        key=lambda each: (
            each[1].flavour == wanted.flavour,
            not each[1].is_prerelease,
            -len(each[0].name),
        ),
    )
    return best
