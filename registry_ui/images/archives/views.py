"""Views of imports: the page, the chunks of an upload, and its end.

A transfer then stores the images under the chosen names.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Outcome, Role, Team
from registry_ui.accounts.permissions import needs_role, require_operator
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.errors import OciError, StorageError
from registry_ui.web.errors import describe

from ..models import ArchiveUpload
from .archive_uploads import (
    OffsetConflict,
    begin_upload,
    discard_upload,
    inspect_upload,
    receive_chunk,
    received_bytes,
)
from .forms import ArchiveUploadHandler, BeginForm, ImportForm

_MAX_SHOWN = 50
_INSUFFICIENT_STORAGE = 507


# The CSRF token is checked in `_save_form_upload`: reading it parses the form, which has to wait
# until the upload handler is set (Django, "Modifying upload handlers on the fly").
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@needs_role(Role.OPERATOR)
def import_page(request: TeamRequest) -> HttpResponseBase:
    team = _team(request)
    if request.method != "POST":
        return _render_page(request, team, ImportForm())

    handler = ArchiveUploadHandler(request, team, request.user)
    request.upload_handlers = [handler]

    try:
        return _save_form_upload(request, handler)
    except OciError as exc:
        # The upload ended early, so the form's other fields were not read.
        form = ImportForm()
        form.full_clean()
        messages.error(request, _error_text(exc))
        return _render_page(request, team, form, status=422)
    finally:
        handler.clean_up()


@csrf_protect
def _save_form_upload(request: TeamRequest, handler: ArchiveUploadHandler) -> HttpResponseBase:
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _render_page(request, _team(request), form, status=422)
    handler.upload.sha256 = form.cleaned_data["sha256"]
    handler.upload.save()

    # From here on, the row owns the file.
    handler.is_kept = True
    return _finish_upload(request, handler.upload)


@require_POST
@needs_role(Role.OPERATOR)
def import_begin(request: TeamRequest) -> HttpResponse:
    """Return where the script sends the chunks, and the offset to continue at."""
    form = BeginForm(request.POST)
    if not form.is_valid():
        return _text_response(_("The file's name or size is missing."), 422)

    values = {**form.cleaned_data, "modified": form.cleaned_data["modified"] or 0}
    try:
        upload = begin_upload(team=_team(request), user=request.user, **values)
    except OciError as exc:
        return _text_response(
            _error_text(exc), _INSUFFICIENT_STORAGE if isinstance(exc, StorageError) else 422
        )

    addresses = {
        name: reverse(f"images:import_{name}", args=[upload.pk]) for name in ("content", "finish")
    }
    return JsonResponse({**addresses, "received": received_bytes(upload)})


@require_http_methods(["GET", "HEAD", "PATCH"])
def import_content(request: TeamRequest, pk: UUID) -> HttpResponse:
    """Return the size of an upload, or append a chunk to it (PATCH).

    The chunk begins at the byte in the header Upload-Offset.
    """
    upload = _get_upload(request, pk)
    if request.method != "PATCH":
        return JsonResponse({"received": received_bytes(upload), "size": upload.size})

    # The header names are those of the tus protocol, which this API resembles.
    offset = request.headers.get("Upload-Offset", "")
    if not (offset.isdecimal() and len(offset) < 20 and request.headers.get("Content-Length")):
        return _text_response(_("A piece needs the headers Upload-Offset and Content-Length."), 400)

    try:
        end = receive_chunk(upload, int(offset), request.read)
    except OffsetConflict as exc:
        # 409 tells the script where to continue, as in tus.
        return JsonResponse({"received": exc.received_bytes}, status=409)
    except OciError as exc:
        return _text_response(_error_text(exc), _INSUFFICIENT_STORAGE)

    return HttpResponse(status=204, headers={"Upload-Offset": str(end)})


@require_POST
def import_finish(request: TeamRequest, pk: UUID) -> HttpResponse:
    return _finish_upload(request, _get_upload(request, pk))


@require_POST
def import_discard(request: TeamRequest, pk: UUID) -> HttpResponse:
    upload = _get_upload(request, pk)
    discard_upload(upload)
    messages.success(request, _("%(name)s was discarded.") % {"name": upload.name})
    return redirect("images:import")


def _finish_upload(request: TeamRequest, upload: ArchiveUpload) -> HttpResponse:
    """Inspect a complete upload and go on to the choice of its images.

    An invalid archive is discarded, and the page says why.
    """
    try:
        inspect_upload(upload)
    except OffsetConflict:
        # Nothing is lost: the same file continues the upload.
        messages.warning(
            request,
            _("%(name)s is not whole yet: choose the same file again, and the upload goes on.")
            % {"name": upload.name},
        )
    except OciError as exc:
        record(
            Action.ARCHIVE_RECEIVED,
            team=upload.team,
            name=upload.name,
            outcome=Outcome.REFUSED,
            error=exc.stored(),
        )
        messages.error(request, f"{upload.name}: {_error_text(exc)}")
    else:
        record(
            Action.ARCHIVE_RECEIVED, obj=upload, bytes=upload.size, images=len(upload.images or [])
        )

        # A transfer of the upper app stores the images, so the redirect is by URL name only.
        return redirect("transfers:import_archive", upload.pk)

    return redirect("images:import")


def _render_page(
    request: TeamRequest, team: Team, form: ImportForm, status: int = 200
) -> HttpResponse:
    # The page lists unfinished uploads, so that a person can continue or discard them.
    uploads = ArchiveUpload.objects.filter(team=team, path="").select_related("created_by")[
        :_MAX_SHOWN
    ]
    context: dict[str, Any] = {
        "form": form,
        "uploads": [(upload, received_bytes(upload)) for upload in uploads],
    }
    return render(request, "images/import.html", context, status=status)


def _get_upload(request: TeamRequest, pk: UUID) -> ArchiveUpload:
    """Return an upload of these pages.

    Files named on the command line are not accessible here.
    """
    uploads = ArchiveUpload.objects.visible_to(request.user).filter(path="").select_related("team")
    upload = get_object_or_404(uploads, pk=pk)
    require_operator(request.user, upload)
    return upload


def _team(request: TeamRequest) -> Team:
    assert request.team is not None  # needs_role has refused everybody without one.
    return request.team


def _error_text(exc: OciError) -> str:
    return str(describe(exc))


def _text_response(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
