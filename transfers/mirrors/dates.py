"""When images were built: from the index where it knows the tags, else from the image's own config, which takes some requests."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from registry_ui.oci.errors import Cancelled, OciError
from registry_ui.oci.facts import parse_time
from registry_ui.oci.manifest import Manifest, parse_config
from registry_ui.oci.store import ImageStore, read_blob
from registry_ui.registries.models import UNSTATED, Tag

from ..models import Mirror
from .ends import Ends
from .selection import Dates

_CONFIG_LIMIT = 8 * 1024 * 1024
_CHUNK = 500


def dates_of(mirror: Mirror, repository: str, ends: Ends, pool: ThreadPoolExecutor) -> Dates:
    """For a selection by date, of one repository.

    What the index does not know costs a manifest and a config each: on a
    registry that counts pulls that is a pull, so there such a mirror wants an index.
    """

    def dates(names: Sequence[str]) -> Mapping[str, datetime | None]:
        known = _indexed(mirror, repository, names)
        missing = [name for name in names if name not in known]
        store = ends.source(repository)
        asked = pool.map(lambda name: _built(store, name), missing)
        return {**known, **dict(zip(missing, asked, strict=True))}

    return dates


def _indexed(mirror: Mirror, repository: str, names: Sequence[str]) -> dict[str, datetime | None]:
    rows = Tag.objects.filter(
        repository__registry=mirror.source_registry, repository__name=repository
    ).exclude(built_at=UNSTATED)
    known: dict[str, datetime | None] = {}
    for start in range(0, len(names), _CHUNK):
        known.update(
            rows.filter(name__in=names[start : start + _CHUNK]).values_list("name", "built_at")
        )
    return known


def _built(store: ImageStore, tag: str) -> datetime | None:
    try:
        manifest = _image_of(store, store.get_manifest(tag))
        if manifest is None or manifest.config is None:
            return None
        return parse_time(
            parse_config(read_blob(store, manifest.config, limit=_CONFIG_LIMIT)).get("created")
        )
    except Cancelled:
        raise
    except OciError:
        return None


def _image_of(store: ImageStore, found: Manifest) -> Manifest | None:
    """The image itself; of an index its first one."""
    if not found.is_index:
        return found
    images = [
        child
        for child in found.children
        if child.is_manifest and (child.platform is None or child.platform.is_known)
    ]
    return store.get_manifest(images[0].digest) if images else None
