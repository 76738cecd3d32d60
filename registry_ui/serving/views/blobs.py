"""Views of blobs (distribution spec, "Pulling blobs" and "Deleting Blobs")."""

import re

from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _

from registry_ui.images.partial_reader import follow, received_bytes
from registry_ui.images.store import blob_directory
from registry_ui.oci.digest import Digest
from registry_ui.oci.store import BUFFER_SIZE

from .. import proxy_cache
from ..access import Caller
from ..errors import ApiError, blob_unknown
from ..fetches import Fetch
from ..links import BlobPart, linked
from ..upstream import is_proxied, refuse_push
from .endpoints import empty_response, repository_for

_FIRST_BYTE_POLL_SECONDS = 0.02
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def pull(request: HttpRequest, caller: Caller, name: str, digest: str) -> HttpResponseBase:
    repository = repository_for(caller, name, "pull")
    wanted = Digest.parse(digest)
    row = linked(repository.team, name, wanted)
    if row is not None:
        return _serve_file(request, wanted, row.size)

    # distribution spec, "Pulling blobs": 404 with BLOB_UNKNOWN.
    if not is_proxied(name):
        raise blob_unknown()
    return _stream_fetch(request, proxy_cache.fetch_blob(repository, wanted))


def delete(request: HttpRequest, caller: Caller, name: str, digest: str) -> HttpResponseBase:
    repository = repository_for(caller, name, "delete")
    refuse_push(name)
    repository.delete_blob(Digest.parse(digest))
    return empty_response(202)


def _stream_fetch(request: HttpRequest, fetch: Fetch) -> HttpResponseBase:
    """Return a blob while it arrives from the other registry.

    A request for a part of it, or for its size only, waits for the whole blob.
    """
    blobs, owner = blob_directory(), str(fetch.repository.team.pk)
    digest, size = fetch.descriptor.digest, fetch.descriptor.size
    is_whole = request.method == "GET" and "Range" not in request.headers

    # The answer begins with the first byte: until then, an error can still have its own status.
    while not (fetch.check() or (is_whole and received_bytes(blobs, digest, owner=owner))):
        fetch.is_finished.wait(_FIRST_BYTE_POLL_SECONDS)

    if not is_whole:
        return _serve_file(request, digest, size)

    response = StreamingHttpResponse(
        follow(blobs, digest, size, owner=owner, is_finished=fetch.check),
        content_type="application/octet-stream",
    )
    for name, value in {
        "Content-Length": str(size),
        "Docker-Content-Digest": str(digest),
        "ETag": f'"{digest}"',
    }.items():
        response.headers[name] = value

    return response


def _serve_file(request: HttpRequest, digest: Digest, size: int) -> HttpResponseBase:
    """Return a blob from the disk, or the requested part of it."""
    etag = f'"{digest}"'
    headers = {"Docker-Content-Digest": str(digest), "ETag": etag, "Accept-Ranges": "bytes"}

    # The digest is a strong entity tag (RFC 9110, "If-None-Match").
    if request.headers.get("If-None-Match") == etag:
        return empty_response(304, **headers)

    start, end = requested_range(request, size, etag) or (0, size)
    is_part = (start, end) != (0, size)
    headers["Content-Length"] = str(end - start)
    if is_part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    status = 206 if is_part else 200
    if request.method == "HEAD":
        return empty_response(status, Content_Type="application/octet-stream", **headers)

    # gunicorn sends a FileResponse with sendfile(2), which does not hold the interpreter's lock.
    part = BlobPart(blob_directory().open(digest).detach(), start, end - start)
    response = FileResponse(part, status=status, content_type="application/octet-stream")
    response.block_size = BUFFER_SIZE
    for name, value in headers.items():
        response.headers[name] = value

    return response


def requested_range(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """Return the first byte and the one after the last, or None for the whole blob.

    A request for several parts gets the whole blob, as RFC 9110, "Range", allows.

    Raises:
        ApiError: the range lies outside the blob (RFC 9110, "416 Range Not Satisfiable").
    """
    match = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if match is None or not (match[1] or match[2]) or request.headers.get("If-Range", etag) != etag:
        return None

    # "-N" is the last N bytes, "N-" everything from byte N on (RFC 9110, "Byte Ranges").
    if not match[1]:
        start, end = max(0, size - int(match[2])), size
    elif match[2]:
        start, end = int(match[1]), min(size, int(match[2]) + 1)
    else:
        start, end = int(match[1]), size

    # RFC 9110, "416 Range Not Satisfiable": Content-Range then tells the blob's size.
    if start >= end:
        raise ApiError(
            416,
            "UNSUPPORTED",
            _("The blob has no such range."),
            headers={"Content-Range": f"bytes */{size}"},
        )

    return start, end
