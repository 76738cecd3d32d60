"""The form that imports images of an uploaded archive."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from registry_ui.accounts.permissions import require_operator
from registry_ui.accounts.requests import TeamRequest
from registry_ui.images.models import ArchiveUpload
from registry_ui.oci.errors import OciError

from .. import services
from ..forms.archive_import import ImportNamesForm
from ..models import Transfer


@require_http_methods(["GET", "HEAD", "POST"])
def import_archive(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    upload = get_object_or_404(
        ArchiveUpload.objects.visible_to(request.user).filter(path="").select_related("team"),
        pk=pk,
    )
    require_operator(request.user, upload)
    # An upload can be resumed; until it is complete nobody has inspected it.
    if upload.images is None:
        messages.info(
            request,
            _("%(name)s is not whole yet: choose the same file again, and the upload goes on.")
            % {"name": upload.name},
        )
        return redirect("images:import")

    form = ImportNamesForm(request.POST if request.method == "POST" else None, upload=upload)
    if form.is_valid():
        transfer = _start(request, upload, form)
        if transfer is not None:
            return redirect("transfers:detail", transfer.pk)

    context = {"form": form, "upload": upload}
    return render(request, "transfers/import.html", context, status=422 if form.is_bound else 200)


def _start(request: TeamRequest, upload: ArchiveUpload, form: ImportNamesForm) -> Transfer | None:
    """Return the transfer; on an error, add it to the form and return None."""
    try:
        return services.start_import(upload=upload, user=request.user, names=form.imported_names())
    except OciError as exc:
        form.add_failure(exc)
    return None
