"""Responses with an export: the whole archive, a range of it, or its checksum."""

import re
from collections.abc import Iterator, Sequence

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action
from registry_ui.oci.errors import ContentMismatch

from ..models import LocalImage
from .exports import Export

_RANGE = re.compile(r"bytes=([0-9]{1,18})?-([0-9]{1,18})?")


def archive_response(
    request: HttpRequest, export: Export, images: Sequence[LocalImage]
) -> HttpResponseBase:
    """Return the archive, or the requested range of it.

    It is recorded in the audit log for a request that begins at the first byte.
    """
    archive = export.archive
    entity_tag = f'"{archive.tag}"'
    span = _span(request, archive.size, entity_tag)
    if span is None:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{archive.size}"})

    start, end = span

    # A resumed download is one export, and is recorded once.
    if request.method == "GET" and start == 0:
        names = ", ".join(image.reference.familiar for image in images)
        record(Action.IMAGE_EXPORTED, team=export.store.team, name=names, bytes=archive.size)

    is_part = (start, end) != (0, archive.size)
    response = StreamingHttpResponse(
        _bytes(export, start, end), status=206 if is_part else 200, content_type="application/x-tar"
    )

    # The archive is planned before it is sent, so its length is known.
    response["Content-Length"] = end - start
    response["Content-Disposition"] = f'attachment; filename="{export.name}"'
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = entity_tag

    if is_part:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{archive.size}"

    return response


def checksum_response(export: Export, checksum: str) -> HttpResponse:
    """Return the checksum in the format of sha256sum."""
    disposition = f'attachment; filename="{export.name}.sha256"'
    return HttpResponse(
        f"{checksum}  {export.name}\n",
        content_type="text/plain",
        headers={"Content-Disposition": disposition},
    )


def _bytes(export: Export, start: int, end: int) -> Iterator[bytes]:
    try:
        yield from export.archive.read(export.store.open_blob, start, end)
    except ContentMismatch:
        # The receiver gets fewer bytes than Content-Length. Damaged blobs are quarantined, so that
        # the next pull fetches them again.
        export.store.recheck_opened()
        raise


def _span(request: HttpRequest, size: int, entity_tag: str) -> tuple[int, int] | None:
    """Return the first byte and the one after the last, or None outside the archive.

    A request for several parts gets the whole archive, as RFC 9110, "Range", allows.
    """
    match = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    if (
        match is None
        or match.groups() == (None, None)
        or request.headers.get("If-Range", entity_tag) != entity_tag
    ):
        return 0, size

    # "-N" is the last N bytes, "N-" everything from byte N on.
    first, last = match.groups()
    if first is None:
        return max(size - int(last), 0), size

    end = min(int(last) + 1, size) if last else size
    return (int(first), end) if int(first) < end else None
