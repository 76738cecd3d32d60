"""Views of manifests (spec, "Pulling manifests", "Pushing Manifests", "Deleting tags")."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import BlobUnknown, InvalidDigest, InvalidReference, ManifestUnknown
from registry_ui.oci.manifest import Manifest
from registry_ui.oci.reference import check_tag
from registry_ui.web.errors import describe

from .. import proxy_cache
from ..access import Caller
from ..bodies import RequestBody
from ..errors import ApiError, manifest_unknown
from ..repositories import ServedRepository
from ..upstream import is_proxied, refuse_push
from .endpoints import empty_response, repository_for

MANIFEST_LIMIT = 4 * 1024 * 1024


def pull(request: HttpRequest, caller: Caller, name: str, reference: str) -> HttpResponse:
    repository = repository_for(caller, name, "pull")
    try:
        wanted = _parse_reference(reference)
    except (InvalidReference, InvalidDigest) as exc:
        # distribution spec, "Pulling manifests": a reference of any other form is 404, too.
        raise manifest_unknown() from exc

    resolved = (
        proxy_cache.find_manifest(repository, wanted)
        if is_proxied(name)
        else repository.find(wanted)
    )
    if resolved is None:
        raise manifest_unknown()

    digest, media_type = resolved
    _check_accepted(request, media_type)
    etag = f'"{digest}"'
    if request.headers.get("If-None-Match") == etag:
        return empty_response(304, ETag=etag, Docker_Content_Digest=str(digest))

    # The stored bytes, never re-serialized JSON, because they have the digest.
    response = HttpResponse(repository.raw(digest), content_type=media_type)
    response.headers["Docker-Content-Digest"] = str(digest)
    response.headers["ETag"] = etag

    return response


def push(request: HttpRequest, caller: Caller, name: str, reference: str) -> HttpResponse:
    repository = repository_for(caller, name, "push")
    refuse_push(name)
    wanted = _parse_reference(reference)

    # distribution spec, "Pushing Manifests": 413 above the limit, which has to be 4 MiB at least.
    too_large = ApiError(413, "MANIFEST_INVALID", _("A manifest may have at most 4 MiB."))
    raw = RequestBody(request).read_whole(MANIFEST_LIMIT, too_large)

    # A tag has no algorithm; sha256 is the one that every client knows.
    algorithm = wanted.algorithm if isinstance(wanted, Digest) else "sha256"
    manifest = Manifest.parse(raw, request.headers.get("Content-Type"), algorithm=algorithm)
    if isinstance(wanted, Digest) and wanted != manifest.digest:
        raise ApiError(
            400, "DIGEST_INVALID", _("The manifest is not the one that the digest names.")
        )

    try:
        repository.put(manifest, wanted, caller.principal.user)
    except (BlobUnknown, ManifestUnknown) as exc:
        raise ApiError(404, "MANIFEST_BLOB_UNKNOWN", describe(exc).sentence) from exc

    _record(Action.IMAGE_PUSHED, repository, reference, manifest.digest)

    # distribution spec, "Pushing Manifests with Subject": without OCI-Subject, the client
    # maintains a referrers tag itself.
    headers = {"OCI-Subject": str(manifest.subject.digest)} if manifest.subject is not None else {}
    return empty_response(
        201,
        Location=f"/v2/{name}/manifests/{manifest.digest}",
        Docker_Content_Digest=str(manifest.digest),
        **headers,
    )


def delete(request: HttpRequest, caller: Caller, name: str, reference: str) -> HttpResponse:
    repository = repository_for(caller, name, "delete")
    refuse_push(name)
    wanted = _parse_reference(reference)

    # distribution spec, "Deleting tags" and "Deleting Manifests": both answer 202.
    if isinstance(wanted, Digest):
        repository.delete_manifest(wanted)
        _record(Action.IMAGE_REMOVED, repository, reference, wanted)
    else:
        image = repository.delete_tag(wanted)
        _record(Action.IMAGE_REMOVED, repository, reference, Digest.parse(image.digest))
    return empty_response(202)


def _parse_reference(reference: str) -> str | Digest:
    """Return a tag as a string, or a digest.

    Raises:
        InvalidReference, InvalidDigest
    """
    return Digest.parse(reference) if ":" in reference else check_tag(reference)


def _check_accepted(request: HttpRequest, media_type: str) -> None:
    """Refuse a client that does not accept the manifest's media type.

    A manifest is never converted, because another type would have another digest (distribution
    spec, "Pulling manifests").
    """
    accepted = [
        media_range.partition(";")[0].strip().lower()
        for media_range in request.headers.get("Accept", "*/*").split(",")
    ]
    if media_type.lower() not in accepted and not {"*/*", "application/*"} & set(accepted):
        raise ApiError(
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
