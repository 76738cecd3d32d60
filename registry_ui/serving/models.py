"""The rows of the built-in registry: links to blobs, uploads, and cached tags."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from registry_ui.accounts.models import Team, TeamOwnedQuerySet


class ServedBlob(models.Model):
    """A link from a repository of the built-in registry to a manifest or blob.

    It is added with a name of an image (images.LocalImage), an upload or a manifest, and gives
    nothing without the team's right to the bytes (images.TeamBlob). `dependencies` are the
    digests that a manifest names, for those that no image row lists: referrers, and manifests
    that were fetched from another registry.
    """

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    # The full name, with the team's namespace: harbour/tools/app
    repository = models.CharField(max_length=255)
    digest = models.CharField(max_length=140)
    subject = models.CharField(max_length=140, blank=True)
    dependencies = models.JSONField(default=list, blank=True)
    # Of a blob of another registry, which may not have been fetched yet.
    size = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "repository", "digest"], name="unique_served_blob"
            )
        ]
        indexes = [
            models.Index(
                fields=["team", "repository", "subject"],
                condition=~Q(subject=""),
                name="served_blob_subject",
            ),
            models.Index(fields=["team", "digest"], name="served_blob_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}"


class BlobUpload(models.Model):
    """A blob that a client is pushing.

    Its size is that of its file: see images/blob_uploads.py.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    repository = models.CharField(max_length=255)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TeamOwnedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="upload_by_age")]

    def __str__(self) -> str:
        return f"upload to {self.repository}"


class CachedTag(models.Model):
    """A cached tag of another registry, as a client last pulled it through the proxy."""

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    # As clients write it: harbour/proxy/docker.io/library/nginx
    repository = models.CharField(max_length=255)
    tag = models.CharField(max_length=128)
    digest = models.CharField(max_length=140)
    checked_at = models.DateTimeField()
    used_at = models.DateTimeField(db_index=True)

    objects = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "repository", "tag"], name="unique_cached_tag")
        ]

    def __str__(self) -> str:
        return f"{self.repository}:{self.tag}"
