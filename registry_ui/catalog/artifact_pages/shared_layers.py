"""Other images of a registry that need the layers of an image.

Three queries, however many layers and images there are.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import BooleanField, Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.http import urlencode

from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry

from ..models import Artifact, ArtifactBlob, ArtifactChild, Blob, Tag
from .layers import Sharer, Sharing

SHOWN = 3
# The latest images of a layer for which names are read: a base layer may be in thousands.
_CANDIDATES = 12
_MAX_NAMES = 2000


@dataclass(frozen=True, slots=True)
class _SharedBlob:
    """A layer that `others` artifacts need too; candidates have a key above `oldest`."""

    key: int
    digest: str
    others: int
    oldest: int


@dataclass(frozen=True, slots=True, order=True)
class _Name:
    """A tag of an artifact, or of an index that contains it (`is_child`).

    The names sort by their fields: pinned tags first.
    """

    is_floating: bool
    repository: str
    tag: str
    is_child: bool


def sharing_of(
    registry: Registry, shown: Artifact, root: Artifact, digests: Collection[str]
) -> dict[str, Sharing]:
    """Return the other images that need each layer, by its digest.

    The images of the same index are not among them: they are parts of the shown one.
    """
    # The other platforms of the index belong to the same image.
    own = {shown.digest, *(entry["digest"] for entry in root.platforms)}
    # First only the numbers: most images share nothing that is worth more queries.
    shared = _shared_blobs(registry, digests, own)
    if not shared:
        return {}

    candidates: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for key, artifact, manifest in _latest_links(shared):
        if manifest not in own:
            candidates[key].append((artifact, manifest))

    names = _names_of({artifact for images in candidates.values() for artifact, _digest in images})
    sharing = {}
    for blob in shared:
        named = [
            _sharer(registry, names[artifact], manifest)
            for artifact, manifest in candidates[blob.key]
            if artifact in names
        ]
        sharers = tuple(_sort_by_variety(named)[:SHOWN])
        sharing[blob.digest] = Sharing(sharers, blob.others - len(sharers))
    return sharing


def _shared_blobs(
    registry: Registry, digests: Collection[str], own: Collection[str]
) -> list[_SharedBlob]:
    links = ArtifactBlob.objects.filter(blob=OuterRef("pk"))
    own_links = links.filter(artifact__registry=registry, artifact__digest__in=own)

    # Some of the latest may be the image's own, so more are read than are candidates.
    position = _CANDIDATES + min(len(own), _CANDIDATES)
    oldest = Subquery(links.order_by("-artifact_id").values("artifact_id")[position : position + 1])
    counted = Blob.objects.filter(registry=registry, digest__in=digests).annotate(
        total=_count(links), own_count=_count(own_links), oldest=oldest
    )
    rows = counted.values_list("pk", "digest", "total", "own_count", "oldest")
    return [
        _SharedBlob(key, digest, total - own, oldest or 0)
        for key, digest, total, own, oldest in rows
        if total > own
    ]


def _count(links: QuerySet[ArtifactBlob]) -> Coalesce:
    return Coalesce(
        Subquery(links.order_by().values("blob").annotate(number=Count("*")).values("number")), 0
    )


def _latest_links(shared: Iterable[_SharedBlob]) -> Iterable[tuple[int, int, str]]:
    """Return the latest artifacts of each blob, as (blob, artifact, digest)."""
    latest = reduce(or_, (Q(blob=blob.key, artifact__gt=blob.oldest) for blob in shared))
    links = ArtifactBlob.objects.filter(latest).order_by("-artifact_id")
    return links.values_list("blob_id", "artifact_id", "artifact__digest")


def _names_of(artifacts: Collection[int]) -> dict[int, _Name]:
    """Return the best name of each artifact: a tag of its own or of an index that contains it."""
    # One query for both kinds of names. UNION ALL, because duplicates do not matter below.
    own = Tag.objects.filter(artifact_id__in=artifacts).values_list(
        "artifact_id", "is_floating", "repository__name", "name", Value(False, BooleanField())
    )
    through = (
        ArtifactChild.objects.order_by()
        .filter(child_id__in=artifacts, parent__tags__isnull=False)
        .values_list(
            "child_id",
            "parent__tags__is_floating",
            "parent__tags__repository__name",
            "parent__tags__name",
            Value(True, BooleanField()),
        )
    )

    best: dict[int, _Name] = {}
    for artifact, *parts in own.union(through, all=True)[:_MAX_NAMES]:
        name = _Name(*parts)
        # The order of the fields of `_Name` decides.
        best[artifact] = min(name, best.get(artifact, name))
    return best


def _sharer(registry: Registry, name: _Name, manifest: str) -> Sharer:
    url = reverse("registries:image_by_tag", args=[registry.pk, name.repository, name.tag])
    # A page of an index shows another platform by default.
    query = f"?{urlencode({'platform': manifest})}" if name.is_child else ""
    return Sharer(Reference(registry.host, name.repository, name.tag), url + query)


def _sort_by_variety(sharers: Iterable[Sharer]) -> list[Sharer]:
    """Sort the first image of each repository before the others; no reference twice."""
    unique = list({sharer.reference: sharer for sharer in sharers}.values())
    seen: set[str] = set()
    ranked = []
    for sharer in unique:
        ranked.append((sharer.reference.repository in seen, sharer))
        seen.add(sharer.reference.repository)
    # Sorting is stable, so within each part the latest images stay first.
    return [sharer for _is_again, sharer in sorted(ranked, key=lambda item: item[0])]
