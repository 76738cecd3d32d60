"""What is known of a registry's contents without asking it: filled by index runs, read by every page that browses."""

import zlib
from datetime import UTC, datetime

from django.db import models

from registry_ui.accounts.models import Team, TeamOwnedQuerySet
from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference

from .registry import Registry

UNSTATED = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for a time that nobody stated: columns that lists are sorted by are never null, so that keysets stay simple."""


class Repository(models.Model):
    """A repository of a registry: one that the registry lists, that somebody pinned, or that a transfer has used.

    `size` counts every blob that its tags need once; `shared_size` is the part of it that other repositories of the
    registry need too. `indexed_by` is the run that has finished it, so that a run which goes on after a crash skips it.
    """

    id = models.BigAutoField(primary_key=True)
    registry = models.ForeignKey(Registry, models.CASCADE, related_name="repositories")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    name = models.CharField(max_length=255)
    is_listed = models.BooleanField(default=False)
    is_pinned = models.BooleanField(default=False)
    used_at = models.DateTimeField(null=True, blank=True)
    tag_count = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    shared_size = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField(default=UNSTATED)
    indexed_at = models.DateTimeField(null=True, blank=True)
    indexed_by = models.UUIDField(null=True, blank=True)
    # Why the latest look at it failed, in a sentence with its advice; empty when it went well.
    problem = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TeamOwnedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "repositories"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["registry", "name"], name="one_repository_a_name")
        ]
        indexes = [
            models.Index(fields=["registry", "-changed_at", "-id"], name="repository_by_change"),
            models.Index(fields=["registry", "-size", "-id"], name="repository_by_size"),
            models.Index(fields=["registry", "-tag_count", "-id"], name="repository_by_tags"),
            models.Index(fields=["team", "name"], name="repository_by_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def unique_size(self) -> int:
        return self.size - self.shared_size

    @property
    def reference(self) -> Reference:
        """Its name with no tag: what a tag or digest is put behind."""
        return Reference(self.registry.host, self.name)

    @property
    def last_change(self) -> datetime | None:
        return None if self.changed_at == UNSTATED else self.changed_at


class Artifact(models.Model):
    """One digest of a registry: an image, an index, or an artifact that is neither. Its rows never change.

    Kept for each registry anew, although content-addressed: that another team's registry holds a digest must not let
    this team read what is behind it.
    """

    id = models.BigAutoField(primary_key=True)
    registry = models.ForeignKey(Registry, models.CASCADE, related_name="artifacts")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=140, db_index=True)
    media_type = models.CharField(max_length=120)
    artifact_type = models.CharField(max_length=255, blank=True)
    # The image id of an image; empty for an index.
    config_digest = models.CharField(max_length=140, blank=True, db_index=True)
    # The digest of what it refers to (a signature's image); empty for most.
    subject = models.CharField(max_length=140, blank=True)
    manifest_size = models.PositiveIntegerField(
        default=0, help_text="Bytes of the manifest or index itself."
    )
    size = models.BigIntegerField(
        default=0,
        help_text="Bytes of every blob that it and its children need, each once, compressed.",
    )
    layer_count = models.PositiveIntegerField(default=0)
    # [{"platform": "linux/amd64", "digest": "sha256:…", "image_id": "sha256:…", "size": bytes}], one an image
    platforms = models.JSONField(default=list)
    built_at = models.DateTimeField(default=UNSTATED)
    fetched_at = models.DateTimeField(auto_now_add=True)
    children = models.ManyToManyField(
        "self", symmetrical=False, through="ArtifactChild", related_name="parents"
    )
    blobs: "models.ManyToManyField[Blob, ArtifactBlob]" = models.ManyToManyField(
        "Blob", through="ArtifactBlob", related_name="artifacts"
    )

    objects = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registry", "digest"], name="one_artifact_a_digest")
        ]
        indexes = [models.Index(fields=["registry", "subject"], name="artifact_by_subject")]

    def __str__(self) -> str:
        return Digest.parse(self.digest).short

    @property
    def is_index(self) -> bool:
        return not self.config_digest

    @property
    def built(self) -> datetime | None:
        return None if self.built_at == UNSTATED else self.built_at


class ArtifactDocument(models.Model):
    """The raw bytes behind an artifact, compressed: its manifest or index, and its config where it has one."""

    artifact = models.OneToOneField(
        Artifact, models.CASCADE, primary_key=True, related_name="document"
    )
    compressed_manifest = models.BinaryField()
    compressed_config = models.BinaryField(default=b"")

    def __str__(self) -> str:
        return str(self.artifact)

    @classmethod
    def of(cls, artifact: Artifact, manifest: bytes, config: bytes) -> "ArtifactDocument":
        return cls(
            artifact=artifact,
            compressed_manifest=zlib.compress(manifest),
            compressed_config=zlib.compress(config) if config else b"",
        )

    @property
    def manifest(self) -> bytes:
        return zlib.decompress(self.compressed_manifest)

    @property
    def config(self) -> bytes:
        """Empty where there is none, or where it is no document."""
        return zlib.decompress(self.compressed_config) if self.compressed_config else b""


class ArtifactChild(models.Model):
    """An index names a manifest. `position` is its place in the index, from 0."""

    id = models.BigAutoField(primary_key=True)
    parent = models.ForeignKey(Artifact, models.CASCADE, related_name="child_links")
    child = models.ForeignKey(Artifact, models.CASCADE, related_name="parent_links")
    position = models.PositiveSmallIntegerField()
    platform = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["parent", "child"], name="one_link_a_child")]

    def __str__(self) -> str:
        return f"{self.parent} → {self.child}"


class Blob(models.Model):
    """A config or layer that artifacts of a registry name. `repository_count` says how many repositories need it."""

    id = models.BigAutoField(primary_key=True)
    registry = models.ForeignKey(Registry, models.CASCADE, related_name="blobs")
    digest = models.CharField(max_length=140, db_index=True)
    size = models.BigIntegerField()
    repository_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registry", "digest"], name="one_blob_a_digest")
        ]

    def __str__(self) -> str:
        return Digest.parse(self.digest).short


class ArtifactBlob(models.Model):
    """An image's manifest names a blob."""

    id = models.BigAutoField(primary_key=True)
    artifact = models.ForeignKey(Artifact, models.CASCADE, related_name="blob_links")
    # The constraint's index is the one for this: it finds the latest of a blob's thousands of artifacts at once.
    blob = models.ForeignKey(Blob, models.CASCADE, related_name="artifact_links", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["blob", "artifact"], name="one_link_a_blob")]

    def __str__(self) -> str:
        return f"{self.artifact} needs {self.blob}"


class RepositoryBlob(models.Model):
    """A repository needs a blob: worked out from its tags after each look at it."""

    id = models.BigAutoField(primary_key=True)
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="blob_links")
    blob = models.ForeignKey(Blob, models.CASCADE, related_name="repository_links")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "blob"], name="one_link_a_repository_blob"
            )
        ]

    def __str__(self) -> str:
        return f"{self.repository} needs {self.blob}"


class Tag(models.Model):
    """A name of a repository. What its list is sorted and filtered by is copied here from the name and the artifact.

    `digest` is empty until the registry was asked what it names; `artifact` is null until that was fetched.
    """

    id = models.BigAutoField(primary_key=True)
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="tags")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    name = models.CharField(max_length=128)
    digest = models.CharField(max_length=140, blank=True)
    artifact = models.ForeignKey(
        Artifact, models.SET_NULL, null=True, blank=True, related_name="tags"
    )
    # registry_ui.tags.sort_key of the name: sorts as bytes in natural order, the same in every database
    order_key = models.BinaryField()
    # registry_ui.tags.version_key of the name; null where it has no version
    version_key = models.BinaryField(null=True, blank=True)
    # registry_ui.tags.Tag.flavour, as |alpine|fpm|: what a filter by variant looks for
    flavour = models.CharField(max_length=300, blank=True)
    is_prerelease = models.BooleanField(default=False)
    is_floating = models.BooleanField(default=False)
    # As |linux/amd64|linux/arm64|
    platforms = models.CharField(max_length=2000, blank=True)
    size = models.BigIntegerField(default=0)
    built_at = models.DateTimeField(default=UNSTATED)
    # When the name was seen to point elsewhere; until then, when its image was built.
    changed_at = models.DateTimeField(default=UNSTATED)
    previous_digest = models.CharField(max_length=140, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "name"], name="one_tag_a_name")
        ]
        indexes = [
            models.Index(fields=["repository", "order_key"], name="tag_by_order"),
            models.Index(
                fields=["repository", "flavour", "-order_key"], name="tag_by_variant_and_order"
            ),
            models.Index(fields=["repository", "-built_at", "-id"], name="tag_by_date"),
            models.Index(fields=["repository", "-size", "-id"], name="tag_by_size"),
            models.Index(fields=["repository", "digest"], name="tag_by_digest"),
            models.Index(fields=["team", "name"], name="tag_by_name"),
            models.Index(fields=["digest"], name="tag_by_digest_anywhere"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def reference(self) -> Reference:
        return self.repository.reference.with_tag(self.name)

    @property
    def built(self) -> datetime | None:
        return None if self.built_at == UNSTATED else self.built_at
