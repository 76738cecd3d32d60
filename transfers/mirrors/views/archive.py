"""Pages that pull the images of a mirror and offer them as one archive."""

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from registry_ui.accounts.permissions import require_operator
from registry_ui.accounts.requests import TeamRequest
from registry_ui.images.archives.exports import export_images
from registry_ui.images.archives.responses import archive_response, checksum_response
from registry_ui.oci.errors import OciError
from registry_ui.web.errors import describe

from ..archive import archive_images, archive_status, latest_comparison
from ..models import Mirror
from ..services.runs import start_local_pull
from .mirror import role_context, visible_mirror
from .run import redirect_to_started

_NAMES_SHOWN = 5


@require_http_methods(["GET", "HEAD", "POST"])
def local_pull(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the archive of a mirror between registries; POST starts the pull."""
    mirror = visible_mirror(request, pk)
    if request.method == "POST":
        require_operator(request.user, mirror)
        return redirect_to_started(
            request, mirror, lambda: start_local_pull(mirror=mirror, user=request.user)
        )

    if mirror.is_local:
        return redirect("mirrors:detail", mirror.pk)

    # Globs are replaced by the repositories of the latest comparison, if there is one.
    repositories = (
        list(mirror.pairs.values_list("source_repository", flat=True)[:_NAMES_SHOWN])
        or mirror.repositories[:_NAMES_SHOWN]
    )
    context = {
        "mirror": mirror,
        "archive_status": archive_status(mirror),
        "comparison": latest_comparison(mirror),
        "names": [f"{mirror.source_registry.host}/{name}" for name in repositories],
        **role_context(request, mirror),
    }

    return render(request, "mirrors/local_pull.html", context)


@require_safe
def archive(request: TeamRequest, pk: uuid.UUID) -> HttpResponseBase:
    mirror = visible_mirror(request, pk)
    try:
        images = archive_images(mirror)
        return archive_response(request, export_images(images=images), images)
    except OciError as exc:
        return _redirect_with_error(request, mirror, exc)


@require_safe
def checksum(request: TeamRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Return the checksum of the archive, for which every blob is read."""
    mirror = visible_mirror(request, pk)
    try:
        export = export_images(images=archive_images(mirror))
        return checksum_response(
            export, export.archive.sha256(export.store.open_blob) if request.method == "GET" else ""
        )
    except OciError as exc:
        return _redirect_with_error(request, mirror, exc)


def _redirect_with_error(request: TeamRequest, mirror: Mirror, exc: OciError) -> HttpResponse:
    messages.error(request, str(describe(exc)))
    return redirect("mirrors:detail" if mirror.is_local else "mirrors:local_pull", mirror.pk)
