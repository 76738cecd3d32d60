"""Blobs: pulled whole or in part, and deleted (distribution spec, "Pulling blobs", "Deleting Blobs")."""

import re

from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _

from registry_ui.images.following import arrived, follow
from registry_ui.images.store import blob_directory
from registry_ui.oci.digest import Digest
from registry_ui.oci.store import BUFFER_SIZE

from .. import proxying
from ..access import Caller
from ..errors import Refusal, blob_unknown
from ..fetching import Fetch
from ..holdings import BlobPart, held
from ..upstream import is_proxied, refuse_writing
from .answering import empty, repository_for

_FIRST_BYTE_POLL_SECONDS = 0.02
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def pull(request: HttpRequest, caller: Caller, name: str, digest: str) -> HttpResponseBase:
    repository = repository_for(caller, name, "pull")
    wanted = Digest.parse(digest)
    row = held(repository.team, name, wanted)
    if row is not None:
        return _from_disk(request, wanted, row.size)
    if not is_proxied(name):
        raise blob_unknown()
    return _while_it_arrives(request, proxying.fetch_blob(repository, wanted))


def delete(request: HttpRequest, caller: Caller, name: str, digest: str) -> HttpResponseBase:
    repository = repository_for(caller, name, "delete")
    refuse_writing(name)
    repository.delete_blob(Digest.parse(digest))
    return empty(202)


def _while_it_arrives(request: HttpRequest, fetch: Fetch) -> HttpResponseBase:
    """From the other registry as it comes. Who wants a part of it, or its size only, waits for the whole."""
    blobs, owner = blob_directory(), str(fetch.repository.team.pk)
    digest, size = fetch.descriptor.digest, fetch.descriptor.size
    is_whole = request.method == "GET" and "Range" not in request.headers
    while not (fetch.check() or (is_whole and arrived(blobs, digest, owner=owner))):
        fetch.is_over.wait(_FIRST_BYTE_POLL_SECONDS)
    if not is_whole:
        return _from_disk(request, digest, size)
    response = StreamingHttpResponse(
        follow(blobs, digest, size, owner=owner, is_over=fetch.check),
        content_type="application/octet-stream",
    )
    for name, value in {
        "Content-Length": str(size),
        "Docker-Content-Digest": str(digest),
        "ETag": f'"{digest}"',
    }.items():
        response.headers[name] = value
    return response


def _from_disk(request: HttpRequest, digest: Digest, size: int) -> HttpResponseBase:
    """A blob that is on the disk, or the part of it that was asked for."""
    etag = f'"{digest}"'
    headers = {"Docker-Content-Digest": str(digest), "ETag": etag, "Accept-Ranges": "bytes"}
    if request.headers.get("If-None-Match") == etag:
        return empty(304, **headers)
    start, end = wanted_range(request, size, etag) or (0, size)
    is_part = (start, end) != (0, size)
    headers |= {"Content-Length": str(end - start)} | (
        {"Content-Range": f"bytes {start}-{end - 1}/{size}"} if is_part else {}
    )
    status = 206 if is_part else 200
    if request.method == "HEAD":
        return empty(status, Content_Type="application/octet-stream", **headers)
    part = BlobPart(blob_directory().open(digest).detach(), start, end - start)
    response = FileResponse(part, status=status, content_type="application/octet-stream")
    response.block_size = BUFFER_SIZE
    for name, value in headers.items():
        response.headers[name] = value
    return response


def wanted_range(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """The first byte and the one after the last; None where all is wanted, or several parts, which are not served.

    Raises:
        Refusal: there is nothing in the range (RFC 9110, "Range").
    """
    match = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if match is None or not (match[1] or match[2]) or request.headers.get("If-Range", etag) != etag:
        return None
    if not match[1]:
        start, end = max(0, size - int(match[2])), size
    else:
        start, end = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
    if start >= end:
        raise Refusal(
            416,
            "UNSUPPORTED",
            _("The blob has no such range."),
            headers={"Content-Range": f"bytes */{size}"},
        )
    return start, end
