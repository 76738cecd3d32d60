"""Which image of an index is shown."""

from collections.abc import Sequence
from typing import Any

from registry_ui.oci.errors import OciError
from registry_ui.oci.manifest import Platform


def choose_platform(platforms: Sequence[dict[str, Any]], wanted: str = "") -> dict[str, Any] | None:
    """One of the rows' platforms: the wanted one, else the one for this machine, else the first; None where there are none.

    Args:
        wanted: a digest, or a platform as text; what the image does not have is passed over.
    """
    named = [
        entry for entry in platforms if wanted and wanted in (entry["digest"], entry["platform"])
    ]
    here = Platform.of_this_machine()
    fitting = named or [entry for entry in platforms if _satisfies(entry["platform"], here)]
    return next(iter(fitting or platforms), None)


def _satisfies(text: str, wanted: Platform) -> bool:
    try:
        return Platform.parse(text).satisfies(wanted)
    except OciError:
        return False
