"""The store of a team's local images, as an `ImageStore`.

Teams share the files, but not the right to use them. A blob without a TeamBlob row of the team
does not exist for it, and writing it takes all its bytes, even if the file exists.
"""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from registry_ui.accounts.models import Team, User
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import BlobUnknown, ContentMismatch, ManifestUnknown
from registry_ui.oci.image_facts import ImageFacts, gather_facts
from registry_ui.oci.manifest import MANIFEST_LIMIT, Descriptor, Manifest
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import BlobReader, Cancellation, OpenSource

from .blobs import BlobDirectory
from .models import LocalImage, TeamBlob
from .names import assign_name
from .partial_blobs import PartialBlob
from .team_blobs import touch_blobs


def blob_directory() -> BlobDirectory:
    """Return the installation's folder of blobs."""
    return BlobDirectory(settings.IMAGES_DIRECTORY, min_free_bytes=settings.FREE_SPACE_FLOOR)


class LocalStore:
    """One team's images under one repository name; see `ImageStore` in oci/store.py.

    Threads may share it.

    Args:
        name: the repository; with a tag or digest of it, a manifest that is put under that digest
            gets its row.
        origin: the reference that the image comes from, for the row.
    """

    def __init__(
        self,
        team: Team,
        name: Reference,
        *,
        user: User | None = None,
        origin: str = "",
        cancellation: Cancellation | None = None,
    ) -> None:
        self.team = team
        self.name = name
        self._user = user
        self._origin = origin
        self._cancellation = cancellation

        self._blobs = blob_directory()
        self._owner_thread = threading.get_ident()
        self._opened: set[Digest] = set()

    def head_manifest(self, reference: str | Digest) -> Descriptor | None:
        digest, media_type = self._resolve(reference)
        size = self._blobs.size(digest) if digest is not None else None
        return (
            Descriptor(media_type, digest, size)
            if digest is not None and size is not None
            else None
        )

    def get_manifest(self, reference: str | Digest) -> Manifest:
        digest, media_type = self._resolve(reference)
        if digest is None:
            raise ManifestUnknown("local_image_unknown", name=self._familiar_name(reference))

        try:
            raw = self._blobs.read(digest, limit=MANIFEST_LIMIT)
        except ContentMismatch:
            self._quarantine(digest)
            raise
        except BlobUnknown as exc:
            raise ManifestUnknown(
                "local_manifest_missing", name=self._familiar_name(reference)
            ) from exc

        return Manifest.parse(raw, media_type, algorithm=digest.algorithm)

    def put_manifest(self, manifest: Manifest, reference: str | Digest) -> None:
        """Store a manifest, and point the tag at it.

        A manifest that is put by the digest of the store's name gets a row without a tag.

        Raises:
            BlobUnknown, ManifestUnknown: the team lacks something that the manifest names.
        """
        wanted = reference if isinstance(reference, Digest) else None
        if wanted is not None and wanted != manifest.digest:
            raise ContentMismatch("local_manifest_differs", digest=wanted)

        # distribution spec, "Pushing Manifests": everything that a manifest names has to be there
        # first.
        self._check_complete(manifest)
        self._write(
            manifest.descriptor,
            lambda offset: io.BytesIO(manifest.raw[offset:]),
            manifest.media_type,
        )
        name = self._name_for(manifest, reference)

        if name is not None:
            facts = self.facts(manifest.digest)
            with self._database():
                assign_name(
                    team=self.team,
                    user=self._user,
                    name=name,
                    facts=facts,
                    source_digest=manifest.digest,
                    origin=self._origin,
                )

    def facts(self, digest: Digest) -> ImageFacts:
        """Return the facts of a complete image.

        Raises:
            ManifestUnknown, BlobUnknown: a part of it is missing.
            ContentMismatch: a manifest or config is damaged.
        """
        facts = gather_facts(self.get_manifest(digest), self.get_manifest, self.read_config)
        self._require_blobs([Descriptor("", blob, size) for blob, size in facts.blobs.items()])
        return facts

    def has_blob(self, descriptor: Descriptor) -> bool:
        """Return whether the team has the blob.

        The row's time of use is renewed before the file is checked, so that the garbage collector
        keeps the blob.
        """
        return (
            # A row of another size is another blob: the digest was given with a wrong size.
            self._touch(descriptor.digest, size=descriptor.size)
            and self._blobs.size(descriptor.digest) == descriptor.size
        )

    def open_blob(self, descriptor: Descriptor, offset: int = 0) -> BlobReader:
        if not self._touch(descriptor.digest):
            raise _blob_unknown(descriptor)

        # `recheck_opened` verifies these, if the receiver reports a damaged blob.
        self._opened.add(descriptor.digest)
        return self._blobs.open(descriptor.digest, offset)

    def write_blob(self, descriptor: Descriptor, open_source: OpenSource) -> None:
        self._write(descriptor, open_source)

    def download_blob(self, descriptor: Descriptor, open_source: OpenSource) -> None:
        """Write a blob so that others can read along (see following.py).

        Its bytes go through the partial file, even if the disk has the blob of another team.
        """
        digest, size = descriptor.digest, descriptor.size
        with self._blobs.claim(
            digest, owner=str(self.team.pk), cancellation=self._cancellation
        ) as partial:
            if not self.has_blob(descriptor):
                partial.download(size, open_source)
                self._publish(partial, digest, size)

    def store_manifest(self, manifest: Manifest) -> None:
        """Store a manifest whose blobs may be fetched later, or never."""
        self._write(
            manifest.descriptor,
            lambda offset: io.BytesIO(manifest.raw[offset:]),
            manifest.media_type,
        )

    def mount_blob(self, descriptor: Descriptor, repository: str) -> bool:
        """Return False: mounting is never needed or possible.

        The team's repositories share its blobs, and blobs of other teams are never mounted.
        """
        return False

    def read_config(self, descriptor: Descriptor) -> bytes:
        """Return the verified bytes of a config; a damaged one is quarantined.

        Raises:
            BlobUnknown: the team has none, even if another team has it.
            ContentMismatch
        """
        with self._database():
            # The file alone proves nothing: another team may have written it.
            is_owned = TeamBlob.objects.filter(
                team=self.team, digest=str(descriptor.digest)
            ).exists()

        if not is_owned:
            raise _blob_unknown(descriptor)

        try:
            return self._blobs.read(descriptor.digest, limit=MANIFEST_LIMIT)
        except ContentMismatch:
            self._quarantine(descriptor.digest)
            raise

    def recheck_opened(self) -> list[Digest]:
        """Verify all blobs that were opened here, and quarantine damaged ones.

        Call it after the receiver reported wrong bytes: it hashes what passes, this store does not.
        """
        damaged_digests = [
            digest
            for digest in sorted(self._opened)
            if self._blobs.size(digest) is not None and not self._blobs.is_intact(digest)
        ]
        for digest in damaged_digests:
            self._quarantine(digest)
        return damaged_digests

    def _write(self, descriptor: Descriptor, open_source: OpenSource, media_type: str = "") -> None:
        digest, size = descriptor.digest, descriptor.size
        with self._blobs.claim(
            digest, owner=str(self.team.pk), cancellation=self._cancellation
        ) as partial:
            # A manifest is small enough to verify every time, so each pull repairs a damaged one.
            if self.has_blob(descriptor) and (not media_type or self._blobs.is_intact(digest)):
                return self._record_ownership(digest, size, media_type)

            if self._has_intact_file(digest, size):
                # A writer of this team adds its row after the file, under this lock.
                with self._blobs.locked(digest, self._cancellation):
                    if self.has_blob(descriptor):
                        return self._record_ownership(digest, size, media_type)

                # Another team has the file. This team reads all bytes from its source as a proof,
                # and keeps the file.
                partial.verify_source(size, open_source)
                with self._blobs.locked(digest, self._cancellation):
                    # The garbage collector may have removed the file before the lock was taken.
                    if self._blobs.size(digest) == size:
                        return self._record_ownership(digest, size, media_type)
            partial.download(size, open_source)
            return self._publish(partial, digest, size, media_type)

    def _publish(
        self, partial: PartialBlob, digest: Digest, size: int, media_type: str = ""
    ) -> None:
        with self._blobs.locked(digest, self._cancellation):
            # File and row are added under one lock, so the garbage collector never sees one alone.
            self._blobs.publish(partial)
            self._record_ownership(digest, size, media_type)

    def _has_intact_file(self, digest: Digest, size: int) -> bool:
        """Return whether an intact file exists, perhaps without a row of this team.

        The garbage collector may remove such a file at any time.
        """
        try:
            return self._blobs.size(digest) == size and self._blobs.is_intact(
                digest, self._cancellation
            )
        except BlobUnknown:
            return False

    def _record_ownership(self, digest: Digest, size: int, media_type: str) -> None:
        values: dict[str, Any] = {"size": size, "used_at": timezone.now()}
        if media_type:
            # A manifest that was pushed as a blob before becomes one now, but never the reverse.
            values["media_type"] = media_type
        with self._database():
            TeamBlob.objects.update_or_create(team=self.team, digest=str(digest), defaults=values)

    def _touch(self, digest: Digest, **conditions: int) -> bool:
        with self._database():
            return bool(
                TeamBlob.objects.filter(team=self.team, digest=str(digest), **conditions).update(
                    used_at=timezone.now()
                )
            )

    def _check_complete(self, manifest: Manifest) -> None:
        """Refuse a manifest that names something the team lacks.

        Raises:
            BlobUnknown, ManifestUnknown
        """
        # An index may name artifacts that are blobs, not manifests (image spec, "OCI Image
        # Index").
        nested = [child for child in manifest.children if child.is_index or child.is_manifest]
        other_children = [
            child for child in manifest.children if not (child.is_index or child.is_manifest)
        ]
        self._require_blobs([*manifest.blobs, *other_children])
        if missing := self._missing(nested):
            raise ManifestUnknown("local_manifest_needed", digest=missing[0].digest)

    def _require_blobs(self, blobs: list[Descriptor]) -> None:
        """Refuse if the team lacks one of the blobs.

        Raises:
            BlobUnknown
        """
        if missing := self._missing(blobs):
            raise BlobUnknown("local_blob_needed", digest=missing[0].digest)

    def _missing(self, wanted: list[Descriptor]) -> list[Descriptor]:
        """Return the blobs that the team lacks.

        The garbage collector keeps the others for the grace period.
        """
        with self._database():
            owned = touch_blobs(self.team, (str(descriptor.digest) for descriptor in wanted))
        return [
            descriptor
            for descriptor in wanted
            if owned.get(str(descriptor.digest)) != descriptor.size
            or self._blobs.size(descriptor.digest) != descriptor.size
        ]

    def _resolve(self, reference: str | Digest) -> tuple[Digest | None, str]:
        """Return the digest and media type of a tag or digest, if the team has it."""
        with self._database():
            # A tag cannot contain a colon, so this is a digest in text form otherwise.
            if isinstance(reference, str) and ":" not in reference:
                # Rows without a tag have an empty one, which no reference can name.
                named = LocalImage.objects.filter(
                    team=self.team, registry=self.name.registry, repository=self.name.repository
                )
                image = named.filter(tag=reference).exclude(tag="").first()
                return (Digest.parse(image.digest), image.media_type) if image else (None, "")

            digest = reference if isinstance(reference, Digest) else Digest.parse(reference)
            blob = (
                TeamBlob.objects.filter(team=self.team, digest=str(digest))
                .exclude(media_type="")
                .first()
            )
            return (digest, blob.media_type) if blob else (None, "")

    def _name_for(self, manifest: Manifest, reference: str | Digest) -> Reference | None:
        if isinstance(reference, str):
            return self.name.with_tag(reference)

        # A manifest of an index gets no row of its own, unless the store is named by its digest.
        return self.name if not self.name.tag and self.name.digest == manifest.digest else None

    def _familiar_name(self, reference: str | Digest) -> str:
        if isinstance(reference, Digest):
            return self.name.with_digest(reference).familiar
        return (
            self.name.with_digest(Digest.parse(reference))
            if ":" in reference
            else self.name.with_tag(reference)
        ).familiar

    def _quarantine(self, digest: Digest) -> None:
        """Quarantine a blob, unless another worker has repaired it."""
        with self._blobs.locked(digest):
            if self._blobs.size(digest) is not None and not self._blobs.is_intact(digest):
                self._blobs.quarantine(digest)

    @contextmanager
    def _database(self) -> Iterator[None]:
        """Close the database connection of a short-lived thread after use."""
        try:
            yield
        finally:
            if threading.get_ident() != self._owner_thread and not connection.in_atomic_block:
                connection.close()


def _blob_unknown(descriptor: Descriptor) -> BlobUnknown:
    return BlobUnknown("local_blob_missing", digest=descriptor.digest)
