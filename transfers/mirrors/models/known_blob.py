from django.db import models
from django.utils import timezone

from registry_ui.oci.digest import Digest
from registry_ui.registries.models import Registry


class KnownBlob(models.Model):
    """A blob that a repository of a team's registry has.

    Mirrors do not send it again and can mount it from there. The row can be wrong after a garbage
    collection of the registry: a manifest that is refused for the blob deletes the row. A registry
    belongs to one team, so no team learns from it what another one has.
    """

    # Numbers instead of UUIDs: a large mirror writes hundreds of thousands of these rows.
    id = models.BigAutoField(primary_key=True)
    registry = models.ForeignKey(Registry, models.CASCADE, related_name="+")
    repository = models.CharField(max_length=255)
    digest = models.CharField(max_length=140)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["registry", "digest", "repository"], name="unique_known_blob_per_repository"
            )
        ]
        indexes = [models.Index(fields=["registry", "repository"], name="known_blob_by_repository")]

    def __str__(self) -> str:
        return f"{self.repository} holds {Digest.parse(self.digest).short}"
