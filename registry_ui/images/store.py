"""The embedded store: one team's images under one repository's name, as an `ImageStore`.

Files are shared by all teams, the right to use them is not: what a team has no TeamBlob row for does not exist for it, and
writing it takes all the bytes even where the file is there already.
"""

import io
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team, User
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import BlobUnknown, ContentMismatch, ManifestUnknown
from registry_ui.oci.facts import ImageFacts, gather_facts
from registry_ui.oci.manifest import MANIFEST_LIMIT, Descriptor, Manifest
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import BlobReader, Cancellation, OpenSource

from .blobs import BlobDirectory
from .models import LocalImage, TeamBlob
from .naming import point_name
from .partials import PartialBlob

_QUERY_CHUNK = 500


def blob_directory() -> BlobDirectory:
    """The one folder of this installation's blobs."""
    return BlobDirectory(settings.IMAGES_DIRECTORY, free_space_floor=settings.FREE_SPACE_FLOOR)


class LocalStore:
    """Implements `ImageStore` (oci/store.py). Threads may share it.

    Args:
        name: the repository; with a tag or digest of it, a manifest that is put under that digest gets its row.
        origin: where the image comes from, for the row.
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
            raise ManifestUnknown(
                _("There is no local image %(name)s.") % {"name": self._named(reference)},
                advice=_("Pull it first, or choose another name."),
            )
        try:
            raw = self._blobs.read(digest, limit=MANIFEST_LIMIT)
        except ContentMismatch:
            self._quarantine(digest)
            raise
        except BlobUnknown as exc:
            raise ManifestUnknown(
                _("The manifest of %(name)s is missing in the local store.")
                % {"name": self._named(reference)},
                advice=_("Pull the image again: only what is missing is fetched."),
            ) from exc
        return Manifest.parse(raw, media_type, algorithm=digest.algorithm)

    def put_manifest(self, manifest: Manifest, reference: str | Digest) -> None:
        """Also points the tag at it, or gives the row to the digest by which the store was named.

        Raises:
            BlobUnknown, ManifestUnknown: something that it names is not here.
        """
        wanted = reference if isinstance(reference, Digest) else None
        if wanted is not None and wanted != manifest.digest:
            raise ContentMismatch(
                _("The manifest is not the one that %(digest)s names.") % {"digest": wanted.short}
            )
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
                point_name(
                    team=self.team,
                    user=self._user,
                    name=name,
                    facts=facts,
                    source_digest=manifest.digest,
                    origin=self._origin,
                )

    def facts(self, digest: Digest) -> ImageFacts:
        """What is to be known of an image that is here whole.

        Raises:
            ManifestUnknown, BlobUnknown: a part of it is not.
            ContentMismatch: a manifest or config is damaged.
        """
        facts = gather_facts(self.get_manifest(digest), self.get_manifest, self.read_config)
        self._need([Descriptor("", blob, size) for blob, size in facts.blobs.items()])
        return facts

    def has_blob(self, descriptor: Descriptor) -> bool:
        """Also keeps the collector away from it: the row's time is set before the file is looked for."""
        return (
            self._touch(descriptor.digest, size=descriptor.size)
            and self._blobs.size(descriptor.digest) == descriptor.size
        )

    def open_blob(self, descriptor: Descriptor, offset: int = 0) -> BlobReader:
        if not self._touch(descriptor.digest):
            raise _not_here(descriptor)
        self._opened.add(descriptor.digest)
        return self._blobs.open(descriptor.digest, offset)

    def write_blob(self, descriptor: Descriptor, open_source: OpenSource) -> None:
        self._write(descriptor, open_source)

    def take_blob(self, descriptor: Descriptor, open_source: OpenSource) -> None:
        """`write_blob` for whoever reads along: what has arrived is in the partial file, even where the disk has the blob from
        somebody else. See following.py."""
        digest, size = descriptor.digest, descriptor.size
        with self._blobs.claim(
            digest, owner=str(self.team.pk), cancellation=self._cancellation
        ) as partial:
            if not self.has_blob(descriptor):
                partial.fill(size, open_source)
                self._publish(partial, digest, size)

    def keep_manifest(self, manifest: Manifest) -> None:
        """Store a manifest of which the rest may come later, or never."""
        self._write(
            manifest.descriptor,
            lambda offset: io.BytesIO(manifest.raw[offset:]),
            manifest.media_type,
        )

    def mount_blob(self, descriptor: Descriptor, repository: str) -> bool:
        """A blob of this team needs no mounting, and another team's is not given away."""
        return False

    def read_config(self, descriptor: Descriptor) -> bytes:
        """A config whole and verified; a damaged one is taken out of sight.

        Raises:
            BlobUnknown: the team has none; that another team has it changes nothing.
            ContentMismatch
        """
        with self._database():
            is_ours = TeamBlob.objects.filter(
                team=self.team, digest=str(descriptor.digest)
            ).exists()
        if not is_ours:
            raise _not_here(descriptor)
        try:
            return self._blobs.read(descriptor.digest, limit=MANIFEST_LIMIT)
        except ContentMismatch:
            self._quarantine(descriptor.digest)
            raise

    def recheck_opened(self) -> list[Digest]:
        """Read again whatever was opened here, and take what is damaged out of sight.

        For whoever was told that the bytes were wrong: the receiver hashes what passes, this store does not.
        """
        found = [
            digest
            for digest in sorted(self._opened)
            if self._blobs.size(digest) is not None and not self._blobs.is_sound(digest)
        ]
        for digest in found:
            self._quarantine(digest)
        return found

    def _write(self, descriptor: Descriptor, open_source: OpenSource, media_type: str = "") -> None:
        digest, size = descriptor.digest, descriptor.size
        with self._blobs.claim(
            digest, owner=str(self.team.pk), cancellation=self._cancellation
        ) as partial:
            # A manifest is small enough to look at: so a damaged one is repaired by every pull.
            if self.has_blob(descriptor) and (not media_type or self._blobs.is_sound(digest)):
                return self._own(digest, size, media_type)
            if self._has_sound_file(digest, size):
                partial.compare(size, open_source)
                with self._blobs.hold(digest, self._cancellation):
                    if self._blobs.size(digest) == size:
                        return self._own(digest, size, media_type)
            partial.fill(size, open_source)
            return self._publish(partial, digest, size, media_type)

    def _publish(
        self, partial: PartialBlob, digest: Digest, size: int, media_type: str = ""
    ) -> None:
        with self._blobs.hold(digest, self._cancellation):
            self._blobs.publish(partial)
            self._own(digest, size, media_type)

    def _has_sound_file(self, digest: Digest, size: int) -> bool:
        """Whether a file stands there that no row of this team protects: a collection may take it at any moment."""
        try:
            return self._blobs.size(digest) == size and self._blobs.is_sound(
                digest, self._cancellation
            )
        except BlobUnknown:
            return False

    def _own(self, digest: Digest, size: int, media_type: str) -> None:
        values: dict[str, Any] = {"size": size, "used_at": timezone.now()}
        if media_type:
            values["media_type"] = media_type
        with self._database():
            TeamBlob.objects.update_or_create(team=self.team, digest=str(digest), defaults=values)

    def _touch(self, digest: Digest, **also: int) -> bool:
        with self._database():
            return bool(
                TeamBlob.objects.filter(team=self.team, digest=str(digest), **also).update(
                    used_at=timezone.now()
                )
            )

    def _check_complete(self, manifest: Manifest) -> None:
        """
        Raises:
            BlobUnknown, ManifestUnknown
        """
        nested = [child for child in manifest.children if child.is_index or child.is_manifest]
        loose = [child for child in manifest.children if not (child.is_index or child.is_manifest)]
        self._need([*manifest.blobs, *loose])
        if missing := self._missing(nested):
            raise ManifestUnknown(
                _("The index names the manifest %(digest)s, which is not in the local store.")
                % {"digest": missing[0].digest.short},
                advice=_("Pull the image again with all its platforms."),
            )

    def _need(self, blobs: list[Descriptor]) -> None:
        """
        Raises:
            BlobUnknown
        """
        if missing := self._missing(blobs):
            raise BlobUnknown(
                _("The image needs the blob %(digest)s, which is not in the local store.")
                % {"digest": missing[0].digest.short},
                advice=_("Pull the image again: only what is missing is fetched."),
            )

    def _missing(self, wanted: list[Descriptor]) -> list[Descriptor]:
        """Those that the team does not have; the collector keeps away from the others."""
        with self._database():
            owned = touch_blobs(self.team, (str(descriptor.digest) for descriptor in wanted))
        return [
            descriptor
            for descriptor in wanted
            if owned.get(str(descriptor.digest)) != descriptor.size
            or self._blobs.size(descriptor.digest) != descriptor.size
        ]

    def _resolve(self, reference: str | Digest) -> tuple[Digest | None, str]:
        """The digest and media type behind a tag or digest, where the team has such a manifest."""
        with self._database():
            if isinstance(reference, str) and ":" not in reference:
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
        return self.name if not self.name.tag and self.name.digest == manifest.digest else None

    def _named(self, reference: str | Digest) -> str:
        if isinstance(reference, Digest):
            return self.name.with_digest(reference).familiar
        return (
            self.name.with_digest(Digest.parse(reference))
            if ":" in reference
            else self.name.with_tag(reference)
        ).familiar

    def _quarantine(self, digest: Digest) -> None:
        """Only what is still damaged: another worker may have repaired it."""
        with self._blobs.hold(digest):
            if self._blobs.size(digest) is not None and not self._blobs.is_sound(digest):
                self._blobs.quarantine(digest)

    @contextmanager
    def _database(self) -> Iterator[None]:
        """The threads of a copy live short: each gives its own connection back at once."""
        try:
            yield
        finally:
            if threading.get_ident() != self._owner_thread and not connection.in_atomic_block:
                connection.close()


def _not_here(descriptor: Descriptor) -> BlobUnknown:
    return BlobUnknown(
        _("The blob %(digest)s is not in the local store.") % {"digest": descriptor.digest.short},
        advice=_("Pull the image again: only what is missing is fetched."),
    )


def touch_blobs(team: Team, digests: Iterable[str]) -> dict[str, int]:
    """Set the time of use of a team's blobs to now; the sizes of those that it has."""
    wanted = list(dict.fromkeys(digests))
    found: dict[str, int] = {}
    for start in range(0, len(wanted), _QUERY_CHUNK):
        rows = TeamBlob.objects.filter(team=team, digest__in=wanted[start : start + _QUERY_CHUNK])
        rows.update(used_at=timezone.now())
        found.update(rows.values_list("digest", "size"))
    return found
