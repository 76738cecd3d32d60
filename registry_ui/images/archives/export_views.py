"""Archives out: the choice, the download, its checksum. Whoever may read an image may take it away."""

import re
from collections.abc import Iterator
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from registry_ui.accounts.models import Action
from registry_ui.accounts.requests import TeamRequest
from registry_ui.accounts.trail import record
from registry_ui.oci.errors import ContentMismatch, OciError
from registry_ui.oci.manifest import Platform

from ..models import LocalImage
from .exporting import Export, export_images

_MOST_IMAGES = 500
_RANGE = re.compile(r"bytes=([0-9]{1,18})?-([0-9]{1,18})?")


@require_safe
def export_page(request: TeamRequest) -> HttpResponse:
    """The chosen images with all of their names, ticked."""
    images = _chosen(request)
    ids = {image.image_id for image in images}
    rows = LocalImage.objects.filter(team=images[0].team, image_id__in=ids) if images else LocalImage.objects.none()
    names = sorted(rows, key=lambda image: str(image.reference))
    platforms = dict.fromkeys(entry["platform"] for image in names for entry in image.platforms if entry["platform"])
    blobs = {entry["digest"]: entry["size"] for image in names for entry in (*image.blobs, *image.manifests)}
    context = {"names": names, "platforms": list(platforms), "size": sum(blobs.values())}
    return render(request, "images/export.html", context)


@require_safe
def export_archive(request: TeamRequest) -> HttpResponseBase:
    try:
        export = _export(request)
    except OciError as exc:
        return _back(request, exc)
    archive = export.archive
    entity_tag = f'"{archive.tag}"'
    span = _span(request, archive.size, entity_tag)
    if span is None:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{archive.size}"})
    start, end = span
    if request.method == "GET" and start == 0:
        names = [image.reference.familiar for image in _chosen(request)]
        record(Action.IMAGE_EXPORTED, team=export.store.team, name=", ".join(names), bytes=archive.size)
    is_part = (start, end) != (0, archive.size)
    response = StreamingHttpResponse(_bytes(export, start, end), status=206 if is_part else 200, content_type="application/x-tar")
    response["Content-Length"] = end - start
    response["Content-Disposition"] = f'attachment; filename="{export.name}"'
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = entity_tag
    if is_part:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{archive.size}"
    return response


@require_safe
def export_checksum(request: TeamRequest) -> HttpResponseBase:
    """The archive's SHA-256, as sha256sum writes and reads it. Every blob is read for it."""
    try:
        export = _export(request)
        checksum = export.archive.sha256(export.store.open_blob) if request.method == "GET" else ""
    except OciError as exc:
        return _back(request, exc)
    disposition = f'attachment; filename="{export.name}.sha256"'
    return HttpResponse(f"{checksum}  {export.name}\n", content_type="text/plain", headers={"Content-Disposition": disposition})


def _bytes(export: Export, start: int, end: int) -> Iterator[bytes]:
    try:
        yield from export.archive.read(export.store.open_blob, start, end)
    except ContentMismatch:
        # Whoever receives it sees it end early. What is damaged here is taken out of sight, so that a pull brings it again.
        export.store.recheck_opened()
        raise


def _export(request: TeamRequest) -> Export:
    images = _chosen(request)
    offered = {entry["platform"] for image in images for entry in image.platforms if entry["platform"]}
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
        LocalImage.objects.visible_to(request.user).filter(pk__in=keys).select_related("team"), key=lambda image: str(image.reference)
    )
    return [image for image in images if image.team_id == images[0].team_id]


def _span(request: TeamRequest, size: int, entity_tag: str) -> tuple[int, int] | None:
    """From where to where; the whole where no part is asked for that can be given; None where the part lies outside."""
    match = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    if match is None or match.groups() == (None, None) or request.headers.get("If-Range", entity_tag) != entity_tag:
        return 0, size
    first, last = match.groups()
    if first is None:
        return max(size - int(last), 0), size
    end = min(int(last) + 1, size) if last else size
    return (int(first), end) if int(first) < end else None


def _back(request: TeamRequest, exc: OciError) -> HttpResponse:
    messages.error(request, f"{exc.message} {exc.advice}".strip())
    query = QueryDict(mutable=True)
    query.setlist("image", request.GET.getlist("image")[:_MOST_IMAGES])
    return redirect(f"{reverse('images:export')}?{query.urlencode()}")
