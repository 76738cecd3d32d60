"""A team's images as its list shows them: one entry an image id, with all its names, and what the images share."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from registry_ui.accounts.models import Team
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference

from .models import LocalImage, TeamBlob
from .newer import Newer, find_newer
from .store import blob_directory


@dataclass(slots=True)
class ListedImage:
    """One image id. `shared` is the part of `size` that other images of the team need as well; `newer` are those of its
    names under which the registry has a newer image."""

    image_id: str
    names: list[LocalImage]
    size: int
    shared: int
    newer: list[Newer] = field(default_factory=list)

    @property
    def first(self) -> LocalImage:
        """The name under which it came here."""
        return min(self.names, key=lambda image: image.created_at)

    @property
    def platforms(self) -> list[str]:
        named = (platform["platform"] for image in self.names for platform in image.platforms)
        return list(dict.fromkeys(platform for platform in named if platform))

    @property
    def created_at(self) -> datetime | None:
        return self.first.image_created_at

    @property
    def arrived_at(self) -> datetime:
        return max(image.updated_at for image in self.names)

    @property
    def origin_registry(self) -> str:
        """The registry that it was pulled from."""
        try:
            return Reference.parse(self.first.origin).registry
        except OciError:
            return self.first.registry

    def matches(self, words: Sequence[str]) -> bool:
        """Whether one of its names, an id or a digest has all the words in it."""
        texts = [
            f"{image.reference} {image.reference.familiar} {image.digest} {image.image_id}".casefold()
            for image in self.names
        ]
        return any(all(word in text for word in words) for text in texts)


@dataclass(frozen=True, slots=True)
class Totals:
    """Bytes on the disk, for one team. `unneeded` of `used` wait for the collector; `saved` would be stored twice without
    sharing between images."""

    images: int
    names: int
    used: int
    unneeded: int
    saved: int
    free: int


def images_of(team: Team) -> list[ListedImage]:
    """The team's images, the latest arrival first."""
    groups: dict[str, list[LocalImage]] = defaultdict(list)
    rows = LocalImage.objects.filter(team=team)
    images = list(rows.select_related("created_by"))
    newer = find_newer(images, rows) if images else {}
    for image in images:
        groups[image.image_id].append(image)
    blobs = {image_id: _blobs(names) for image_id, names in groups.items()}
    users = Counter(digest for needed in blobs.values() for digest in needed)
    listed = [
        ListedImage(
            image_id=image_id,
            names=sorted(names, key=lambda image: str(image.reference)),
            size=sum(blobs[image_id].values()),
            shared=sum(size for digest, size in blobs[image_id].items() if users[digest] > 1),
            newer=sorted(
                (newer[image.pk] for image in names if image.pk in newer),
                key=lambda found: str(found.image.reference),
            ),
        )
        for image_id, names in groups.items()
    ]
    return sorted(listed, key=lambda image: image.arrived_at, reverse=True)


def totals_of(team: Team, images: Sequence[ListedImage]) -> Totals:
    stored = dict(TeamBlob.objects.filter(team=team).values_list("digest", "size"))
    needed: set[str] = set().union(*(name.digests for image in images for name in image.names))
    distinct = {digest: size for image in images for digest, size in _blobs(image.names).items()}
    return Totals(
        images=len(images),
        names=sum(len(image.names) for image in images),
        used=sum(stored.values()),
        unneeded=sum(size for digest, size in stored.items() if digest not in needed),
        saved=sum(image.size for image in images) - sum(distinct.values()),
        free=blob_directory().free_bytes(),
    )


def _blobs(names: Sequence[LocalImage]) -> dict[str, int]:
    return {entry["digest"]: entry["size"] for image in names for entry in image.blobs}
