"""Archives in: the page, the pieces of an upload, and its end. What is found is named and brought in by transfers."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from registry_ui.accounts.access import needs_role, require_operator
from registry_ui.accounts.models import Action, Outcome, Role, Team
from registry_ui.accounts.requests import TeamRequest
from registry_ui.accounts.trail import record
from registry_ui.oci.errors import OciError, StorageError

from ..models import ArchiveUpload
from .forms import ArchiveUploadHandler, BeginForm, ImportForm
from .uploads import OffsetConflict, begin_upload, discard, look, receive, received

_MOST_SHOWN = 50
_INSUFFICIENT_STORAGE = 507


# The token is checked in `_take_form`: before that, the form must not be read with Django's own handlers.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@needs_role(Role.OPERATOR)
def import_page(request: TeamRequest) -> HttpResponseBase:
    team = _team(request)
    if request.method != "POST":
        return _page(request, team, ImportForm())
    handler = ArchiveUploadHandler(request, team, request.user)
    request.upload_handlers = [handler]
    try:
        return _take_form(request, handler)
    except OciError as exc:
        form = ImportForm()
        form.full_clean()
        messages.error(request, _sentence(exc))
        return _page(request, team, form, status=422)
    finally:
        handler.clean_up()


@csrf_protect
def _take_form(request: TeamRequest, handler: ArchiveUploadHandler) -> HttpResponseBase:
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, _team(request), form, status=422)
    handler.upload.sha256 = form.cleaned_data["sha256"]
    handler.upload.save()
    handler.is_kept = True
    return _end(request, handler.upload)


@require_POST
@needs_role(Role.OPERATOR)
def import_begin(request: TeamRequest) -> HttpResponse:
    """Where the script sends the pieces, and where the upload ends that it goes on with."""
    form = BeginForm(request.POST)
    if not form.is_valid():
        return _plain(_("The file's name or size is missing."), 422)
    values = {**form.cleaned_data, "modified": form.cleaned_data["modified"] or 0}
    try:
        upload = begin_upload(team=_team(request), user=request.user, **values)
    except OciError as exc:
        return _plain(
            _sentence(exc), _INSUFFICIENT_STORAGE if isinstance(exc, StorageError) else 422
        )
    addresses = {
        name: reverse(f"images:import_{name}", args=[upload.pk]) for name in ("content", "finish")
    }
    return JsonResponse({**addresses, "received": received(upload)})


@require_http_methods(["GET", "HEAD", "PATCH"])
def import_content(request: TeamRequest, pk: UUID) -> HttpResponse:
    """How far an upload is; with PATCH its next piece, which begins at the byte that `Upload-Offset` names."""
    upload = _found(request, pk)
    if request.method != "PATCH":
        return JsonResponse({"received": received(upload), "size": upload.size})
    offset = request.headers.get("Upload-Offset", "")
    if not (offset.isdecimal() and len(offset) < 20 and request.headers.get("Content-Length")):
        return _plain(_("A piece needs the headers Upload-Offset and Content-Length."), 400)
    try:
        end = receive(upload, int(offset), request.read)
    except OffsetConflict as exc:
        return JsonResponse({"received": exc.received}, status=409)
    except OciError as exc:
        return _plain(_sentence(exc), _INSUFFICIENT_STORAGE)
    return HttpResponse(status=204, headers={"Upload-Offset": str(end)})


@require_POST
def import_finish(request: TeamRequest, pk: UUID) -> HttpResponse:
    return _end(request, _found(request, pk))


@require_POST
def import_discard(request: TeamRequest, pk: UUID) -> HttpResponse:
    upload = _found(request, pk)
    discard(upload)
    messages.success(request, _("%(name)s was discarded.") % {"name": upload.name})
    return redirect("images:import")


def _end(request: TeamRequest, upload: ArchiveUpload) -> HttpResponse:
    """Look into a whole upload; then its images are chosen, or it is gone and the page says why."""
    try:
        look(upload)
    except OffsetConflict:
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
            cause=type(exc).__name__,
        )
        messages.error(request, f"{upload.name}: {_sentence(exc)}")
    else:
        record(
            Action.ARCHIVE_RECEIVED, obj=upload, bytes=upload.size, images=len(upload.found or [])
        )
        return redirect("transfers:import_archive", upload.pk)
    return redirect("images:import")


def _page(request: TeamRequest, team: Team, form: ImportForm, status: int = 200) -> HttpResponse:
    uploads = ArchiveUpload.objects.filter(team=team, place="").select_related("created_by")[
        :_MOST_SHOWN
    ]
    context: dict[str, Any] = {
        "form": form,
        "uploads": [(upload, received(upload)) for upload in uploads],
    }
    return render(request, "images/import.html", context, status=status)


def _found(request: TeamRequest, pk: UUID) -> ArchiveUpload:
    """An upload that came through these pages; what the command line reads on this machine is not touched here."""
    uploads = ArchiveUpload.objects.visible_to(request.user).filter(place="").select_related("team")
    upload = get_object_or_404(uploads, pk=pk)
    require_operator(request.user, upload)
    return upload


def _team(request: TeamRequest) -> Team:
    assert request.team is not None  # needs_role has refused everybody without one.
    return request.team


def _sentence(exc: OciError) -> str:
    return f"{exc.message} {exc.advice}".strip()


def _plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
