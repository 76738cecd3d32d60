"""The index of a registry's contents: written by index runs, read by the pages that browse."""

import zlib
from datetime import UTC, datetime

from django.db import models

from registry_ui.accounts.models import Team, TeamOwnedQuerySet
from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry

UNSTATED = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for an unknown time.

A column by which lists are sorted is never null, so that a keyset needs no extra condition.
"""


class Repository(models.Model):
    """A repository of a registry that the registry lists, that was added by name, or that was used.

    `size` counts every blob that its tags need once; `shared_size` is the part of it that other
    repositories of the registry need too. `indexed_by` is the run that has finished it, so that a
    run which goes on after a crash skips it; null means that its sizes are not counted.
    """

    id = models.BigAutoField(primary_key=True)
    registry = models.ForeignKey(Registry, models.CASCADE, related_name="repositories")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    name = models.CharField(max_length=255)
    is_listed = models.BooleanField(default=False)
    is_added_by_name = models.BooleanField(default=False)
    used_at = models.DateTimeField(null=True, blank=True)
    tag_count = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    shared_size = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField(default=UNSTATED)
    indexed_at = models.DateTimeField(null=True, blank=True)
    indexed_by = models.UUIDField(null=True, blank=True)
    # The error of the latest run with its advice; empty after a success.
    problem = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TeamOwnedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "repositories"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["registry", "name"], name="unique_repository_name")
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
        """Its reference without a tag or digest."""
        return Reference(self.registry.host, self.name)

    @property
    def last_change(self) -> datetime | None:
        return None if self.changed_at == UNSTATED else self.changed_at


class Artifact(models.Model):
    """A digest of a registry: an image, an index or another artifact. Its row never changes.

    Each registry has its own row, although a digest means the same everywhere: a digest in another
    team's registry must not let this team read its contents.
    """

    id = models.BigAutoField(primary_key=True)
    registry = models.ForeignKey(Registry, models.CASCADE, related_name="artifacts")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=140, db_index=True)
    media_type = models.CharField(max_length=120)
    artifact_type = models.CharField(max_length=255, blank=True)
    # The image id of an image; empty for an index.
    config_digest = models.CharField(max_length=140, blank=True, db_index=True)
    # The digest that it refers to (a signature's image); empty for most (image spec, "subject").
    subject = models.CharField(max_length=140, blank=True)
    manifest_size = models.PositiveIntegerField(
        default=0, help_text="Bytes of the manifest or index itself."
    )
    size = models.BigIntegerField(
        default=0,
        help_text="Bytes of every blob that it and its children need, each once, compressed.",
    )
    layer_count = models.PositiveIntegerField(default=0)
    # One entry per image:
    # [{"platform": "linux/amd64", "digest": "sha256:…", "image_id": "sha256:…", "size": bytes}]
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
            models.UniqueConstraint(fields=["registry", "digest"], name="unique_artifact_digest")
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
    """The raw bytes of an artifact's manifest or index and of its config, compressed.

    The digest covers these bytes, so they are never parsed and written again.
    """

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
        """The raw config; empty without a config or if it is no JSON document."""
        return zlib.decompress(self.compressed_config) if self.compressed_config else b""


class ArtifactChild(models.Model):
    """A link from an index to one of its manifests; `position` counts from 0."""

    id = models.BigAutoField(primary_key=True)
    parent = models.ForeignKey(Artifact, models.CASCADE, related_name="child_links")
    child = models.ForeignKey(Artifact, models.CASCADE, related_name="parent_links")
    position = models.PositiveSmallIntegerField()
    platform = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["parent", "child"], name="unique_child_link")
        ]

    def __str__(self) -> str:
        return f"{self.parent} → {self.child}"


class Blob(models.Model):
    """A config or layer of a registry; `repository_count` repositories need it."""

    id = models.BigAutoField(primary_key=True)
    registry = models.ForeignKey(Registry, models.CASCADE, related_name="blobs")
    digest = models.CharField(max_length=140, db_index=True)
    size = models.BigIntegerField()
    repository_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registry", "digest"], name="unique_blob_digest")
        ]

    def __str__(self) -> str:
        return Digest.parse(self.digest).short


class ArtifactBlob(models.Model):
    """A link from a manifest to a blob that it names."""

    id = models.BigAutoField(primary_key=True)
    artifact = models.ForeignKey(Artifact, models.CASCADE, related_name="blob_links")
    # The constraint's index serves this too, and finds the latest of a blob's artifacts at once.
    blob = models.ForeignKey(Blob, models.CASCADE, related_name="artifact_links", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["blob", "artifact"], name="unique_blob_link")
        ]

    def __str__(self) -> str:
        return f"{self.artifact} needs {self.blob}"


class RepositoryBlob(models.Model):
    """A link from a repository to a blob that it needs, computed after each index run."""

    id = models.BigAutoField(primary_key=True)
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="blob_links")
    blob = models.ForeignKey(Blob, models.CASCADE, related_name="repository_links")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "blob"], name="unique_repository_blob")
        ]

    def __str__(self) -> str:
        return f"{self.repository} needs {self.blob}"


class Tag(models.Model):
    """A tag of a repository, with copies of the facts by which lists are sorted and filtered.

    `digest` is empty until the registry has resolved the tag; `artifact` is null until its manifest
    was fetched.
    """

    id = models.BigAutoField(primary_key=True)
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="tags")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    name = models.CharField(max_length=128)
    digest = models.CharField(max_length=140, blank=True)
    artifact = models.ForeignKey(
        Artifact, models.SET_NULL, null=True, blank=True, related_name="tags"
    )
    # registry_ui.tags.sort_key of the name: its bytes sort in natural order in every database.
    order_key = models.BinaryField()
    # registry_ui.tags.version_key of the name; null without a version.
    version_key = models.BinaryField(null=True, blank=True)
    # registry_ui.tags.Tag.flavour as |alpine|fpm|, so that a filter can match a whole value.
    flavour = models.CharField(max_length=300, blank=True)
    is_prerelease = models.BooleanField(default=False)
    is_floating = models.BooleanField(default=False)
    # As |linux/amd64|linux/arm64|
    platforms = models.CharField(max_length=2000, blank=True)
    size = models.BigIntegerField(default=0)
    built_at = models.DateTimeField(default=UNSTATED)
    # The time at which another digest was seen; before that, the image's build time.
    changed_at = models.DateTimeField(default=UNSTATED)
    previous_digest = models.CharField(max_length=140, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    problem = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "name"], name="unique_tag_name")
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
