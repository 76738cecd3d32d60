"""Build dates of images: from the index, else from the image's configuration.

The second way takes two requests for each tag.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from registry_ui.catalog.models import UNSTATED, Tag
from registry_ui.oci.errors import Cancelled, OciError
from registry_ui.oci.image_facts import parse_time
from registry_ui.oci.manifest import Manifest, parse_config
from registry_ui.oci.store import ImageStore, read_blob

from ..models import Mirror
from ..selection import BuildDates
from .endpoints import Endpoints

_CONFIG_LIMIT = 8 * 1024 * 1024
_CHUNK = 500


def build_date_lookup(
    mirror: Mirror, repository: str, endpoints: Endpoints, pool: ThreadPoolExecutor
) -> BuildDates:
    """Return a function that looks up the build dates of a repository's tags.

    A tag that the index does not know costs a manifest and a config. On a registry that counts
    pulls that is one pull, so such a mirror should index its source.
    """

    def dates(names: Sequence[str]) -> Mapping[str, datetime | None]:
        known = _indexed_dates(mirror, repository, names)
        missing = [name for name in names if name not in known]

        # The pool of the comparison is idle now, so it reads the dates of many tags at once.
        store = endpoints.source(repository)
        read = pool.map(lambda name: _read_build_date(store, name), missing)
        return {**known, **dict(zip(missing, read, strict=True))}

    return dates


def _indexed_dates(
    mirror: Mirror, repository: str, names: Sequence[str]
) -> dict[str, datetime | None]:
    rows = Tag.objects.filter(
        repository__registry=mirror.source_registry, repository__name=repository
    ).exclude(built_at=UNSTATED)

    # SQLite limits the number of parameters of a query.
    known: dict[str, datetime | None] = {}
    for start in range(0, len(names), _CHUNK):
        known.update(
            rows.filter(name__in=names[start : start + _CHUNK]).values_list("name", "built_at")
        )
    return known


def _read_build_date(store: ImageStore, tag: str) -> datetime | None:
    try:
        manifest = _first_image(store, store.get_manifest(tag))
        if manifest is None or manifest.config is None:
            return None
        return parse_time(
            parse_config(read_blob(store, manifest.config, limit=_CONFIG_LIMIT)).get("created")
        )
    except Cancelled:
        # Only a cancellation stops the run; a tag without a date is skipped with a reason.
        raise
    except OciError:
        return None


def _first_image(store: ImageStore, manifest: Manifest) -> Manifest | None:
    """Return the manifest itself, or the first image of an index."""
    if not manifest.is_index:
        return manifest

    # Attestations of buildx have the platform unknown/unknown and no build date.
    images = [
        child
        for child in manifest.children
        if child.is_manifest and (child.platform is None or child.platform.is_known)
    ]
    return store.get_manifest(images[0].digest) if images else None
