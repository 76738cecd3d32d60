"""What a rule has brought into the local images, as one archive for where no network reaches."""

import uuid

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from registry_ui.accounts.requests import TeamRequest
from registry_ui.images.archives.exporting import export_images
from registry_ui.images.archives.sending import sent, sent_checksum
from registry_ui.oci.errors import OciError

from ...forms.naming import sentence
from ..exporting import images_of
from .rules import visible_mirror


@require_safe
def archive(request: TeamRequest, pk: uuid.UUID) -> HttpResponseBase:
    mirror = visible_mirror(request, pk)
    try:
        images = images_of(mirror)
        return sent(request, export_images(images=images), images)
    except OciError as exc:
        messages.error(request, sentence(exc))
        return redirect("mirrors:detail", mirror.pk)


@require_safe
def checksum(request: TeamRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Every blob is read for it."""
    mirror = visible_mirror(request, pk)
    try:
        export = export_images(images=images_of(mirror))
        return sent_checksum(export, export.archive.sha256(export.store.open_blob) if request.method == "GET" else "")
    except OciError as exc:
        messages.error(request, sentence(exc))
        return redirect("mirrors:detail", mirror.pk)
