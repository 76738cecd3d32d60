"""Maintenance of the built-in registry, at every start and on a schedule."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from registry_ui.accounts.models import Team
from registry_ui.catalog.indexing.index_services import schedule_index
from registry_ui.credentials.services import add_builtin_registry
from registry_ui.images.blob_uploads import UploadUnknown, upload_size
from registry_ui.images.models import LocalImage
from registry_ui.images.names import announce_name
from registry_ui.images.store import blob_directory
from registry_ui.registries.builtin_registry import builtin_registry_host
from registry_ui.registries.models import Registry

from .links import delete_orphaned_links
from .models import BlobUpload, CachedTag


def ensure_builtin_registries() -> None:
    """Add the built-in registry to every team, under the server's current address.

    Images whose names begin with a former address are renamed.
    """
    for team in Team.objects.all():
        former = (
            Registry.objects.builtin()
            .filter(team=team)
            .exclude(host=builtin_registry_host())
            .values_list("host", flat=True)
        )
        for host in list(former):
            _rename_images(team, host)

        # Rows that were written before the built-in registry existed have never been indexed.
        registry = add_builtin_registry(team)
        if (
            registry.next_index_at is None
            and LocalImage.objects.filter(team=team, registry=registry.host).exists()
        ):
            schedule_index(registry)


def _rename_images(team: Team, host: str) -> None:
    """Move names from a former address of the server to the current one.

    A name that exists under the current address already keeps its image.
    """
    with transaction.atomic():
        for image in LocalImage.objects.filter(
            team=team, registry=host, repository__startswith=f"{team.slug}/"
        ):
            # Rows with a tag are unique by tag, rows without one by digest.
            existing = LocalImage.objects.filter(
                team=team,
                registry=builtin_registry_host(),
                repository=image.repository,
                tag=image.tag,
            )
            if existing.filter(**({} if image.tag else {"digest": image.digest})).exists():
                continue

            image.registry = builtin_registry_host()
            image.save(update_fields=["registry"])
            announce_name(image)


def maintain_builtin_registry() -> None:
    """Delete expired uploads, unused cached tags, and links to deleted blobs."""
    now = timezone.now()
    CachedTag.objects.filter(used_at__lt=now - timedelta(days=settings.PROXY_KEEP_DAYS)).delete()
    _delete_expired_uploads()
    delete_orphaned_links()


def _delete_expired_uploads() -> None:
    """Delete uploads whose file the garbage collector has removed."""
    # At least an hour, so that an upload that just began is not taken for an abandoned one.
    grace = timedelta(seconds=max(settings.COLLECT_GRACE_SECONDS, 3600))
    blobs = blob_directory()
    for upload in BlobUpload.objects.filter(created_at__lt=timezone.now() - grace):
        try:
            upload_size(blobs, upload.pk)
        except UploadUnknown:
            upload.delete()
