"""A team's images as listed: one entry per image id, with its names and shared bytes."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from registry_ui.accounts.models import Team
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference

from .models import LocalImage, TeamBlob
from .newer_images import NewerImage, find_newer
from .store import blob_directory


@dataclass(slots=True)
class ListedImage:
    """One image id with its names.

    Attributes:
        shared: the part of `size` that other images of the team need as well.
        newer: the names for which the registry has a newer image.
    """

    image_id: str
    names: list[LocalImage]
    size: int
    shared: int
    newer: list[NewerImage] = field(default_factory=list)

    @property
    def first(self) -> LocalImage:
        """The oldest of its names."""
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

    def matches(self, terms: Sequence[str]) -> bool:
        """Return whether a name, id or digest contains all the terms."""
        for image in self.names:
            reference = image.reference
            text = f"{reference} {reference.familiar} {image.digest} {image.image_id}".casefold()
            if all(term in text for term in terms):
                return True
        return False


@dataclass(frozen=True, slots=True)
class Totals:
    """Bytes on the disk, for one team.

    Attributes:
        unneeded: the part of `used` that the garbage collector will remove.
        saved: bytes that would be stored again without sharing between images.
    """

    images: int
    names: int
    used: int
    unneeded: int
    saved: int
    free: int


def list_images(team: Team) -> list[ListedImage]:
    """Return the team's images, latest arrival first."""
    groups: dict[str, list[LocalImage]] = defaultdict(list)
    rows = LocalImage.objects.filter(team=team)
    images = list(rows.select_related("created_by"))

    # One query for all images, as the list may have thousands.
    newer = find_newer(images, rows) if images else {}

    for image in images:
        # Several names of one image id are one entry, as in `docker images`.
        groups[image.image_id].append(image)

    blobs = {image_id: _blobs(names) for image_id, names in groups.items()}
    users = Counter(digest for needed in blobs.values() for digest in needed)

    # Images share layers; a blob that two images need counts as shared in both.
    listed = [
        ListedImage(
            image_id=image_id,
            names=sorted(names, key=lambda image: str(image.reference)),
            size=sum(blobs[image_id].values()),
            shared=sum(size for digest, size in blobs[image_id].items() if users[digest] > 1),
            newer=sorted(
                (newer[image.pk] for image in names if image.pk in newer),
                key=lambda newer_image: str(newer_image.image.reference),
            ),
        )
        for image_id, names in groups.items()
    ]

    return sorted(listed, key=lambda image: image.arrived_at, reverse=True)


def storage_totals(team: Team, images: Sequence[ListedImage]) -> Totals:
    # The team's rows tell what is on the disk for it; names tell what is needed.
    stored = dict(TeamBlob.objects.filter(team=team).values_list("digest", "size"))
    needed: set[str] = set().union(*(name.digests for image in images for name in image.names))

    # A blob of several images is one file; `saved` is the difference.
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
