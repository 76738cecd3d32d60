"""What a rule has brought into the local images, as one archive for where no network reaches."""

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from registry_ui.accounts.access import require_operator
from registry_ui.accounts.requests import TeamRequest
from registry_ui.images.archives.exporting import export_images
from registry_ui.images.archives.sending import sent, sent_checksum
from registry_ui.oci.errors import OciError

from ...forms.naming import sentence
from ...models import Mirror
from ..exporting import images_of, latest_look, standing_of
from ..starting import start_staging
from .rules import roles, visible_mirror
from .runs import begun

_NAMES_SHOWN = 5


@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    """What is to be brought here before it can be exported, and how far that is; a POST begins it."""
    mirror = visible_mirror(request, pk)
    if request.method == "POST":
        require_operator(request.user, mirror)
        return begun(request, mirror, lambda: start_staging(mirror=mirror, user=request.user))
    if mirror.is_local:
        return redirect("mirrors:detail", mirror.pk)
    repositories = (
        list(mirror.pairs.values_list("source_repository", flat=True)[:_NAMES_SHOWN])
        or mirror.repositories[:_NAMES_SHOWN]
    )
    context = {
        "mirror": mirror,
        "standing": standing_of(mirror),
        "look": latest_look(mirror),
        "names": [f"{mirror.source_registry.host}/{name}" for name in repositories],
        **roles(request, mirror),
    }
    return render(request, "mirrors/bring.html", context)


@require_safe
def archive(request: TeamRequest, pk: uuid.UUID) -> HttpResponseBase:
    mirror = visible_mirror(request, pk)
    try:
        images = images_of(mirror)
        return sent(request, export_images(images=images), images)
    except OciError as exc:
        return _refused(request, mirror, exc)


@require_safe
def checksum(request: TeamRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Every blob is read for it."""
    mirror = visible_mirror(request, pk)
    try:
        export = export_images(images=images_of(mirror))
        return sent_checksum(
            export, export.archive.sha256(export.store.open_blob) if request.method == "GET" else ""
        )
    except OciError as exc:
        return _refused(request, mirror, exc)


def _refused(request: TeamRequest, mirror: Mirror, exc: OciError) -> HttpResponse:
    messages.error(request, sentence(exc))
    return redirect("mirrors:detail" if mirror.is_local else "mirrors:bring", mirror.pk)
