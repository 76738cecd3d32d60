"""Views of blob uploads (distribution spec, "Pushing blobs").

A blob comes in one POST, in POST and PUT, in chunks, or not at all where it can be mounted.
"""

import re
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from registry_ui.images.blob_uploads import (
    UploadFile,
    create_upload,
    open_upload,
    publish_upload,
    upload_size,
)
from registry_ui.images.disk import check_free_space
from registry_ui.images.store import blob_directory
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ContentMismatch

from ..access import Caller, LoginRequired
from ..bodies import BodyTruncated, RequestBody
from ..errors import ApiError, upload_unknown
from ..hash_cache import RUNNING_HASHES
from ..links import link
from ..models import BlobUpload
from ..repositories import ServedRepository
from ..upstream import refuse_push
from .endpoints import empty_response, query_value, repository_for

# The specification writes FIRST-LAST; some clients send "bytes FIRST-LAST/SIZE" as in RFC 9110.
_CHUNK_RANGE = re.compile(r"(?:bytes )?(\d{1,18})-(\d{1,18})(?:/\S+)?")


def begin(request: HttpRequest, caller: Caller, name: str) -> HttpResponse:
    repository = repository_for(caller, name, "push")
    refuse_push(name)
    mounted = query_value(request, "mount")

    # distribution spec, "Mounting a blob from another repository": 201 where it is mounted;
    # otherwise an upload begins, with 202.
    if mounted and _mount(caller, repository, Digest.parse(mounted), query_value(request, "from")):
        return _created(repository, Digest.parse(mounted))

    digest = (
        Digest.parse(query_value(request, "digest")) if query_value(request, "digest") else None
    )
    _check_length(request)
    upload = BlobUpload.objects.create(
        team=repository.team, repository=name, created_by=caller.principal.user
    )
    create_upload(blob_directory(), upload.pk)

    # distribution spec, "Single POST": with a digest, the body of the POST is the whole blob.
    if digest is None:
        return _progress(upload, 202, 0)

    return _finish(request, repository, upload, digest)


def append(request: HttpRequest, caller: Caller, name: str, key: str) -> HttpResponse:
    repository = repository_for(caller, name, "push")
    upload = _get_upload(repository, key)
    _check_length(request)
    with open_upload(blob_directory(), upload.pk) as file:
        # distribution spec, "Pushing a blob in chunks": the answer has the latest Location and
        # Range.
        _check_offset(request, upload, file)
        _append_body(request, upload, file)
        return _progress(upload, 202, file.size)


def finish(request: HttpRequest, caller: Caller, name: str, key: str) -> HttpResponse:
    repository = repository_for(caller, name, "push")
    upload = _get_upload(repository, key)

    # distribution spec, "Pushing a blob in chunks": the closing PUT has the digest of the whole
    # blob.
    if not query_value(request, "digest"):
        raise ApiError(400, "DIGEST_INVALID", _("The upload is finished with its digest."))
    _check_length(request)
    return _finish(request, repository, upload, Digest.parse(query_value(request, "digest")))


def status(request: HttpRequest, caller: Caller, name: str, key: str) -> HttpResponse:
    upload = _get_upload(repository_for(caller, name, "push"), key)

    # distribution spec, "Pushing a blob in chunks": the status of an upload, after a 416.
    return _progress(upload, 204, upload_size(blob_directory(), upload.pk))


def cancel(request: HttpRequest, caller: Caller, name: str, key: str) -> HttpResponse:
    upload = _get_upload(repository_for(caller, name, "push"), key)

    # distribution spec, "Cancel a blob upload" (after version 1.1).
    with open_upload(blob_directory(), upload.pk) as file:
        _discard(upload, file)
    return empty_response(204)


def _mount(caller: Caller, repository: ServedRepository, digest: Digest, source: str) -> bool:
    """Mount a blob of the same team; return whether that was possible.

    Blobs of other teams are never mounted, and the answer does not reveal that they exist.
    """
    if source.partition("/")[0] != repository.team.slug:
        return False
    try:
        caller.team_for(source, "pull")
    except LoginRequired:
        return False
    return repository.mount(digest, source)


def _get_upload(repository: ServedRepository, key: str) -> BlobUpload:
    try:
        upload = BlobUpload.objects.filter(
            pk=UUID(key), team=repository.team, repository=repository.name
        ).first()
    except ValueError:
        upload = None
    if upload is None:
        raise upload_unknown()
    return upload


def _check_length(request: HttpRequest) -> None:
    """Refuse a body that is known to be too large, before its first byte is read."""
    length = RequestBody(request).length or 0
    if length > settings.BLOB_LIMIT:
        raise ApiError(
            413,
            "SIZE_INVALID",
            _("A blob may have at most %(limit)d bytes here.") % {"limit": settings.BLOB_LIMIT},
        )
    blobs = blob_directory()
    if length and blobs.root.exists():
        check_free_space(blobs.root, length, blobs.min_free_bytes)


def _check_offset(request: HttpRequest, upload: BlobUpload, file: UploadFile) -> None:
    """Refuse a chunk that does not begin where the upload ends.

    Distribution spec, "Pushing a blob in chunks".

    Raises:
        ApiError
    """
    text = request.headers.get("Content-Range")
    if text is None:
        return

    match = _CHUNK_RANGE.fullmatch(text)
    length = RequestBody(request).length
    if match is None or (length is not None and int(match[2]) - int(match[1]) + 1 != length):
        raise ApiError(
            400,
            "SIZE_INVALID",
            _("The Content-Range is not that of the body: it is written as FIRST-LAST."),
        )

    # distribution spec, "Pushing a blob in chunks": 416 for a chunk out of order.
    if int(match[1]) != file.size:
        message = _("The chunk begins at %(start)s, but the upload has %(size)d bytes.") % {
            "start": match[1],
            "size": file.size,
        }
        raise ApiError(
            416, "BLOB_UPLOAD_INVALID", message, headers=_upload_headers(upload, file.size)
        )


def _append_body(request: HttpRequest, upload: BlobUpload, file: UploadFile) -> None:
    """Append the request's body to the upload.

    The bytes of a truncated body are kept, and the client can continue after them.
    """
    # The body may continue a hash of this process; it is stored again at the new offset.
    hasher = RUNNING_HASHES.pop(upload.pk, file.size)
    try:
        file.append(RequestBody(request).read, limit=settings.BLOB_LIMIT, hasher=hasher)
    except BodyTruncated:
        _store_hash(upload, file, hasher)
        raise
    _store_hash(upload, file, hasher)


def _store_hash(upload: BlobUpload, file: UploadFile, hasher: object) -> None:
    if hasher is not None:
        RUNNING_HASHES.store(upload.pk, file.size, hasher)


def _finish(
    request: HttpRequest, repository: ServedRepository, upload: BlobUpload, digest: Digest
) -> HttpResponse:
    blobs = blob_directory()
    with open_upload(blobs, upload.pk) as file:
        _check_offset(request, upload, file)
        _append_body(request, upload, file)
        hasher = RUNNING_HASHES.pop(upload.pk, file.size)

        # Only sha256 is hashed while the bytes arrive: the digest is not known before the end.
        try:
            file.verify(digest, hasher if digest.algorithm == "sha256" else None)
        except ContentMismatch:
            _discard(upload, file)
            raise

        # The link comes last: it gives nothing without the blob's row.
        publish_upload(repository.team, blobs, file)
        link(repository.team, repository.name, [str(digest)])
        BlobUpload.objects.filter(pk=upload.pk).delete()

    return _created(repository, digest)


def _discard(upload: BlobUpload, file: UploadFile) -> None:
    RUNNING_HASHES.pop(upload.pk, 0)
    file.discard()
    BlobUpload.objects.filter(pk=upload.pk).delete()


def _created(repository: ServedRepository, digest: Digest) -> HttpResponse:
    return empty_response(
        201, Location=f"/v2/{repository.name}/blobs/{digest}", Docker_Content_Digest=str(digest)
    )


def _progress(upload: BlobUpload, status: int, size: int) -> HttpResponse:
    return empty_response(status, **_upload_headers(upload, size))


def _upload_headers(upload: BlobUpload, size: int) -> dict[str, str]:
    """Return the upload's address and the range that was received.

    An empty upload has the range 0-0, as in distribution: the specification has no other
    notation for it.
    """
    location = f"/v2/{upload.repository}/blobs/uploads/{upload.pk}"
    return {
        "Location": location,
        "Range": f"0-{max(0, size - 1)}",
        "Docker-Upload-UUID": str(upload.pk),
    }
