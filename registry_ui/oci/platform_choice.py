"""The choice of the images of an index that are copied (image spec, "image-index")."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import PlatformMissing
from .manifest import Descriptor, Manifest, Platform

# BuildKit puts the digest of the attested image into this annotation of an attestation's entry.
_ATTESTED_DIGEST = "vnd.docker.reference.digest"


@dataclass(frozen=True, slots=True)
class PlatformChoice:
    """A choice among an index's images.

    Args:
        wanted: the one platform to copy, outside of an index; None with `kept` or for all.
        is_explicit: a person chose the platform, so a single image must be built for it too.
        kept: the platforms to copy in a reduced index; empty for all.
    """

    wanted: Platform | None
    is_explicit: bool = False
    kept: tuple[Platform, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "PlatformChoice":
        """Parse a form's value: empty for this machine's platform, `all`, or `os/arch[/variant]`.

        Raises:
            InvalidManifest: not a platform.
        """
        text = text.strip().lower()
        if text == "all":
            return cls(None)
        if not text:
            return cls(Platform.of_this_machine())
        return cls(Platform.parse(text), is_explicit=True)

    @classmethod
    def any_of(cls, texts: Sequence[str]) -> "PlatformChoice":
        """Return the choice of all images for some platforms; of every image where none is named.

        Raises:
            InvalidManifest: not a platform.
        """
        kept = tuple(Platform.parse(text) for text in texts)
        return cls(None, is_explicit=bool(texts), kept=kept)

    @property
    def is_all(self) -> bool:
        """Return whether the index is copied unchanged."""
        return self.wanted is None and not self.kept

    def accepts(self, platform: Platform) -> bool:
        """Return whether an image for this platform is among the chosen ones."""
        chosen = self._platforms
        return not chosen or any(platform.satisfies(wanted) for wanted in chosen)

    @property
    def label(self) -> str:
        """The chosen platforms, separated by commas."""
        return ", ".join(str(platform) for platform in self._platforms)

    @property
    def _platforms(self) -> tuple[Platform, ...]:
        return self.kept or ((self.wanted,) if self.wanted else ())


def best_child(index: Manifest, wanted: Platform) -> Descriptor:
    """Return the index's entry for a platform, the exact variant before a compatible one.

    Raises:
        PlatformMissing: there is none.
    """
    candidates = [
        child for child in index.children if child.platform and child.platform.satisfies(wanted)
    ]
    exact = [
        child for child in candidates if child.platform and child.platform.variant == wanted.variant
    ]
    if chosen := exact or candidates:
        return chosen[0]
    raise _missing(index, str(wanted))


def reduced_index(index: Manifest, choice: PlatformChoice) -> Manifest:
    """Return the index with the chosen images only, and with their attestations.

    Its digest is a new one, unless every image was chosen. The same index and the same choice give
    the same bytes.

    Raises:
        PlatformMissing: no image was chosen.
    """
    images = {
        child.digest
        for child in index.children
        if child.platform and child.platform.is_known and choice.accepts(child.platform)
    }
    if not images:
        raise _missing(index, choice.label)

    image_texts = {str(digest) for digest in images}
    attestations = {
        child.digest
        for child in index.children
        if child.annotations.get(_ATTESTED_DIGEST) in image_texts
    }
    kept = images | attestations
    if all(child.digest in kept for child in index.children):
        return index

    # The entries stay as they were written: a parsed and rebuilt entry would lose unknown members.
    kept_texts = {str(digest) for digest in kept}
    document = json.loads(index.raw)
    document["manifests"] = [
        entry for entry in document["manifests"] if str(entry["digest"]) in kept_texts
    ]
    return Manifest.parse(json.dumps(document, separators=(",", ":")).encode(), index.media_type)


def _missing(index: Manifest, wanted: str) -> PlatformMissing:
    platforms = [child.platform for child in index.children if child.platform]
    offered = list(dict.fromkeys(str(platform) for platform in platforms if platform.is_known))
    return PlatformMissing(
        "platform_missing" if offered else "platform_unnamed",
        wanted=wanted,
        offered=offered or None,
    )
