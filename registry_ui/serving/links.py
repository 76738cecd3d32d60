"""Links between repositories of the built-in registry and the blobs that they serve.

A client may read a blob only where its repository has a link to it and its team has the right
to the bytes (`images.TeamBlob`).
"""

import io
import os
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from registry_ui.accounts.models import Team
from registry_ui.images.models import LocalImage, TeamBlob
from registry_ui.images.store import LocalStore, blob_directory
from registry_ui.images.team_blobs import touch_blobs
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.manifest import Manifest
from registry_ui.web.raw_queries import ModelColumns, fetch_row

from .models import ServedBlob

# A time of use is renewed at this interval, to avoid a write at every request.
_TOUCH_EVERY = timedelta(minutes=10)
_INSERT_CHUNK = 500

# Every blob request runs this query.
_BLOB = ModelColumns(TeamBlob, "blob")
_LINKED = f"""
    SELECT {_BLOB.sql}
    FROM {TeamBlob._meta.db_table} blob
    JOIN {ServedBlob._meta.db_table} link
      ON link.team_id = blob.team_id AND link.digest = blob.digest
    WHERE blob.team_id = %s AND blob.digest = %s AND link.repository = %s
"""  # noqa: S608  # no part of it comes from a request


def link(team: Team, repository: str, digests: Iterable[str]) -> None:
    """Link a repository to blobs and manifests."""
    rows = [
        ServedBlob(team=team, repository=repository, digest=digest)
        for digest in dict.fromkeys(digests)
    ]
    for start in range(0, len(rows), _INSERT_CHUNK):
        ServedBlob.objects.bulk_create(rows[start : start + _INSERT_CHUNK], ignore_conflicts=True)


def link_manifest(team: Team, repository: str, manifest: Manifest) -> None:
    """Link a repository to a manifest and everything that it names.

    A manifest with a subject is found among the subject's referrers from then on.
    """
    dependencies = dependencies_of(manifest)
    link(team, repository, dependencies)
    subject = str(manifest.subject.digest) if manifest.subject else ""
    ServedBlob.objects.update_or_create(
        team=team,
        repository=repository,
        digest=str(manifest.digest),
        defaults={"subject": subject, "dependencies": dependencies},
    )


def dependencies_of(manifest: Manifest) -> list[str]:
    return [str(descriptor.digest) for descriptor in (*manifest.blobs, *manifest.children)]


def link_image(image: LocalImage) -> None:
    """Link the repository of a name to everything that its image dependencies."""
    link(image.team, image.repository, image.digests)
    try:
        manifest = LocalStore(image.team, image.reference).get_manifest(Digest.parse(image.digest))
    except OciError:
        # Damaged or missing: it has no subject that could be read.
        return
    if manifest.subject is not None:
        link_manifest(image.team, image.repository, manifest)


def linked(team: Team, repository: str, digest: Digest) -> TeamBlob | None:
    """Return the team's row of a blob that the repository is linked to, or None.

    The row's time of use is renewed, so that the garbage collector keeps the blob.
    """
    found = fetch_row(_LINKED, [team.pk, str(digest), repository])
    row = None if found is None else _BLOB.read(found)

    # A row without its file is as good as no row: the next push or pull writes it again.
    if row is None or blob_directory().size(digest) != row.size:
        return None
    if is_stale(row.used_at):
        # Only manifests have a media type; their whole image is touched with them.
        if row.media_type:
            touch_image(team, repository, row.digest)
        else:
            touch_blobs(team, [row.digest])
    return row


def is_stale(used_at: datetime | None) -> bool:
    return used_at is None or used_at < timezone.now() - _TOUCH_EVERY


def touch_image(team: Team, repository: str, digest: str) -> None:
    """Renew the time of use of a whole image, or of one blob.

    A client that pulls the image can finish even if its last name is removed meanwhile.
    """
    image = LocalImage.objects.filter(team=team, repository=repository, digest=digest).first()
    touch_blobs(team, image.digests if image is not None else [digest])


def delete_orphaned_links() -> int:
    """Delete links to blobs that their team no longer has; return how many."""
    owned = TeamBlob.objects.filter(team=OuterRef("team"), digest=OuterRef("digest"))

    # A blob that is being pushed or fetched has no row yet, so young links are kept.
    return ServedBlob.objects.filter(
        ~Exists(owned), created_at__lt=timezone.now() - timedelta(hours=1)
    ).delete()[0]


class BlobPart(io.RawIOBase):
    """A range of a blob as a file, which a server can send with sendfile(2)."""

    def __init__(self, descriptor: int, start: int, count: int) -> None:
        super().__init__()
        os.lseek(descriptor, start, os.SEEK_SET)
        self._descriptor = descriptor
        self._remaining = count

    def fileno(self) -> int:
        return self._descriptor

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Set the offset in the whole blob; `socket.sendfile` calls it at its end."""
        return os.lseek(self._descriptor, offset, whence)

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        if not self._remaining:
            return 0
        count = os.readv(self._descriptor, [memoryview(buffer)[: self._remaining]])
        self._remaining -= count
        return count

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()
