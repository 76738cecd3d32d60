"""Views of exports: selection, download and checksum. A viewer may export."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.errors import OciError
from registry_ui.oci.manifest import Platform
from registry_ui.web.errors import describe

from ..models import LocalImage
from .exports import Export, export_images
from .responses import archive_response, checksum_response

_MAX_IMAGES = 500


@require_safe
def export_page(request: TeamRequest) -> HttpResponse:
    """Show the selected images with all of their names, checked."""
    images = _selected_images(request)
    ids = {image.image_id for image in images}
    rows = (
        LocalImage.objects.filter(team=images[0].team, image_id__in=ids)
        if images
        else LocalImage.objects.none()
    )
    names = sorted(rows, key=lambda image: str(image.reference))
    platforms = dict.fromkeys(
        entry["platform"] for image in names for entry in image.platforms if entry["platform"]
    )

    # Shared layers are in the archive once, so the size counts each blob once.
    blobs = {
        entry["digest"]: entry["size"]
        for image in names
        for entry in (*image.blobs, *image.manifests)
    }
    context = {"names": names, "platforms": list(platforms), "size": sum(blobs.values())}

    return render(request, "images/export.html", context)


@require_safe
def export_archive(request: TeamRequest) -> HttpResponseBase:
    try:
        export = _export(request)
    except OciError as exc:
        return _redirect_with_error(request, exc)
    return archive_response(request, export, _selected_images(request))


@require_safe
def export_checksum(request: TeamRequest) -> HttpResponseBase:
    """Return the archive's SHA-256 in the format of sha256sum.

    Every blob is read for it.
    """
    try:
        export = _export(request)
        checksum = export.archive.sha256(export.store.open_blob) if request.method == "GET" else ""
    except OciError as exc:
        return _redirect_with_error(request, exc)
    return checksum_response(export, checksum)


def _export(request: TeamRequest) -> Export:
    images = _selected_images(request)
    available = {
        entry["platform"] for image in images for entry in image.platforms if entry["platform"]
    }
    chosen = set(request.GET.getlist("platform")) - {""}

    # All platforms means the whole index, with its digest unchanged.
    platforms = [] if chosen >= available else [Platform.parse(text) for text in sorted(chosen)]
    return export_images(images=images, platforms=platforms)


def _selected_images(request: TeamRequest) -> list[LocalImage]:
    """Return the selected images that the person can see, of one team only."""
    keys = []

    # The selection is in the address, so a download can be resumed and repeated.
    for text in request.GET.getlist("image")[:_MAX_IMAGES]:
        try:
            keys.append(UUID(text))
        except ValueError:
            continue

    images = sorted(
        LocalImage.objects.visible_to(request.user).filter(pk__in=keys).select_related("team"),
        key=lambda image: str(image.reference),
    )

    # An archive contains images of one team only.
    return [image for image in images if image.team_id == images[0].team_id]


def _redirect_with_error(request: TeamRequest, exc: OciError) -> HttpResponse:
    messages.error(request, str(describe(exc)))
    query = QueryDict(mutable=True)
    query.setlist("image", request.GET.getlist("image")[:_MAX_IMAGES])
    return redirect(f"{reverse('images:export')}?{query.urlencode()}")
