"""Repositories of the built-in registry: read, pushed to and deleted from by clients."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from registry_ui.accounts.models import Team, User
from registry_ui.catalog.indexing.artifact_columns import artifact_type_of
from registry_ui.images.models import LocalImage, TeamBlob
from registry_ui.images.names import delete_names, refuse_immutable
from registry_ui.images.store import LocalStore, blob_directory
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import (
    BlobUnknown,
    ContentMismatch,
    ManifestUnknown,
    OciError,
    Unsupported,
)
from registry_ui.oci.manifest import MANIFEST_LIMIT, Descriptor, Manifest
from registry_ui.oci.reference import Reference
from registry_ui.registries.builtin_registry import builtin_registry_host
from registry_ui.web.raw_queries import aware, fetch_row

from .links import is_stale, link, link_manifest, linked, touch_image
from .models import ServedBlob

_MAX_REFERRERS = 1000
# Every pull by tag runs this query.
_IMAGE_BY_TAG = f"""
    SELECT image.digest, image.media_type, blob.used_at
    FROM {LocalImage._meta.db_table} image
    LEFT JOIN {TeamBlob._meta.db_table} blob
      ON blob.team_id = image.team_id AND blob.digest = image.digest
    WHERE image.team_id = %s AND image.registry = %s AND image.repository = %s
      AND image.tag = %s AND image.tag <> ''
"""  # noqa: S608  # no part of it comes from a request


@dataclass(frozen=True, slots=True)
class ServedRepository:
    """One repository of the built-in registry.

    Args:
        name: the full name, with the team's namespace.
    """

    team: Team
    name: str

    @property
    def reference(self) -> Reference:
        """The repository's reference, without a tag."""
        return Reference(builtin_registry_host(), self.name)

    @property
    def images(self) -> QuerySet[LocalImage]:
        return LocalImage.objects.filter(
            team=self.team, registry=builtin_registry_host(), repository=self.name
        )

    @property
    def is_known(self) -> bool:
        return (
            self.images.exists()
            or ServedBlob.objects.filter(team=self.team, repository=self.name).exists()
        )

    def tags(self) -> list[str]:
        """Return the tags in byte order (distribution spec, "Listing Tags")."""
        return sorted(self.images.exclude(tag="").values_list("tag", flat=True))

    # --- manifests

    def find(self, reference: str | Digest) -> tuple[Digest, str] | None:
        """Return the digest and media type of a tag or digest, or None.

        The garbage collector keeps the manifest for the grace period from then on.
        """
        if isinstance(reference, str):
            # A tag needs no link: its row is in the repository itself.
            row = fetch_row(
                _IMAGE_BY_TAG, [self.team.pk, builtin_registry_host(), self.name, reference]
            )
            if row is None:
                return None

            digest, media_type, used_at = row
            if is_stale(used_at and aware(used_at)):
                touch_image(self.team, self.name, digest)

            return Digest.parse(digest), media_type

        blob = linked(self.team, self.name, reference)
        return (reference, blob.media_type) if blob is not None and blob.media_type else None

    def read(self, digest: Digest) -> Manifest:
        """Return a manifest.

        Raises:
            ManifestUnknown: it is missing, or damaged; the next push or pull repairs it.
        """
        try:
            return LocalStore(self.team, self.reference).get_manifest(digest)
        except ContentMismatch as exc:
            raise ManifestUnknown("local_blob_damaged", digest=digest) from exc

    def raw(self, digest: Digest) -> bytes:
        """Return the verified bytes of a manifest that `find` returned.

        Raises:
            ManifestUnknown: as `read`.
        """
        try:
            return blob_directory().read(digest, limit=MANIFEST_LIMIT)
        except OciError:
            # It quarantines a damaged manifest, and raises for a missing one.
            return self.read(digest).raw

    def put(
        self, manifest: Manifest, reference: str | Digest, user: User | None
    ) -> LocalImage | None:
        """Store a manifest under a tag or digest; return the image's row, if it has one.

        A manifest that is put by digest, and belongs to no image, gets a row without a tag, so
        that it is kept and listed. A manifest with a subject is kept as long as the subject.

        Raises:
            BlobUnknown, ManifestUnknown: the repository lacks something that the manifest names.
            Denied: the tag is immutable.
        """
        if isinstance(reference, str):
            target = self.reference.with_tag(reference)
            LocalStore(self.team, self.reference, user=user).put_manifest(manifest, reference)
        else:
            # docker and buildx push the manifests of an index by digest first; the index makes
            # their rows redundant. A referrer is found by its subject (distribution spec, "Pushing
            # Manifests with Subject").
            is_nameless = manifest.subject is not None or self._is_in_named_image(
                str(manifest.digest)
            )
            target = self.reference if is_nameless else self.reference.with_digest(manifest.digest)
            LocalStore(self.team, target, user=user).put_manifest(manifest, manifest.digest)

        # The manifests of an index are linked with the image's row (`name_changes`).
        if manifest.subject is not None:
            link_manifest(self.team, self.name, manifest)
        else:
            link(
                self.team,
                self.name,
                [str(manifest.digest), *(str(blob.digest) for blob in manifest.blobs)],
            )

        return self._remove_redundant_names(manifest, target)

    def _remove_redundant_names(self, manifest: Manifest, target: Reference) -> LocalImage | None:
        """Delete untagged rows of manifests that the named image contains."""
        image = self.images.filter(tag=target.tag or "", digest=str(manifest.digest)).first()

        # Clients push the manifests of an index before the index, so they got rows of their own.
        if image is not None:
            nested = {entry["digest"] for entry in image.manifests}
            self.images.filter(tag="", digest__in=nested).exclude(pk=image.pk).delete()
        return image

    def _is_in_named_image(self, digest: str) -> bool:
        """Return whether a named image of the repository contains the manifest."""
        if not ServedBlob.objects.filter(
            team=self.team, repository=self.name, digest=digest
        ).exists():
            return False
        return any(
            _contains(manifests, digest)
            for manifests in self.images.values_list("manifests", flat=True).iterator()
        )

    def delete_tag(self, tag: str) -> LocalImage:
        """Delete a tag and return its row (distribution spec, "Deleting tags").

        Raises:
            ManifestUnknown, Denied
        """
        with transaction.atomic():
            image = self.images.select_for_update().filter(tag=tag).exclude(tag="").first()
            if image is None:
                raise ManifestUnknown("builtin_tag_unknown")
            refuse_immutable(image)
            delete_names([image])
        return image

    def delete_manifest(self, digest: Digest) -> list[LocalImage]:
        """Delete a manifest; return the rows of the tags that were deleted with it.

        Distribution spec, "Deleting Manifests": tags that point to the digest are deleted too.

        Raises:
            ManifestUnknown
            Denied: one of its tags is immutable.
            Unsupported: a named index of the repository contains it.
        """
        if self.find(digest) is None:
            raise ManifestUnknown("builtin_manifest_unknown")

        with transaction.atomic():
            images = list(self.images.select_for_update())
            deleted = [image for image in images if image.digest == str(digest)]
            for image in deleted:
                refuse_immutable(image)

            others = [image for image in images if image not in deleted]

            # An image without one of its manifests could not be pulled any more.
            if any(_contains(image.manifests, str(digest)) for image in others):
                raise Unsupported("builtin_manifest_needed")

            delete_names(deleted)
            ServedBlob.objects.filter(
                team=self.team, repository=self.name, digest=str(digest)
            ).delete()

        return deleted

    def referrers(self, subject: Digest, artifact_type: str = "") -> list[Descriptor]:
        """Return the referrers of a manifest, oldest first (spec, "Listing Referrers")."""
        rows = ServedBlob.objects.filter(
            team=self.team, repository=self.name, subject=str(subject)
        ).order_by("pk")[:_MAX_REFERRERS]
        descriptors = (self._referrer(row.digest) for row in rows)
        return [
            descriptor
            for descriptor in descriptors
            if descriptor is not None and artifact_type in ("", descriptor.artifact_type)
        ]

    def _referrer(self, digest: str) -> Descriptor | None:
        try:
            manifest = self.read(Digest.parse(digest))
        except OciError:
            return None

        return Descriptor(
            manifest.media_type,
            manifest.digest,
            manifest.size,
            annotations=manifest.annotations,
            artifact_type=artifact_type_of(manifest),
        )

    # --- blobs

    def blob(self, digest: Digest) -> TeamBlob:
        """Return the row of a blob.

        Raises:
            BlobUnknown
        """
        row = linked(self.team, self.name, digest)
        if row is None:
            raise BlobUnknown("builtin_blob_unknown")
        return row

    def mount(self, digest: Digest, source: str) -> bool:
        """Link a blob of another repository of the team; return whether it has it.

        Distribution spec, "Mounting a blob from another repository".
        """
        if linked(self.team, source, digest) is None:
            return False
        link(self.team, self.name, [str(digest)])
        return True

    def delete_blob(self, digest: Digest) -> None:
        """Delete a blob from the repository (distribution spec, "Deleting Blobs").

        Raises:
            BlobUnknown
            Unsupported: a named image of the repository needs it.
        """
        # The specification leaves it open (distribution spec, "Content Management"); an image
        # without one of its blobs could not be pulled any more.
        row = self.blob(digest)
        if any(
            row.digest in image.digests
            for image in self.images.only("manifests", "blobs").iterator()
        ):
            raise Unsupported("builtin_blob_needed")
        ServedBlob.objects.filter(team=self.team, repository=self.name, digest=row.digest).delete()


def repositories_of(teams: Iterable[Team]) -> list[str]:
    """Return the names of all repositories with a named image, in byte order."""
    return sorted(
        set(
            LocalImage.objects.filter(
                team__in=list(teams), registry=builtin_registry_host()
            ).values_list("repository", flat=True)
        )
    )


def paginate(names: Sequence[str], last: str, count: int) -> tuple[list[str], bool]:
    """Return at most `count` names after `last`, and whether there are more.

    Distribution spec, "Listing Tags": `n=0` gives an empty page without a next one.
    """
    rest = [name for name in names if name > last] if last else list(names)
    return rest[:count], len(rest) > count > 0


def marks_of_referrers() -> Iterator[tuple[int, list[str]]]:
    """Yield the digests of referrers whose subject exists, for the garbage collector."""
    subjects = ServedBlob.objects.exclude(subject="")
    for team_id, digest, subject, dependencies in subjects.values_list(
        "team_id", "digest", "subject", "dependencies"
    ).iterator():
        if TeamBlob.objects.filter(Q(team_id=team_id), digest=subject).exists():
            yield team_id, [digest, *dependencies]


def _contains(manifests: Iterable[dict[str, object]], digest: str) -> bool:
    return any(entry["digest"] == digest for entry in manifests)
