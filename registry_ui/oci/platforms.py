"""Which images of an index to move: one, some or all."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import PlatformMissing
from .manifest import Descriptor, Manifest, Platform

# BuildKit's mark on an attestation: the digest of the image that it is about.
_ABOUT = "vnd.docker.reference.digest"


@dataclass(frozen=True, slots=True)
class PlatformChoice:
    """Which images of an index to move: all of them, the one for `wanted`, or those for any of `kept`, in an index of their own.

    `insists` says that a person chose the platform, so an image that is not an index must be of it too.
    """

    wanted: Platform | None
    insists: bool = False
    kept: tuple[Platform, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "PlatformChoice":
        """From a form: empty is this machine's, `all`, or `os/architecture[/variant]`.

        Raises:
            InvalidManifest: not a platform.
        """
        text = text.strip().lower()
        if text == "all":
            return cls(None)
        return cls(Platform.parse(text), insists=True) if text else cls(Platform.of_this_machine())

    @classmethod
    def keeping(cls, texts: Sequence[str]) -> "PlatformChoice":
        """Those for any of some platforms; none is all.

        Raises:
            InvalidManifest: not a platform.
        """
        return cls(None, insists=bool(texts), kept=tuple(Platform.parse(text) for text in texts))

    @property
    def is_all(self) -> bool:
        return self.wanted is None and not self.kept

    def accepts(self, platform: Platform) -> bool:
        """Whether an image of this platform is among those asked for."""
        asked = self.kept or ((self.wanted,) if self.wanted else ())
        return not asked or any(platform.satisfies(each) for each in asked)

    def words(self) -> str:
        return ", ".join(str(each) for each in self.kept or (self.wanted,) if each)


def best_child(index: Manifest, wanted: Platform) -> Descriptor:
    """The index's image for a platform.

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
    """The index with the images of some platforms only, and what is about them. Its digest is another one, unless all were asked for.

    The same index and the same choice always give the same bytes.

    Raises:
        PlatformMissing: none of them is there.
    """
    images = {
        child.digest
        for child in index.children
        if child.platform and child.platform.is_known and choice.accepts(child.platform)
    }
    if not images:
        raise _missing(index, choice.words())
    about = {
        child.digest
        for child in index.children
        if child.annotations.get(_ABOUT) in {str(digest) for digest in images}
    }
    kept = images | about
    if all(child.digest in kept for child in index.children):
        return index
    document = json.loads(index.raw)
    document["manifests"] = [
        entry
        for entry in document["manifests"]
        if str(entry["digest"]) in {str(digest) for digest in kept}
    ]
    return Manifest.parse(json.dumps(document, separators=(",", ":")).encode(), index.media_type)


def _missing(index: Manifest, wanted: str) -> PlatformMissing:
    offered = ", ".join(
        dict.fromkeys(
            str(child.platform)
            for child in index.children
            if child.platform and child.platform.is_known
        )
    )
    return PlatformMissing(
        f"The image is not built for {wanted}.",
        advice=f"Choose one of its platforms: {offered}."
        if offered
        else "Choose “all” to take the index as it is.",
    )
