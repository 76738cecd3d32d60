"""The facts about an image that its row keeps, gathered from its manifests and configs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .digest import Digest
from .errors import InvalidManifest
from .manifest import CONFIG_TYPES, Descriptor, Manifest, Platform, parse_config

# Indexes of indexes are legal; deeper ones occur only to exhaust a reader.
_DEPTH = 4
# Go writes a time that was never set as year 1; the last year cannot be shown in every zone.
_EARLIEST_YEAR, _LATEST_YEAR = 1970, 9998


@dataclass(frozen=True, slots=True)
class PlatformFacts:
    """One image of an index, or the only one. `size` is bytes of its blobs."""

    platform: str
    digest: Digest
    image_id: Digest
    size: int
    created_at: datetime | None

    def as_row(self) -> dict[str, Any]:
        """Return the JSON of one platform in a row."""
        return {
            "platform": self.platform,
            "digest": str(self.digest),
            "image_id": str(self.image_id),
            "size": self.size,
        }


@dataclass(slots=True)
class ImageFacts:
    """An image or an index with everything below it. The dictionaries map digests to bytes."""

    root: Manifest
    platforms: list[PlatformFacts] = field(default_factory=list)
    manifests: dict[Digest, int] = field(default_factory=dict)
    blobs: dict[Digest, int] = field(default_factory=dict)

    @property
    def image_id(self) -> Digest:
        """The config's digest; for an index of several images, or an artifact, its own digest."""
        return self.platforms[0].image_id if len(self.platforms) == 1 else self.root.digest

    @property
    def created_at(self) -> datetime | None:
        """The newest creation time of the images; None where no config states one."""
        times = [image.created_at for image in self.platforms if image.created_at]
        return max(times, default=None)

    @property
    def size(self) -> int:
        """The bytes of all blobs, each once."""
        return sum(self.blobs.values())

    def as_row(self) -> dict[str, Any]:
        """Return the columns of a LocalImage that depend on its digest alone."""
        return {
            "digest": str(self.root.digest),
            "media_type": self.root.media_type,
            "image_id": str(self.image_id),
            "platforms": [image.as_row() for image in self.platforms],
            "manifests": [
                {"digest": str(digest), "size": size} for digest, size in self.manifests.items()
            ],
            "blobs": [{"digest": str(digest), "size": size} for digest, size in self.blobs.items()],
            "size": self.size,
            "image_created_at": self.created_at,
        }


def gather_facts(
    root: Manifest,
    read_manifest: Callable[[Digest], Manifest],
    read_config: Callable[[Descriptor], bytes],
) -> ImageFacts:
    """Return the facts about an image.

    Args:
        read_manifest, read_config: read from the store of the image, and verify what they return.

    Raises:
        OciError: as the two raise; InvalidManifest where indexes are nested too deep.
    """
    facts = ImageFacts(root)
    _descend(facts, root, None, read_manifest, read_config, _DEPTH)
    return facts


def _descend(
    facts: ImageFacts,
    manifest: Manifest,
    platform: Platform | None,
    read_manifest: Callable[[Digest], Manifest],
    read_config: Callable[[Descriptor], bytes],
    depth: int,
) -> None:
    if depth == 0:
        raise InvalidManifest("index_too_deep_to_store")
    if manifest.digest in facts.manifests:
        return

    facts.manifests[manifest.digest] = manifest.size
    facts.blobs.update((blob.digest, blob.size) for blob in manifest.blobs)
    # Artifacts of other kinds share configs such as {}, which would make one image of them all.
    if (
        manifest.config is not None
        and manifest.config.media_type in CONFIG_TYPES
        and (platform is None or platform.is_known)
    ):
        facts.platforms.append(_platform_facts(manifest, manifest.config, platform, read_config))

    for child in manifest.children:
        if child.is_index or child.is_manifest:
            _descend(
                facts,
                read_manifest(child.digest),
                child.platform,
                read_manifest,
                read_config,
                depth - 1,
            )
        else:
            facts.blobs[child.digest] = child.size


def _platform_facts(
    manifest: Manifest,
    config: Descriptor,
    platform: Platform | None,
    read_config: Callable[[Descriptor], bytes],
) -> PlatformFacts:
    document = parse_config(read_config(config))
    # Within an index the entry states the platform; a single image states it in its config.
    actual = platform or Platform.from_document(document)

    return PlatformFacts(
        platform=_printable(str(actual)) if actual else "",
        digest=manifest.digest,
        image_id=config.digest,
        size=sum(blob.size for blob in manifest.blobs),
        created_at=parse_time(document.get("created")),
    )


def parse_time(text: Any) -> datetime | None:
    """Parse an RFC 3339 time of a config (image spec, "config", `created`).

    Returns:
        None where it is missing, malformed, Go's zero time, or too late for every time zone.
    """
    if not isinstance(text, str):
        return None
    try:
        # A few tools write a time without a zone; UTC is what they mean.
        time = datetime.fromisoformat(text.strip())
        time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return time if _EARLIEST_YEAR <= time.year <= _LATEST_YEAR else None


def _printable(text: str) -> str:
    """Remove the characters that a database refuses; a platform is a few short words."""
    return "".join(character for character in text if character.isprintable())[:100]
