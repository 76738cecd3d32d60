"""Images of other registries through this server: `TEAM/proxy/REGISTRY/NAME`. Fetched once, with the team's credential, kept,
and served from here; where the registry does not answer, what is kept is served on.

The registry is written as its host, with `_` for the `:` before a port: a repository's name has no colon.
"""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.images.store import LocalStore, blob_directory
from registry_ui.oci.client import RegistryStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ConnectionFailed, ManifestUnknown, RateLimited, ServerFailed
from registry_ui.oci.manifest import Descriptor
from registry_ui.registries.indexing.reading import AT_ONCE

from .errors import blob_unknown
from .fetching import Fetch
from .holdings import hold_manifest
from .models import Holding, KeptTag
from .repositories import ServedRepository
from .upstream import upstream_of

logger = logging.getLogger(__name__)

_DEPTH = 5

Found = tuple[Digest, str]


def find_manifest(repository: ServedRepository, wanted: str | Digest) -> Found | None:
    """The digest and media type behind a tag or digest; fetched where it is not here, or may have changed.

    Raises:
        Refusal, OciError: the registry says no, or does not answer and nothing is kept.
    """
    if isinstance(wanted, str):
        return _kept(repository, wanted, only_fresh=True) or _ask(repository, wanted)
    found = repository.find(wanted)
    if found is None:
        upstream = upstream_of(repository)
        with (
            _alone(repository, str(wanted)),
            upstream.opened(upstream.named(str(wanted)), AT_ONCE) as source,
        ):
            found = repository.find(wanted) or _fetch(repository, source, wanted)
    return found


def kept_tags(repository: ServedRepository) -> list[str]:
    return sorted(_rows(repository).values_list("tag", flat=True))


def fetch_blob(repository: ServedRepository, digest: Digest) -> Fetch:
    """Bring a blob of a manifest that was pulled through here. Nothing else is fetched.

    Raises:
        Refusal: no such manifest names it.
    """
    holding = Holding.objects.filter(
        team=repository.team, repository=repository.name, digest=str(digest)
    ).first()
    if holding is None or holding.size is None:
        raise blob_unknown()
    return Fetch.join(repository, upstream_of(repository), Descriptor("", digest, holding.size))


def marked_by_kept_tags() -> Iterator[tuple[int, list[str]]]:
    """For the collector: the images behind the kept tags, as far as they are here."""
    for kept in KeptTag.objects.all().iterator():
        seen: set[str] = set()
        level = {kept.digest}
        for _level in range(_DEPTH):
            rows = Holding.objects.filter(
                team=kept.team_id, repository=kept.repository, digest__in=level - seen
            )
            seen |= level
            level = {digest for needs in rows.values_list("needs", flat=True) for digest in needs}
        yield kept.team_id, sorted(seen | level)


def _ask(repository: ServedRepository, tag: str) -> Found:
    """What the tag names now. Of many that ask at once one asks the registry, and the others wait for its answer."""
    with _alone(repository, tag):
        fresh = _kept(repository, tag, only_fresh=True)
        if fresh is not None:
            return fresh
        upstream = upstream_of(repository)
        try:
            with upstream.opened(upstream.named(tag), AT_ONCE) as source:
                return _renew(repository, source, tag)
        except (ConnectionFailed, ServerFailed, RateLimited) as exc:
            kept = _kept(repository, tag)
            if kept is None:
                raise
            logger.info("%s:%s is served as it was kept: %s", repository.name, tag, exc.message)
            # Not asked again by the next client already.
            _rows(repository).filter(tag=tag).update(checked_at=timezone.now())
            return kept


def _renew(repository: ServedRepository, source: RegistryStore, tag: str) -> Found:
    described = source.head_manifest(tag)
    if described is None:
        _rows(repository).filter(tag=tag).delete()
        raise ManifestUnknown(
            _("%(host)s has no such tag.") % {"host": source.client.endpoint.host}
        )
    found = repository.find(described.digest) or _fetch(repository, source, described.digest)
    now = timezone.now()
    KeptTag.objects.update_or_create(
        team=repository.team,
        repository=repository.name,
        tag=tag,
        defaults={"digest": str(described.digest), "checked_at": now, "used_at": now},
    )
    return found


def _fetch(repository: ServedRepository, source: RegistryStore, digest: Digest) -> Found:
    """A manifest, kept; of what it names, which and how large."""
    manifest = source.get_manifest(digest)
    LocalStore(repository.team, repository.reference).keep_manifest(manifest)
    hold_manifest(repository.team, repository.name, manifest)
    for blob in manifest.blobs:
        Holding.objects.filter(
            team=repository.team, repository=repository.name, digest=str(blob.digest)
        ).update(size=blob.size)
    return digest, manifest.media_type


def _kept(repository: ServedRepository, tag: str, *, only_fresh: bool = False) -> Found | None:
    now = timezone.now()
    rows = _rows(repository).filter(tag=tag)
    fresh = (
        {"checked_at__gt": now - timedelta(seconds=settings.PROXY_FRESH_SECONDS)}
        if only_fresh
        else {}
    )
    kept = rows.filter(**fresh).first()
    found = repository.find(Digest.parse(kept.digest)) if kept is not None else None
    if kept is not None and found is not None and kept.used_at < now - timedelta(hours=1):
        rows.update(used_at=now)
    return found


def _rows(repository: ServedRepository) -> QuerySet[KeptTag]:
    return KeptTag.objects.filter(team=repository.team, repository=repository.name)


def _alone(repository: ServedRepository, reference: str) -> AbstractContextManager[object]:
    """Among all threads and processes the only one that fetches this: the name's own digest stands for it."""
    name = Digest.of(f"{repository.name} {reference}".encode())
    return blob_directory().claim(name, owner=str(repository.team.pk))
