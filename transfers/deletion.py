"""What a deletion would take away: told from the index, before anybody is asked to confirm it."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Artifact, Registry, Tag

from .chosen import Chosen
from .models import Transfer
from .services.deleting import Doomed

_SIBLINGS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Image:
    """A digest that chosen tags name, with all that the index knows to name it or to need it.

    Args:
        others: the tags that name it too and were not chosen.
        dependents: the tags of the image indexes of which it is a part.
    """

    digest: str
    chosen: tuple[str, ...]
    others: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()
    artifact: Artifact | None = None

    @property
    def tags(self) -> tuple[str, ...]:
        return self.chosen + self.others

    @property
    def size(self) -> int | None:
        return self.artifact.size if self.artifact else None

    @property
    def built(self) -> datetime | None:
        return self.artifact.built if self.artifact else None

    @property
    def is_lost(self) -> bool:
        """Whether nothing names it any more once the chosen tags are gone."""
        return not self.others and not self.dependents


@dataclass(frozen=True)
class Plan:
    """`unseen` are the chosen tags of which nobody knows yet what they name."""

    name: Reference
    images: Sequence[Image]
    unseen: Sequence[str] = field(default_factory=list)

    @cached_property
    def tags(self) -> list[str]:
        """What goes when the chosen tags are deleted alone."""
        return [*(tag for image in self.images for tag in image.chosen), *self.unseen]

    @cached_property
    def all_tags(self) -> list[str]:
        """What goes when the images are deleted."""
        return [tag for image in self.images for tag in image.tags]

    @cached_property
    def unchosen(self) -> list[str]:
        """What would go with the images although nobody chose it."""
        return [tag for image in self.images for tag in image.others]

    @cached_property
    def lost(self) -> list[Image]:
        return [image for image in self.images if image.chosen and image.is_lost]

    @cached_property
    def broken(self) -> list[str]:
        """Tags of image indexes that would miss a part if the images were deleted, and that do not go themselves."""
        going = set(self.all_tags)
        return sorted({tag for image in self.images for tag in image.dependents} - going)

    @property
    def lost_size(self) -> int:
        return sum(image.size or 0 for image in self.lost)

    @cached_property
    def fingerprint(self) -> str:
        """Another one as soon as anything differs of what the page showed."""
        seen = [
            [image.digest, image.chosen, image.others, image.dependents] for image in self.images
        ]
        return hashlib.sha256(
            json.dumps([str(self.name), seen, list(self.unseen)]).encode()
        ).hexdigest()[:32]

    def doomed_tags(self) -> list[Doomed]:
        known = [
            Doomed(self.name.with_tag(tag), image.digest)
            for image in self.images
            for tag in image.chosen
        ]
        return known + [Doomed(self.name.with_tag(tag)) for tag in self.unseen]

    def doomed_images(self) -> list[Doomed]:
        return [
            Doomed(self.name.with_digest(Digest.parse(image.digest)), image.digest, image.tags)
            for image in self.images
        ]


def plan_of(chosen: Chosen) -> Plan:
    """Four questions to the index, however many tags were chosen."""
    rows = Tag.objects.filter(
        repository__registry=chosen.registry, repository__name=chosen.repository
    )
    wanted = (
        {chosen.digest}
        if chosen.digest
        else rows.filter(name__in=chosen.tags).exclude(digest="").values("digest")
    )
    named: dict[str, list[str]] = defaultdict(list)
    for name, digest in (
        rows.filter(digest__in=wanted).order_by("order_key").values_list("name", "digest")
    ):
        named[digest].append(name)
    if chosen.digest:
        named.setdefault(chosen.digest, [])
    artifacts = _artifacts(chosen.registry, named)
    dependents = _dependents(chosen, artifacts.values())
    picked = (
        set(chosen.tags)
        if not chosen.digest
        else {name for names in named.values() for name in names}
    )
    images = [
        Image(
            digest,
            tuple(name for name in names if name in picked),
            tuple(name for name in names if name not in picked),
            tuple(sorted(dependents.get(digest, ()))),
            artifacts.get(digest),
        )
        for digest, names in named.items()
    ]
    known = {name for names in named.values() for name in names}
    return Plan(chosen.name, images, [tag for tag in chosen.tags if tag not in known])


def _artifacts(registry: Registry, digests: Iterable[str]) -> Mapping[str, Artifact]:
    return {
        artifact.digest: artifact
        for artifact in Artifact.objects.filter(registry=registry, digest__in=list(digests))
    }


def _dependents(chosen: Chosen, artifacts: Iterable[Artifact]) -> Mapping[str, set[str]]:
    """Digest → the tags of the repository's image indexes that have it as a part."""
    child = "artifact__child_links__child__digest"
    needing = Tag.objects.filter(
        repository__registry=chosen.registry,
        repository__name=chosen.repository,
        artifact__child_links__child__in=[artifact.pk for artifact in artifacts],
    )
    found: dict[str, set[str]] = defaultdict(set)
    for name, digest in needing.values_list("name", child):
        found[digest].add(name)
    return found


def siblings_of(transfer: Transfer) -> list[str]:
    """The tags that name what a deleted tag named, as far as the index knows; a few of them."""
    reference = Reference.parse(transfer.target)
    rows = Tag.objects.filter(
        repository__registry=transfer.target_registry,
        repository__name=reference.repository,
        digest=transfer.digest,
    )
    if not transfer.digest or transfer.target_registry is None:
        return []
    return list(
        rows.exclude(name=reference.tag or "")
        .order_by("order_key")
        .values_list("name", flat=True)[:_SIBLINGS_SHOWN]
    )
