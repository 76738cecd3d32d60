from django.db import models
from django.utils import timezone

from registry_ui.oci.digest import Digest
from registry_ui.registries.models import Registry


class KnownBlob(models.Model):
    """A repository of a team's registry was seen to hold a blob: it is not asked for again, and can be mounted from there.

    It may be wrong, where the registry was cleaned since: a manifest that is refused for it deletes the row. A registry belongs
    to one team, so what one team's mirrors have sent says nothing to another's.
    """

    id = models.BigAutoField(primary_key=True)
    registry = models.ForeignKey(Registry, models.CASCADE, related_name="+")
    repository = models.CharField(max_length=255)
    digest = models.CharField(max_length=140)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["registry", "digest", "repository"], name="one_known_blob_a_repository"
            )
        ]
        indexes = [models.Index(fields=["registry", "repository"], name="known_blob_of_repository")]

    def __str__(self) -> str:
        return f"{self.repository} holds {Digest.parse(self.digest).short}"
