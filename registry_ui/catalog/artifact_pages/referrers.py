"""Referrers of an artifact (signatures, SBOMs, attestations): from the index and the registry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache

from registry_ui.credentials.usage import CredentialUse
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.image_facts import parse_time
from registry_ui.oci.manifest import Descriptor
from registry_ui.oci.untrusted_text import escape_invisible

from ..indexing.registry_clients import INTERACTIVE_LIMITS, RegistryClients
from ..models import Artifact, Tag
from .kinds import COSIGN_TAGS, PREDICATE_ANNOTATIONS, Kind, kind_of_descriptor, kind_of_type
from .opened_artifact import OpenedArtifact

_MAX_SHOWN = 200
_MAX_LENGTH = 255
_CACHE_SECONDS = 120
_CREATED = "org.opencontainers.image.created"


@dataclass(frozen=True, slots=True)
class Referrer:
    """An artifact that refers to the shown image or its index; `tag` is set for a cosign tag."""

    kind: Kind
    digest: str
    size: int = 0
    created: datetime | None = None
    detail: str = ""
    tag: str = ""


@dataclass(slots=True)
class Referrers:
    """The known referrers, and the problem if the registry did not answer."""

    listed: Sequence[Referrer] = ()
    problem: OciError | None = None
    omitted_count: int = 0


def referrers_of(opened: OpenedArtifact) -> Referrers:
    """Return the known referrers. Raises nothing.

    The registry is asked, and its answer is cached for two minutes.
    """
    # A signature may refer to the index or to the image of one platform.
    subjects = list(dict.fromkeys((opened.artifact.digest, opened.shown.digest)))
    known = _tagged(opened, subjects)
    problem = None

    try:
        for subject in subjects:
            known += _listed_by_registry(opened, Digest.parse(subject))
    except OciError as exc:
        problem = exc
    known += _indexed(opened, subjects)

    # Reversed, so that of two entries with the same digest the first one stays: it says more.
    unique = {referrer.digest: referrer for referrer in reversed(known)}
    listed = sorted(
        unique.values(), key=lambda referrer: (str(referrer.kind.text), referrer.digest)
    )
    return Referrers(listed[:_MAX_SHOWN], problem, max(len(listed) - _MAX_SHOWN, 0))


def _listed_by_registry(opened: OpenedArtifact, subject: Digest) -> list[Referrer]:
    """Return the registry's referrers of a subject (distribution spec, "Listing Referrers").

    Raises:
        OciError: the registry does not answer, or refuses.
    """
    repository = opened.repository
    key = f"referrers:{repository.pk}:{subject}"
    # The page loads them with htmx, and reloads them with each platform.
    rows = cache.get(key)
    if rows is None:
        with RegistryClients(
            repository.registry,
            limits=INTERACTIVE_LIMITS,
            use=CredentialUse(f"{repository.registry.host}/{repository.name}"),
        ) as clients:
            store = clients.client(repository.name).store(repository.name)
            rows = [_as_row(descriptor) for descriptor in store.referrers(subject)]
        cache.set(key, rows, _CACHE_SECONDS)
    return [_referrer(_from_row(row)) for row in rows]


def _tagged(opened: OpenedArtifact, subjects: Sequence[str]) -> list[Referrer]:
    """Return the referrers that cosign has pushed as tags, for registries without the API."""
    names = {
        f"{subject.replace(':', '-')}.{suffix}": suffix
        for subject in subjects
        for suffix in COSIGN_TAGS
    }

    tags = (
        # The tag is resolved by index runs; without a digest it cannot be listed.
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
    ).order_by("-id")[:_MAX_SHOWN]
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
    annotations = descriptor.annotations
    # The predicate says most: an attestation's artifact type is always the same.
    detail = (
        next((annotations[name] for name in PREDICATE_ANNOTATIONS if name in annotations), "")
        or descriptor.artifact_type
    )
    return Referrer(
        kind_of_descriptor(descriptor),
        str(descriptor.digest),
        descriptor.size,
        parse_time(annotations.get(_CREATED)),
        escape_invisible(detail[:_MAX_LENGTH]),
    )


def _as_row(descriptor: Descriptor) -> dict[str, Any]:
    # Only what `_referrer` reads: anybody may have written the annotations, of any length.
    annotations = {
        name: descriptor.annotations[name][:_MAX_LENGTH]
        for name in (_CREATED, *PREDICATE_ANNOTATIONS)
        if name in descriptor.annotations
    }
    return {
        "media_type": descriptor.media_type[:_MAX_LENGTH],
        "digest": str(descriptor.digest),
        "size": descriptor.size,
        "annotations": annotations,
        "artifact_type": descriptor.artifact_type[:_MAX_LENGTH],
    }


def _from_row(row: dict[str, Any]) -> Descriptor:
    return Descriptor(**{**row, "digest": Digest.parse(row["digest"])})
