"""What the registry at /v2/ knows beside the local images: which repository holds what, uploads, and what was fetched for others."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from registry_ui.accounts.models import Team, TeamOwnedQuerySet


class Holding(models.Model):
    """A repository of this server has a manifest or blob: a client may ask for it there.

    It comes with a name of an image (images.LocalImage), an upload or a manifest, and is worth nothing without the team's
    right to the bytes (images.TeamBlob). `needs` are the digests that a manifest names, kept where nothing else says so:
    of a referrer, and of what was fetched from another registry.
    """

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    # Whole, with the team's part: harbour/tools/app
    repository = models.CharField(max_length=255)
    digest = models.CharField(max_length=140)
    subject = models.CharField(max_length=140, blank=True)
    needs = models.JSONField(default=list, blank=True)
    # Of a blob that another registry has and that may still have to be fetched
    size = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "repository", "digest"], name="one_holding_a_digest_in_a_repository"
            )
        ]
        indexes = [
            models.Index(
                fields=["team", "repository", "subject"],
                condition=~Q(subject=""),
                name="holding_by_subject",
            ),
            models.Index(fields=["team", "digest"], name="holding_by_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}"


class Upload(models.Model):
    """A blob that somebody is pushing. How much of it is here only the disk says: see images/uploads.py."""

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


class KeptTag(models.Model):
    """A tag of another registry as it was when a client last asked for it through this server, and is served from here."""

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    # As clients name it here: harbour/proxy/docker.io/library/nginx
    repository = models.CharField(max_length=255)
    tag = models.CharField(max_length=128)
    digest = models.CharField(max_length=140)
    checked_at = models.DateTimeField()
    used_at = models.DateTimeField(db_index=True)

    objects = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "repository", "tag"], name="one_kept_tag_a_name"
            )
        ]

    def __str__(self) -> str:
        return f"{self.repository}:{self.tag}"
