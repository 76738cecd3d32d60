"""Which repository of this server has what. A client gets only what its repository holds and its team has a right to."""

import io
import os
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import CharField, Exists, IntegerField, OuterRef
from django.utils import timezone

from registry_ui.accounts.models import Team
from registry_ui.images.models import LocalImage, TeamBlob
from registry_ui.images.store import LocalStore, blob_directory, touch_blobs
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.manifest import Manifest
from registry_ui.web.statements import Given, Statement

from .models import Holding

# How long a time of use is good enough: a write at every request would be one too many.
_TOUCH_EVERY = timedelta(minutes=10)
_CHUNK = 500

_TEAM, _REPOSITORY, _DIGEST = (
    Given("team", IntegerField()),
    Given("repository", CharField()),
    Given("digest", CharField()),
)
_HELD = Statement(
    lambda: TeamBlob.objects.filter(
        Exists(Holding.objects.filter(team=_TEAM, repository=_REPOSITORY, digest=_DIGEST)),
        team=_TEAM,
        digest=_DIGEST,
    )
)


def hold(team: Team, repository: str, digests: Iterable[str]) -> None:
    """The repository has these from now on."""
    rows = [
        Holding(team=team, repository=repository, digest=digest)
        for digest in dict.fromkeys(digests)
    ]
    for start in range(0, len(rows), _CHUNK):
        Holding.objects.bulk_create(rows[start : start + _CHUNK], ignore_conflicts=True)


def hold_manifest(team: Team, repository: str, manifest: Manifest) -> None:
    """The same for a manifest and what it names; a referrer is found by its subject."""
    needs = needed_by(manifest)
    hold(team, repository, needs)
    subject = str(manifest.subject.digest) if manifest.subject else ""
    Holding.objects.update_or_create(
        team=team,
        repository=repository,
        digest=str(manifest.digest),
        defaults={"subject": subject, "needs": needs},
    )


def needed_by(manifest: Manifest) -> list[str]:
    return [str(each.digest) for each in (*manifest.blobs, *manifest.children)]


def hold_name(image: LocalImage) -> None:
    """A name on this server makes its repository hold all that the image needs."""
    hold(image.team, image.repository, image.digests)
    try:
        manifest = LocalStore(image.team, image.reference).get_manifest(Digest.parse(image.digest))
    except OciError:
        return  # damaged or missing: there is nothing to find by its subject
    if manifest.subject is not None:
        hold_manifest(image.team, image.repository, manifest)


def held(team: Team, repository: str, digest: Digest) -> TeamBlob | None:
    """The team's row for what a repository holds, kept from the collector for a while; None where it is not there."""
    row = _HELD.first(team=team.pk, repository=repository, digest=str(digest))
    if row is None or blob_directory().size(digest) != row.size:
        return None
    if is_stale(row.used_at):
        touch_image(team, repository, row.digest) if row.media_type else touch_blobs(
            team, [row.digest]
        )
    return row


def is_stale(used_at: datetime | None) -> bool:
    return used_at is None or used_at < timezone.now() - _TOUCH_EVERY


def touch_image(team: Team, repository: str, digest: str) -> None:
    """Keep all of an image from the collector while a client pulls it, should its last name go meanwhile."""
    image = LocalImage.objects.filter(team=team, repository=repository, digest=digest).first()
    touch_blobs(team, image.digests if image is not None else [digest])


def drop_dead_holdings() -> int:
    """Forget what repositories held of blobs that the team has no more."""
    alive = TeamBlob.objects.filter(team=OuterRef("team"), digest=OuterRef("digest"))
    return Holding.objects.filter(
        ~Exists(alive), created_at__lt=timezone.now() - timedelta(hours=1)
    ).delete()[0]


class BlobPart(io.RawIOBase):
    """Some bytes of a blob as a file: servers that can, send it without reading it here."""

    def __init__(self, descriptor: int, start: int, count: int) -> None:
        super().__init__()
        os.lseek(descriptor, start, os.SEEK_SET)
        self._descriptor = descriptor
        self._left = count

    def fileno(self) -> int:
        return self._descriptor

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """For `socket.sendfile`, which ends with it."""
        return os.lseek(self._descriptor, offset, whence)

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        count = os.readv(self._descriptor, [memoryview(buffer)[: self._left]]) if self._left else 0
        self._left -= count
        return count

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()
