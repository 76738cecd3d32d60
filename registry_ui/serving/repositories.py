"""One repository of this server: what clients read, push and delete there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import CharField, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team, User
from registry_ui.images.blobs import damaged
from registry_ui.images.models import LocalImage, TeamBlob
from registry_ui.images.naming import refuse_immutable
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
from registry_ui.registries.indexing.describing import artifact_type_of
from registry_ui.registries.this_server import this_host
from registry_ui.web.statements import Given, Statement

from .holdings import held, hold, hold_manifest, is_stale, touch_image
from .models import Holding

_MOST_REFERRERS = 1000
_TAGGED = Statement(
    lambda: (
        LocalImage.objects.filter(
            team=Given("team", IntegerField()),
            registry=Given("registry", CharField()),
            repository=Given("repository", CharField()),
            tag=Given("tag", CharField()),
        )
        .exclude(tag="")
        .only("digest", "media_type")
        .annotate(
            used_at=Subquery(
                TeamBlob.objects.filter(team=OuterRef("team"), digest=OuterRef("digest")).values(
                    "used_at"
                )[:1]
            )
        )
    )
)


@dataclass(frozen=True, slots=True)
class ServedRepository:
    """
    Args:
        name: whole, with the team's part.
    """

    team: Team
    name: str

    @property
    def reference(self) -> Reference:
        """With no tag."""
        return Reference(this_host(), self.name)

    @property
    def images(self) -> QuerySet[LocalImage]:
        return LocalImage.objects.filter(team=self.team, registry=this_host(), repository=self.name)

    @property
    def is_known(self) -> bool:
        return (
            self.images.exists()
            or Holding.objects.filter(team=self.team, repository=self.name).exists()
        )

    def tags(self) -> list[str]:
        """In the order of their bytes, as the specification wants it."""
        return sorted(self.images.exclude(tag="").values_list("tag", flat=True))

    # --- manifests

    def find(self, reference: str | Digest) -> tuple[Digest, str] | None:
        """The digest and media type behind a tag or digest, kept from the collector for a while; None where the repository has no
        such manifest."""
        if isinstance(reference, str):
            image = _TAGGED.first(
                team=self.team.pk, registry=this_host(), repository=self.name, tag=reference
            )
            if image is None:
                return None
            if is_stale(image.used_at):  # type: ignore[attr-defined]
                touch_image(self.team, self.name, image.digest)
            return Digest.parse(image.digest), image.media_type
        row = held(self.team, self.name, reference)
        return (reference, row.media_type) if row is not None and row.media_type else None

    def read(self, digest: Digest) -> Manifest:
        """
        Raises:
            ManifestUnknown: also of one that is damaged: it is as good as gone, and the next push or pull repairs it.
        """
        try:
            return LocalStore(self.team, self.reference).get_manifest(digest)
        except ContentMismatch as exc:
            raise ManifestUnknown(damaged(digest).message) from exc

    def raw(self, digest: Digest) -> bytes:
        """The bytes of a manifest that `find` has found, verified.

        Raises:
            ManifestUnknown: as `read`.
        """
        try:
            return blob_directory().read(digest, limit=MANIFEST_LIMIT)
        except OciError:
            return self.read(digest).raw  # which takes a damaged one out of sight

    def put(
        self, manifest: Manifest, reference: str | Digest, user: User | None
    ) -> LocalImage | None:
        """Store a manifest, and give it its tag. One that is put by digest alone and that nothing else leads to gets a name
        without a tag, so that it stays and is seen; a referrer stays with its subject. The row, where there is one.

        Raises:
            BlobUnknown, ManifestUnknown: something that it names is not here.
            Denied: the tag is immutable.
        """
        if isinstance(reference, str):
            named = self.reference.with_tag(reference)
            LocalStore(self.team, self.reference, user=user).put_manifest(manifest, reference)
        else:
            is_nameless = manifest.subject is not None or self._leads_to(str(manifest.digest))
            named = self.reference if is_nameless else self.reference.with_digest(manifest.digest)
            LocalStore(self.team, named, user=user).put_manifest(manifest, manifest.digest)
        if manifest.subject is not None:
            hold_manifest(self.team, self.name, manifest)
        else:
            hold(
                self.team,
                self.name,
                [str(manifest.digest), *(str(blob.digest) for blob in manifest.blobs)],
            )
        return self._settle(manifest, named)

    def _settle(self, manifest: Manifest, named: Reference) -> LocalImage | None:
        """What has a better name now needs none of its own any more."""
        found = self.images.filter(tag=named.tag or "", digest=str(manifest.digest)).first()
        if found is not None:
            below = {entry["digest"] for entry in found.manifests}
            self.images.filter(tag="", digest__in=below).exclude(pk=found.pk).delete()
        return found

    def _leads_to(self, digest: str) -> bool:
        """Whether an image with a name here has the manifest in it."""
        if not Holding.objects.filter(team=self.team, repository=self.name, digest=digest).exists():
            return False
        return any(
            _names(manifests, digest)
            for manifests in self.images.values_list("manifests", flat=True).iterator()
        )

    def delete_tag(self, tag: str) -> LocalImage:
        """
        Raises:
            ManifestUnknown, Denied
        """
        with transaction.atomic():
            image = self.images.select_for_update().filter(tag=tag).exclude(tag="").first()
            if image is None:
                raise ManifestUnknown(_("There is no such tag."))
            refuse_immutable(image)
            self.images.filter(pk=image.pk).delete()
        return image

    def delete_manifest(self, digest: Digest) -> list[LocalImage]:
        """The names that went with it.

        Raises:
            ManifestUnknown
            Denied: one of its tags is immutable.
            Unsupported: an index that has a name here needs it.
        """
        if self.find(digest) is None:
            raise ManifestUnknown(_("There is no such manifest in this repository."))
        with transaction.atomic():
            images = list(self.images.select_for_update())
            doomed = [image for image in images if image.digest == str(digest)]
            for image in doomed:
                refuse_immutable(image)
            if any(_names(image.manifests, str(digest)) for image in images if image not in doomed):
                raise Unsupported(
                    _("An index of this repository needs this manifest."),
                    advice=_("Delete the index first."),
                )
            self.images.filter(pk__in=[image.pk for image in doomed]).delete()
            Holding.objects.filter(
                team=self.team, repository=self.name, digest=str(digest)
            ).delete()
        return doomed

    def referrers(self, subject: Digest, artifact_type: str = "") -> list[Descriptor]:
        """What refers to a manifest, the oldest first."""
        rows = Holding.objects.filter(
            team=self.team, repository=self.name, subject=str(subject)
        ).order_by("pk")[:_MOST_REFERRERS]
        found = [each for row in rows if (each := self._referrer(row.digest)) is not None]
        return [each for each in found if not artifact_type or each.artifact_type == artifact_type]

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
        """
        Raises:
            BlobUnknown
        """
        row = held(self.team, self.name, digest)
        if row is None:
            raise BlobUnknown(_("There is no such blob in this repository."))
        return row

    def mount(self, digest: Digest, source: str) -> bool:
        """Take a blob from another repository of the team."""
        if held(self.team, source, digest) is None:
            return False
        hold(self.team, self.name, [str(digest)])
        return True

    def delete_blob(self, digest: Digest) -> None:
        """
        Raises:
            BlobUnknown
            Unsupported: an image that has a name here needs it.
        """
        row = self.blob(digest)
        if any(
            row.digest in image.digests
            for image in self.images.only("manifests", "blobs").iterator()
        ):
            raise Unsupported(
                _("An image of this repository needs this blob."),
                advice=_("Delete the image first."),
            )
        Holding.objects.filter(team=self.team, repository=self.name, digest=row.digest).delete()


def repositories_of(teams: Iterable[Team]) -> list[str]:
    """The names of all repositories in which an image has a name, in the order of their bytes."""
    return sorted(
        set(
            LocalImage.objects.filter(team__in=list(teams), registry=this_host()).values_list(
                "repository", flat=True
            )
        )
    )


def page_of(names: Sequence[str], last: str, count: int) -> tuple[list[str], bool]:
    """Those that come after `last`, at most `count`, and whether there are more (spec, "Listing Tags")."""
    rest = [name for name in names if name > last] if last else list(names)
    return rest[:count], len(rest) > count > 0


def marked_by_holdings() -> Iterator[tuple[int, list[str]]]:
    """For the collector: what no name leads to, but must stay. A referrer stays as long as its subject does."""
    subjects = Holding.objects.exclude(subject="")
    for team_id, digest, subject, needs in subjects.values_list(
        "team_id", "digest", "subject", "needs"
    ).iterator():
        if TeamBlob.objects.filter(Q(team_id=team_id), digest=subject).exists():
            yield team_id, [digest, *needs]


def _names(manifests: Iterable[dict[str, object]], digest: str) -> bool:
    return any(entry["digest"] == digest for entry in manifests)
