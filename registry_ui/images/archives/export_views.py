"""Archives out: the choice, the download, its checksum. Whoever may read an image may take it away."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.errors import OciError
from registry_ui.oci.manifest import Platform

from ..models import LocalImage
from .exporting import Export, export_images
from .sending import sent, sent_checksum

_MOST_IMAGES = 500


@require_safe
def export_page(request: TeamRequest) -> HttpResponse:
    """The chosen images with all of their names, ticked."""
    images = _chosen(request)
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
        return _back(request, exc)
    return sent(request, export, _chosen(request))


@require_safe
def export_checksum(request: TeamRequest) -> HttpResponseBase:
    """The archive's SHA-256, as sha256sum writes and reads it. Every blob is read for it."""
    try:
        export = _export(request)
        checksum = export.archive.sha256(export.store.open_blob) if request.method == "GET" else ""
    except OciError as exc:
        return _back(request, exc)
    return sent_checksum(export, checksum)


def _export(request: TeamRequest) -> Export:
    images = _chosen(request)
    offered = {
        entry["platform"] for image in images for entry in image.platforms if entry["platform"]
    }
    wanted = set(request.GET.getlist("platform")) - {""}
    platforms = [] if wanted >= offered else [Platform.parse(text) for text in sorted(wanted)]
    return export_images(images=images, platforms=platforms)


def _chosen(request: TeamRequest) -> list[LocalImage]:
    """Those that the person sees, of one team: that of the first."""
    keys = []
    for text in request.GET.getlist("image")[:_MOST_IMAGES]:
        try:
            keys.append(UUID(text))
        except ValueError:
            continue
    images = sorted(
        LocalImage.objects.visible_to(request.user).filter(pk__in=keys).select_related("team"),
        key=lambda image: str(image.reference),
    )
    return [image for image in images if image.team_id == images[0].team_id]


def _back(request: TeamRequest, exc: OciError) -> HttpResponse:
    messages.error(request, f"{exc.message} {exc.advice}".strip())
    query = QueryDict(mutable=True)
    query.setlist("image", request.GET.getlist("image")[:_MOST_IMAGES])
    return redirect(f"{reverse('images:export')}?{query.urlencode()}")
