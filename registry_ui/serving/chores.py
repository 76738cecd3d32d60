"""What has to be done from time to time, and at every start."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from registry_ui.accounts.models import Team
from registry_ui.images.models import LocalImage
from registry_ui.images.store import blob_directory
from registry_ui.images.uploads import UploadUnknown, upload_size
from registry_ui.registries.indexing.services import look_soon
from registry_ui.registries.models import Provider, Registry
from registry_ui.registries.services import add_this_server
from registry_ui.registries.this_server import this_host

from .holdings import drop_dead_holdings
from .models import KeptTag, Upload


def equip_teams() -> None:
    """Every team has this server among its registries, under the address that it has now, and its images are named so."""
    for team in Team.objects.all():
        former = (
            Registry.objects.filter(team=team, provider=Provider.THIS)
            .exclude(host=this_host())
            .values_list("host", flat=True)
        )
        for host in list(former):
            _rename(team, host)
        registry = add_this_server(team)
        if (
            registry.next_index_at is None
            and LocalImage.objects.filter(team=team, registry=registry.host).exists()
        ):
            look_soon(registry)


def _rename(team: Team, host: str) -> None:
    """The names that begin with a former address; one that there is already under the new one stays what it is."""
    with transaction.atomic():
        for image in LocalImage.objects.filter(
            team=team, registry=host, repository__startswith=f"{team.slug}/"
        ):
            same = LocalImage.objects.filter(
                team=team, registry=this_host(), repository=image.repository, tag=image.tag
            )
            if same.filter(**({} if image.tag else {"digest": image.digest})).exists():
                continue
            image.registry = this_host()
            image.save(update_fields=["registry"])


def tidy() -> None:
    """Forget uploads that nobody went on with, tags of other registries that nobody asks for, and what points at nothing."""
    now = timezone.now()
    KeptTag.objects.filter(used_at__lt=now - timedelta(days=settings.PROXY_KEEP_DAYS)).delete()
    _drop_dead_uploads()
    drop_dead_holdings()


def _drop_dead_uploads() -> None:
    """Those whose bytes the collector has taken."""
    grace = timedelta(seconds=max(settings.COLLECT_GRACE_SECONDS, 3600))
    blobs = blob_directory()
    for upload in Upload.objects.filter(created_at__lt=timezone.now() - grace):
        try:
            upload_size(blobs, upload.pk)
        except UploadUnknown:
            upload.delete()
