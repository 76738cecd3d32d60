"""The platform of an image (image spec, "image-index", `platform`)."""

import platform as host_platform
from dataclasses import dataclass
from typing import Any

from .errors import InvalidManifest

_PART_LIMIT = 60

# Python's names of processors on the left, Go's on the right.
_ARCHITECTURES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "i386": "386",
    "i686": "386",
    "armv7l": "arm",
    "armv6l": "arm",
}
_VARIANTS = {"armv7l": "v7", "armv6l": "v6"}


@dataclass(frozen=True, slots=True)
class Platform:
    """An operating system and a processor in Go's names (`linux/arm64/v8`)."""

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""

    @classmethod
    def parse(cls, text: str) -> "Platform":
        """Parse `os/architecture[/variant]`.

        Raises:
            InvalidManifest: not two or three parts of letters, digits and “._-”.
        """
        parts = text.strip().lower().split("/")
        if not 2 <= len(parts) <= 3 or not all(
            part and part.replace("_", "").replace("-", "").replace(".", "").isalnum()
            for part in parts
        ):
            raise InvalidManifest("platform_invalid", text=text[:60])
        return cls(*parts)

    @classmethod
    def from_document(cls, document: Any) -> "Platform | None":
        """Return the platform of a descriptor or a config; None where it is incomplete."""
        if not isinstance(document, dict):
            return None
        system, architecture, variant, version = (
            _safe_part(document.get(name))
            for name in ("os", "architecture", "variant", "os.version")
        )
        return cls(system, architecture, variant, version) if system and architecture else None

    @classmethod
    def of_this_machine(cls) -> "Platform":
        """Return the platform that images need to run here; always Linux, as docker does."""
        machine = host_platform.machine().lower()
        return cls("linux", _ARCHITECTURES.get(machine, machine), _VARIANTS.get(machine, ""))

    def satisfies(self, wanted: "Platform") -> bool:
        """Return whether an image of this platform runs on `wanted`."""
        if (self.os, self.architecture) != (wanted.os, wanted.architecture):
            return False
        # Whoever names no variant accepts every one.
        if not wanted.variant or self.variant == wanted.variant:
            return True
        # arm64 and arm64/v8 are the same platform (containerd, "platforms").
        return self.architecture == "arm64" and {self.variant, wanted.variant} <= {"", "v8"}

    @property
    def is_known(self) -> bool:
        """Return whether it is a real platform, and not an attestation's `unknown/unknown`."""
        return self.os != "unknown" and self.architecture != "unknown"

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


def _safe_part(value: Any) -> str:
    """Return a part of a platform without characters that rows and pages cannot hold."""
    return (
        "".join(character for character in value[:_PART_LIMIT] if character.isprintable())
        if isinstance(value, str)
        else ""
    )
