"""What refers to an artifact: signatures, SBOMs, attestations. From the index, by cosign's tags, and from the registry itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.facts import parse_time
from registry_ui.oci.manifest import Descriptor
from registry_ui.oci.texts import inert

from ..indexing.reading import AT_ONCE, Readers
from ..models import Artifact, Tag
from ..using import Use
from .image import OpenedArtifact
from .kinds import COSIGN_TAGS, PREDICATE_ANNOTATIONS, Kind, kind_of_descriptor, kind_of_type

_MOST_SHOWN = 200
_LONGEST = 255
_KEPT_SECONDS = 120
_CREATED = "org.opencontainers.image.created"


@dataclass(frozen=True, slots=True)
class Referrer:
    """One artifact that refers to the shown one, or to the index that it is of. `tag`: cosign's, where that is how it is known."""

    kind: Kind
    digest: str
    size: int = 0
    created: datetime | None = None
    detail: str = ""
    tag: str = ""


@dataclass(slots=True)
class Referrers:
    """`problem`: why the registry could not be asked; what the index knows is shown all the same."""

    found: Sequence[Referrer] = ()
    problem: OciError | None = None
    left_out: int = 0


def referrers_of(opened: OpenedArtifact) -> Referrers:
    """Everything known: the registry is asked, and what it said is kept for two minutes. Raises nothing."""
    subjects = list(dict.fromkeys((opened.artifact.digest, opened.shown.digest)))
    known = _tagged(opened, subjects)
    problem = None
    try:
        for subject in subjects:
            known += _asked(opened, Digest.parse(subject))
    except OciError as exc:
        problem = exc
    known += _indexed(opened, subjects)
    unique = {each.digest: each for each in reversed(known)}
    found = sorted(unique.values(), key=lambda each: (str(each.kind.text), each.digest))
    return Referrers(found[:_MOST_SHOWN], problem, max(len(found) - _MOST_SHOWN, 0))


def _asked(opened: OpenedArtifact, subject: Digest) -> list[Referrer]:
    """
    Raises:
        OciError: the registry does not answer, or refuses.
    """
    repository = opened.repository
    key = f"referrers:{repository.pk}:{subject}"
    rows = cache.get(key)
    if rows is None:
        with Readers(
            repository.registry,
            limits=AT_ONCE,
            use=Use(f"{repository.registry.host}/{repository.name}"),
        ) as readers:
            store = readers.client(repository.name).store(repository.name)
            rows = [_as_row(descriptor) for descriptor in store.referrers(subject)]
        cache.set(key, rows, _KEPT_SECONDS)
    return [_referrer(_from_row(row)) for row in rows]


def _tagged(opened: OpenedArtifact, subjects: Sequence[str]) -> list[Referrer]:
    """By the tags that cosign puts beside an image where a registry has no referrers."""
    names = {
        f"{subject.replace(':', '-')}.{suffix}": suffix
        for subject in subjects
        for suffix in COSIGN_TAGS
    }
    tags = (
        Tag.objects.filter(repository=opened.repository, name__in=names)
        .exclude(digest="")
        .order_by("name")
    )
    return [
        Referrer(COSIGN_TAGS[names[tag.name]], tag.digest, tag.size, tag.built, tag=tag.name)
        for tag in tags
    ]


def _indexed(opened: OpenedArtifact, subjects: Sequence[str]) -> list[Referrer]:
    artifacts = Artifact.objects.filter(
        registry=opened.repository.registry_id, subject__in=subjects
    ).order_by("-id")[:_MOST_SHOWN]
    return [
        Referrer(
            kind_of_type(artifact.artifact_type or artifact.media_type),
            artifact.digest,
            artifact.manifest_size,
            artifact.built,
        )
        for artifact in artifacts
    ]


def _referrer(descriptor: Descriptor) -> Referrer:
    notes = descriptor.annotations
    detail = (
        next((notes[name] for name in PREDICATE_ANNOTATIONS if name in notes), "")
        or descriptor.artifact_type
    )
    return Referrer(
        kind_of_descriptor(descriptor),
        str(descriptor.digest),
        descriptor.size,
        parse_time(notes.get(_CREATED)),
        inert(detail[:_LONGEST]),
    )


def _as_row(descriptor: Descriptor) -> dict[str, Any]:
    notes = {
        name: descriptor.annotations[name][:_LONGEST]
        for name in (_CREATED, *PREDICATE_ANNOTATIONS)
        if name in descriptor.annotations
    }
    return {
        "media_type": descriptor.media_type[:_LONGEST],
        "digest": str(descriptor.digest),
        "size": descriptor.size,
        "annotations": notes,
        "artifact_type": descriptor.artifact_type[:_LONGEST],
    }


def _from_row(row: dict[str, Any]) -> Descriptor:
    return Descriptor(**{**row, "digest": Digest.parse(row["digest"])})
