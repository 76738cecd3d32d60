"""Manifests: pulled by tag or digest, pushed, deleted (distribution spec, "Pulling manifests", "Pushing Manifests")."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Action
from registry_ui.accounts.trail import record
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import BlobUnknown, InvalidDigest, InvalidReference, ManifestUnknown
from registry_ui.oci.manifest import Manifest
from registry_ui.oci.reference import check_tag

from .. import proxying
from ..access import Caller
from ..bodies import RequestBody
from ..errors import Refusal, manifest_unknown
from ..repositories import ServedRepository
from ..upstream import is_proxied, refuse_writing
from .answering import empty, repository_for

MANIFEST_LIMIT = 4 * 1024 * 1024


def pull(request: HttpRequest, caller: Caller, name: str, reference: str) -> HttpResponse:
    repository = repository_for(caller, name, "pull")
    try:
        wanted = _parsed(reference)
    except (InvalidReference, InvalidDigest) as exc:
        raise manifest_unknown() from exc
    found = (
        proxying.find_manifest(repository, wanted) if is_proxied(name) else repository.find(wanted)
    )
    if found is None:
        raise manifest_unknown()
    digest, media_type = found
    _check_accepted(request, media_type)
    etag = f'"{digest}"'
    if request.headers.get("If-None-Match") == etag:
        return empty(304, ETag=etag, Docker_Content_Digest=str(digest))
    response = HttpResponse(repository.raw(digest), content_type=media_type)
    response.headers["Docker-Content-Digest"] = str(digest)
    response.headers["ETag"] = etag
    return response


def push(request: HttpRequest, caller: Caller, name: str, reference: str) -> HttpResponse:
    repository = repository_for(caller, name, "push")
    refuse_writing(name)
    wanted = _parsed(reference)
    too_large = Refusal(413, "MANIFEST_INVALID", _("A manifest may have at most 4 MiB."))
    raw = RequestBody(request).read_whole(MANIFEST_LIMIT, too_large)
    algorithm = wanted.algorithm if isinstance(wanted, Digest) else "sha256"
    manifest = Manifest.parse(raw, request.headers.get("Content-Type"), algorithm=algorithm)
    if isinstance(wanted, Digest) and wanted != manifest.digest:
        raise Refusal(
            400, "DIGEST_INVALID", _("The manifest is not the one that the digest names.")
        )
    try:
        repository.put(manifest, wanted, caller.principal.user)
    except (BlobUnknown, ManifestUnknown) as exc:
        raise Refusal(404, "MANIFEST_BLOB_UNKNOWN", exc.message) from exc
    _record(Action.IMAGE_PUSHED, repository, reference, manifest.digest)
    headers = {"OCI-Subject": str(manifest.subject.digest)} if manifest.subject is not None else {}
    return empty(
        201,
        Location=f"/v2/{name}/manifests/{manifest.digest}",
        Docker_Content_Digest=str(manifest.digest),
        **headers,
    )


def delete(request: HttpRequest, caller: Caller, name: str, reference: str) -> HttpResponse:
    repository = repository_for(caller, name, "delete")
    refuse_writing(name)
    wanted = _parsed(reference)
    if isinstance(wanted, Digest):
        repository.delete_manifest(wanted)
        _record(Action.IMAGE_REMOVED, repository, reference, wanted)
    else:
        image = repository.delete_tag(wanted)
        _record(Action.IMAGE_REMOVED, repository, reference, Digest.parse(image.digest))
    return empty(202)


def _parsed(reference: str) -> str | Digest:
    """
    Raises:
        InvalidReference, InvalidDigest
    """
    return Digest.parse(reference) if ":" in reference else check_tag(reference)


def _check_accepted(request: HttpRequest, media_type: str) -> None:
    """Nothing is converted: another type would have another digest."""
    accepted = [
        each.partition(";")[0].strip().lower()
        for each in request.headers.get("Accept", "*/*").split(",")
    ]
    if media_type.lower() not in accepted and not {"*/*", "application/*"} & set(accepted):
        raise Refusal(
            404,
            "MANIFEST_UNKNOWN",
            _("The manifest is a %(type)s, which the request does not accept.")
            % {"type": media_type},
        )


def _record(action: Action, repository: ServedRepository, reference: str, digest: Digest) -> None:
    separator = "@" if ":" in reference else ":"
    record(
        action,
        team=repository.team,
        name=f"{repository.reference.name}{separator}{reference}",
        digest=str(digest),
    )
