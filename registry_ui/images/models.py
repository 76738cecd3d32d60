import fnmatch
import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team, TeamOwnedQuerySet
from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference


class LocalImage(models.Model):
    """One name of a local image. Only names are rows: several can share one image id.

    `digest` is the manifest or index that the name points at and that a push sends. `image_id` is
    the config's digest; for an index of several platforms it is the index's own digest.
    `source_digest` is the digest of the name on the registry when it was pulled: that of the index,
    even where only one platform of it was pulled.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="local_images")
    registry = models.CharField(max_length=255)
    repository = models.CharField(max_length=255)
    # Empty for an image that was pulled by digest alone, whose name is repository@digest.
    tag = models.CharField(max_length=128, blank=True)
    digest = models.CharField(max_length=140)
    media_type = models.CharField(max_length=120)
    image_id = models.CharField(max_length=140, db_index=True)
    source_digest = models.CharField(max_length=140, blank=True)

    # [{"platform": "linux/amd64", "digest": "sha256:…", "image_id": "sha256:…", "size": bytes}],
    # one per image of the index
    platforms = models.JSONField(default=list)
    # [{"digest": "sha256:…", "size": bytes}], configs and layers, each once
    blobs = models.JSONField(default=list)

    # [{"digest": "sha256:…", "size": bytes}], the manifest or index itself and every manifest in
    # it, each once
    manifests = models.JSONField(default=list)
    size = models.BigIntegerField(help_text="Bytes of all blobs, each once, compressed.")
    image_created_at = models.DateTimeField(null=True, blank=True)
    origin = models.CharField(
        max_length=600, blank=True, help_text="The reference it was pulled from or tagged from."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = TeamOwnedQuerySet.as_manager()

    # The former image id of a name that `tag_image` or `name_image` moved; empty where it did not
    # change. Not stored.
    previous_image_id = ""

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "registry", "repository", "tag"],
                condition=~models.Q(tag=""),
                name="unique_image_tag_per_team",
            ),
            models.UniqueConstraint(
                fields=["team", "registry", "repository", "digest"],
                condition=models.Q(tag=""),
                name="unique_untagged_image_per_team",
            ),
        ]

    def __str__(self) -> str:
        return str(self.reference)

    @property
    def reference(self) -> Reference:
        if self.tag:
            return Reference(self.registry, self.repository, self.tag)
        return Reference(self.registry, self.repository, digest=Digest.parse(self.digest))

    @property
    def digests(self) -> set[str]:
        """The digests of all blobs that the image needs: manifests, configs, layers."""
        return {entry["digest"] for entry in (*self.manifests, *self.blobs)}


class ImmutableTagRule(models.Model):
    """A rule that makes tags of the built-in registry immutable.

    Such a tag can be neither moved nor removed until the rule is removed. The patterns are those
    of a shell, for the repository without the team's namespace (`app`, `tools/*`) and for the tag
    (`v*`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="immutable_tags")
    repository_pattern = models.CharField(_("repositories"), max_length=255, default="*")
    tag_pattern = models.CharField(_("tags"), max_length=128)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = TeamOwnedQuerySet.as_manager()

    class Meta:
        ordering = ["repository_pattern", "tag_pattern"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "repository_pattern", "tag_pattern"],
                name="unique_rule_per_team",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.repository_pattern}:{self.tag_pattern}"

    def covers(self, repository: str, tag: str) -> bool:
        """Return whether the rule covers a tag.

        Args:
            repository: without the team's namespace.
        """
        return fnmatch.fnmatchcase(repository, self.repository_pattern) and fnmatch.fnmatchcase(
            tag, self.tag_pattern
        )


class TeamBlob(models.Model):
    """A blob that a team uploaded or pulled itself.

    Teams share the files, but not the right to use them: a team that names another team's blob in
    a manifest has to upload the bytes itself.
    """

    team = models.ForeignKey(Team, models.CASCADE, related_name="blobs")
    digest = models.CharField(max_length=140, db_index=True)
    size = models.BigIntegerField()
    media_type = models.CharField(
        max_length=120,
        blank=True,
        help_text="Of a manifest or index; empty for configs and layers.",
    )
    used_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "digest"], name="unique_blob_per_team")
        ]

    def __str__(self) -> str:
        return f"{Digest.parse(self.digest).short} of {self.team}"


class ArchiveUpload(models.Model):
    """An archive that is being imported.

    Its bytes are in a file under `incoming/`, and that file's size tells how many have arrived.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="archive_uploads")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(default=timezone.now, db_index=True)
    name = models.CharField(max_length=255)
    size = models.BigIntegerField(help_text="Bytes that the whole file has.")

    # The file's time in the browser, by which an interrupted upload is recognized.
    modified = models.BigIntegerField(default=0)
    sha256 = models.CharField(
        max_length=64, blank=True, help_text="Of the whole file, as the person gave it."
    )

    # Empty for an upload; else the path of the file that was named on the command line. No page
    # sets it.
    path = models.CharField(max_length=4096, blank=True)

    # [{"digest", "image_id", "names": [...], "tag", "platforms": [...], "size", "is_rebuilt"}],
    # once the archive was inspected
    images = models.JSONField(null=True, blank=True)

    objects = TeamOwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name
