"""Uploads of blobs: in one request, in two, in chunks, or none where the blob can be mounted (distribution spec, "Pushing Blobs")."""

import re
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from registry_ui.images.disk import check_room
from registry_ui.images.store import blob_directory
from registry_ui.images.uploads import UploadFile, adopt, make_upload, open_upload, upload_size
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ContentMismatch

from ..access import Caller, Unidentified
from ..bodies import BodyCut, RequestBody
from ..errors import Refusal, upload_unknown
from ..hashing import RUNNING
from ..holdings import hold
from ..models import Upload
from ..repositories import ServedRepository
from ..upstream import refuse_writing
from .answering import empty, query_value, repository_for

_CHUNK_RANGE = re.compile(r"(?:bytes )?(\d{1,18})-(\d{1,18})(?:/\S+)?")


def begin(request: HttpRequest, caller: Caller, name: str) -> HttpResponse:
    repository = repository_for(caller, name, "push")
    refuse_writing(name)
    mounted = query_value(request, "mount")
    if mounted and _mount(caller, repository, Digest.parse(mounted), query_value(request, "from")):
        return _done(repository, Digest.parse(mounted))
    digest = (
        Digest.parse(query_value(request, "digest")) if query_value(request, "digest") else None
    )
    _check_length(request)
    upload = Upload.objects.create(
        team=repository.team, repository=name, created_by=caller.principal.user
    )
    make_upload(blob_directory(), upload.pk)
    if digest is None:
        return _state(upload, 202, 0)
    return _finish(request, repository, upload, digest)


def go_on(request: HttpRequest, caller: Caller, name: str, key: str) -> HttpResponse:
    repository = repository_for(caller, name, "push")
    upload = _upload(repository, key)
    _check_length(request)
    with open_upload(blob_directory(), upload.pk) as file:
        _check_place(request, upload, file)
        _take(request, upload, file)
        return _state(upload, 202, file.size)


def finish(request: HttpRequest, caller: Caller, name: str, key: str) -> HttpResponse:
    repository = repository_for(caller, name, "push")
    upload = _upload(repository, key)
    if not query_value(request, "digest"):
        raise Refusal(400, "DIGEST_INVALID", _("The upload is finished with its digest."))
    _check_length(request)
    return _finish(request, repository, upload, Digest.parse(query_value(request, "digest")))


def state(request: HttpRequest, caller: Caller, name: str, key: str) -> HttpResponse:
    upload = _upload(repository_for(caller, name, "push"), key)
    return _state(upload, 204, upload_size(blob_directory(), upload.pk))


def cancel(request: HttpRequest, caller: Caller, name: str, key: str) -> HttpResponse:
    upload = _upload(repository_for(caller, name, "push"), key)
    with open_upload(blob_directory(), upload.pk) as file:
        _give_up(upload, file)
    return empty(204)


def _mount(caller: Caller, repository: ServedRepository, digest: Digest, source: str) -> bool:
    """Within the team only: what another team has is not given away, and not told of."""
    if source.partition("/")[0] != repository.team.slug:
        return False
    try:
        caller.team_for(source, "pull")
    except Unidentified:
        return False
    return repository.mount(digest, source)


def _upload(repository: ServedRepository, key: str) -> Upload:
    try:
        upload = Upload.objects.filter(
            pk=UUID(key), team=repository.team, repository=repository.name
        ).first()
    except ValueError:
        upload = None
    if upload is None:
        raise upload_unknown()
    return upload


def _check_length(request: HttpRequest) -> None:
    """What is known to be too much is refused before the first byte."""
    length = RequestBody(request).length or 0
    if length > settings.BLOB_LIMIT:
        raise Refusal(
            413,
            "SIZE_INVALID",
            _("A blob may have at most %(limit)d bytes here.") % {"limit": settings.BLOB_LIMIT},
        )
    blobs = blob_directory()
    if length and blobs.root.exists():
        check_room(blobs.root, length, blobs.floor)


def _check_place(request: HttpRequest, upload: Upload, file: UploadFile) -> None:
    """
    Raises:
        Refusal: the chunk does not go on where the upload ends.
    """
    text = request.headers.get("Content-Range")
    if text is None:
        return
    match = _CHUNK_RANGE.fullmatch(text)
    length = RequestBody(request).length
    if match is None or (length is not None and int(match[2]) - int(match[1]) + 1 != length):
        raise Refusal(
            400,
            "SIZE_INVALID",
            _("The Content-Range is not that of the body: it is written as FIRST-LAST."),
        )
    if int(match[1]) != file.size:
        message = _("The chunk begins at %(start)s, but the upload has %(size)d bytes.") % {
            "start": match[1],
            "size": file.size,
        }
        raise Refusal(416, "BLOB_UPLOAD_INVALID", message, headers=_where(upload, file.size))


def _take(request: HttpRequest, upload: Upload, file: UploadFile) -> None:
    """The request's body. What came of one that was cut off stays, and the client can go on from there."""
    hasher = RUNNING.take(upload.pk, file.size)
    try:
        file.append(RequestBody(request).read, limit=settings.BLOB_LIMIT, hasher=hasher)
    except BodyCut:
        _keep_hash(upload, file, hasher)
        raise
    _keep_hash(upload, file, hasher)


def _keep_hash(upload: Upload, file: UploadFile, hasher: object) -> None:
    if hasher is not None:
        RUNNING.keep(upload.pk, file.size, hasher)


def _finish(
    request: HttpRequest, repository: ServedRepository, upload: Upload, digest: Digest
) -> HttpResponse:
    blobs = blob_directory()
    with open_upload(blobs, upload.pk) as file:
        _check_place(request, upload, file)
        _take(request, upload, file)
        hasher = RUNNING.take(upload.pk, file.size)
        try:
            file.verify(digest, hasher if digest.algorithm == "sha256" else None)
        except ContentMismatch:
            _give_up(upload, file)
            raise
        adopt(repository.team, blobs, file)
        hold(repository.team, repository.name, [str(digest)])
        Upload.objects.filter(pk=upload.pk).delete()
    return _done(repository, digest)


def _give_up(upload: Upload, file: UploadFile) -> None:
    RUNNING.take(upload.pk, 0)
    file.discard()
    Upload.objects.filter(pk=upload.pk).delete()


def _done(repository: ServedRepository, digest: Digest) -> HttpResponse:
    return empty(
        201, Location=f"/v2/{repository.name}/blobs/{digest}", Docker_Content_Digest=str(digest)
    )


def _state(upload: Upload, status: int, size: int) -> HttpResponse:
    return empty(status, **_where(upload, size))


def _where(upload: Upload, size: int) -> dict[str, str]:
    """Where an upload goes on, and how much of it is here; 0-0 is nothing, as everybody has it."""
    place = f"/v2/{upload.repository}/blobs/uploads/{upload.pk}"
    return {
        "Location": place,
        "Range": f"0-{max(0, size - 1)}",
        "Docker-Upload-UUID": str(upload.pk),
    }
