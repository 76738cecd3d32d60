"""The pull-through cache of other registries: `TEAM/proxy/REGISTRY/NAME`.

Images are fetched once, with the team's credential, and served from the local store. If the
registry is unreachable, cached images are still served (distribution spec, "Registry
Proxying").

The registry is written as its host, with `_` for the `:` before a port, because a repository
name cannot contain a colon (distribution spec, "Pulling manifests").
"""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from registry_ui.catalog.indexing.registry_clients import INTERACTIVE_LIMITS
from registry_ui.images.store import LocalStore, blob_directory
from registry_ui.oci.client import RegistryStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ConnectionFailed, ManifestUnknown, RateLimited, ServerFailed
from registry_ui.oci.manifest import Descriptor

from .errors import blob_unknown
from .fetches import Fetch
from .links import link_manifest
from .models import CachedTag, ServedBlob
from .repositories import ServedRepository
from .upstream import upstream_of

logger = logging.getLogger(__name__)

# An index in an index is rare; deeper levels are not followed.
_MAX_DEPTH = 5

ResolvedManifest = tuple[Digest, str]


def find_manifest(repository: ServedRepository, reference: str | Digest) -> ResolvedManifest | None:
    """Return the digest and media type of a tag or digest, fetched where necessary.

    Raises:
        ApiError, OciError: the registry refuses, or it is unreachable and nothing is cached.
    """
    if isinstance(reference, str):
        fresh = _cached_manifest(repository, reference, only_fresh=True)
        return fresh or _ask_upstream(repository, reference)

    resolved = repository.find(reference)
    if resolved is None:
        upstream = upstream_of(repository)
        with (
            _exclusive(repository, str(reference)),
            upstream.open_store(upstream.name_of(str(reference)), INTERACTIVE_LIMITS) as source,
        ):
            # Another client may have fetched it while this one waited for the lock.
            resolved = repository.find(reference) or _fetch_manifest(repository, source, reference)

    return resolved


def cached_tag_names(repository: ServedRepository) -> list[str]:
    return sorted(_kept_tags(repository).values_list("tag", flat=True))


def fetch_blob(repository: ServedRepository, digest: Digest) -> Fetch:
    """Return a fetch of a blob that a cached manifest names.

    Raises:
        ApiError: no cached manifest names it.
    """
    link = ServedBlob.objects.filter(
        team=repository.team, repository=repository.name, digest=str(digest)
    ).first()

    # Only a manifest that was pulled through the proxy records sizes, so clients cannot have other
    # blobs fetched.
    if link is None or link.size is None:
        raise blob_unknown()
    return Fetch.join(repository, upstream_of(repository), Descriptor("", digest, link.size))


def marks_of_kept_tags() -> Iterator[tuple[int, list[str]]]:
    """Yield the digests of all cached images, for the garbage collector."""
    for kept in CachedTag.objects.all().iterator():
        # An index needs its manifests, and they need their blobs.
        seen: set[str] = set()
        digests = {kept.digest}
        for _depth in range(_MAX_DEPTH):
            rows = ServedBlob.objects.filter(
                team=kept.team_id, repository=kept.repository, digest__in=digests - seen
            )
            seen |= digests
            digests = {
                digest
                for dependencies in rows.values_list("dependencies", flat=True)
                for digest in dependencies
            }
        yield kept.team_id, sorted(seen | digests)


def _ask_upstream(repository: ServedRepository, tag: str) -> ResolvedManifest:
    """Return the manifest that the tag names at its registry now.

    One of several simultaneous clients asks the registry; the others wait for its answer.
    """
    with _exclusive(repository, tag):
        fresh = _cached_manifest(repository, tag, only_fresh=True)
        if fresh is not None:
            return fresh

        upstream = upstream_of(repository)
        try:
            with upstream.open_store(upstream.name_of(tag), INTERACTIVE_LIMITS) as source:
                return _refresh_tag(repository, source, tag)
        except (ConnectionFailed, ServerFailed, RateLimited) as exc:
            kept = _cached_manifest(repository, tag)
            if kept is None:
                raise
            logger.info("%s:%s is served as it was kept: %s", repository.name, tag, exc)
            # The next clients get the cached manifest without another attempt.
            _kept_tags(repository).filter(tag=tag).update(checked_at=timezone.now())
            return kept


def _refresh_tag(repository: ServedRepository, source: RegistryStore, tag: str) -> ResolvedManifest:
    # A HEAD is enough for an unchanged tag, and Docker Hub does not count it as a pull
    # (distribution spec, "Checking if content exists in the registry").
    described = source.head_manifest(tag)
    if described is None:
        _kept_tags(repository).filter(tag=tag).delete()
        raise ManifestUnknown("upstream_tag_unknown", host=source.client.endpoint.host)

    resolved = repository.find(described.digest) or _fetch_manifest(
        repository, source, described.digest
    )
    now = timezone.now()
    CachedTag.objects.update_or_create(
        team=repository.team,
        repository=repository.name,
        tag=tag,
        defaults={"digest": str(described.digest), "checked_at": now, "used_at": now},
    )

    return resolved


def _fetch_manifest(
    repository: ServedRepository, source: RegistryStore, digest: Digest
) -> ResolvedManifest:
    """Fetch and store a manifest, and record the sizes of its blobs."""
    manifest = source.get_manifest(digest)
    LocalStore(repository.team, repository.reference).store_manifest(manifest)
    link_manifest(repository.team, repository.name, manifest)

    # The size allows a blob to be streamed while it is still being fetched.
    for blob in manifest.blobs:
        ServedBlob.objects.filter(
            team=repository.team, repository=repository.name, digest=str(blob.digest)
        ).update(size=blob.size)
    return digest, manifest.media_type


def _cached_manifest(
    repository: ServedRepository, tag: str, *, only_fresh: bool = False
) -> ResolvedManifest | None:
    now = timezone.now()
    rows = _kept_tags(repository).filter(tag=tag)
    candidates = rows
    if only_fresh:
        fresh_since = now - timedelta(seconds=settings.PROXY_FRESH_SECONDS)
        candidates = rows.filter(checked_at__gt=fresh_since)

    kept = candidates.first()
    resolved = repository.find(Digest.parse(kept.digest)) if kept is not None else None

    # The time of use decides what PROXY_KEEP_DAYS removes; an hour's precision saves writes.
    if kept is not None and resolved is not None and kept.used_at < now - timedelta(hours=1):
        rows.update(used_at=now)

    return resolved


def _kept_tags(repository: ServedRepository) -> QuerySet[CachedTag]:
    return CachedTag.objects.filter(team=repository.team, repository=repository.name)


def _exclusive(repository: ServedRepository, reference: str) -> AbstractContextManager[object]:
    """Return a lock that one thread of all processes holds for this reference.

    It is the lock of a partial blob whose digest is that of the reference's text.
    """
    name = Digest.of(f"{repository.name} {reference}".encode())
    return blob_directory().claim(name, owner=str(repository.team.pk))
