"""The choice of an index's image to show."""

from collections.abc import Sequence
from typing import Any

from registry_ui.oci.errors import OciError
from registry_ui.oci.manifest import Platform


def choose_platform(platforms: Sequence[dict[str, Any]], wanted: str = "") -> dict[str, Any] | None:
    """Return the wanted platform, else the one for this machine, else the first, else None.

    Args:
        wanted: a digest, or a platform as text; ignored if the index does not have it.
    """
    # A link from another page names a digest, a person writes a platform.
    named = [
        entry for entry in platforms if wanted and wanted in (entry["digest"], entry["platform"])
    ]
    this_machine = Platform.of_this_machine()
    # “Satisfies” and not “equals”: an arm64 machine runs linux/arm64/v8 as well.
    fitting = named or [entry for entry in platforms if _satisfies(entry["platform"], this_machine)]
    return next(iter(fitting or platforms), None)


def _satisfies(text: str, wanted: Platform) -> bool:
    try:
        return Platform.parse(text).satisfies(wanted)
    except OciError:
        return False
