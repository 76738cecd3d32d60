"""Views that list repositories, tags and referrers (spec, "Content Discovery")."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from registry_ui.oci.digest import Digest
from registry_ui.oci.manifest import OCI_INDEX, Descriptor

from .. import proxy_cache
from ..access import Caller
from ..errors import ApiError, name_unknown
from ..repositories import paginate, repositories_of
from ..upstream import is_proxied
from .endpoints import query_value, repository_for

_PAGE = 1000
_REFERRERS_PAGE = 100


def api_version(request: HttpRequest, caller: Caller) -> HttpResponse:
    # distribution spec, "Determining Support": 200 is all that counts; distribution answers {}.
    return JsonResponse({})


def catalog(request: HttpRequest, caller: Caller) -> HttpResponse:
    # Not in the specification; the path and the answer are those of distribution ("Listing
    # Repositories").
    caller.check_catalog()
    names, link = _paginate(request, repositories_of(caller.principal.teams()))
    return _linked({"repositories": names}, link)


def tags(request: HttpRequest, caller: Caller, name: str) -> HttpResponse:
    repository = repository_for(caller, name, "pull")
    entries = proxy_cache.cached_tag_names(repository) if is_proxied(name) else repository.tags()

    # distribution spec, "Listing Tags": an existing repository may have an empty list.
    if not entries and not repository.is_known:
        raise name_unknown()
    shown, link = _paginate(request, entries)
    return _linked({"name": name, "tags": shown}, link)


def referrers(request: HttpRequest, caller: Caller, name: str, digest: str) -> HttpResponse:
    repository = repository_for(caller, name, "pull")
    subject, artifact_type = Digest.parse(digest), query_value(request, "artifactType")
    entries = repository.referrers(subject, artifact_type)
    last = query_value(request, "last")
    digests = [str(descriptor.digest) for descriptor in entries]
    start = digests.index(last) + 1 if last in digests else 0
    shown = entries[start : start + _REFERRERS_PAGE]

    # distribution spec, "Listing Referrers": further pages are reached through Link only, so the
    # query is free to choose.
    next_query = {"last": str(shown[-1].digest)} if len(entries) > start + _REFERRERS_PAGE else {}
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [_descriptor_document(descriptor) for descriptor in shown],
    }
    filters = {"artifactType": artifact_type} if artifact_type else {}
    link = f"{request.path_info}?{urlencode({**filters, **next_query})}" if next_query else ""
    response = _linked(document, link)
    response.headers["Content-Type"] = OCI_INDEX

    # distribution spec, "Listing Referrers": a filter that was applied has to be named.
    if artifact_type:
        response.headers["OCI-Filters-Applied"] = "artifactType"

    return response


def _descriptor_document(descriptor: Descriptor) -> dict[str, Any]:
    document = {
        "mediaType": descriptor.media_type,
        "digest": str(descriptor.digest),
        "size": descriptor.size,
    }
    # distribution spec, "Listing Referrers": annotations are copied from the manifest.
    if descriptor.artifact_type:
        document["artifactType"] = descriptor.artifact_type
    if descriptor.annotations:
        document["annotations"] = dict(descriptor.annotations)
    return document


def _paginate(request: HttpRequest, names: list[str]) -> tuple[list[str], str]:
    """Return the requested page, and the address of the next one; empty at the end."""
    count = _count(query_value(request, "n"))
    shown, has_more = paginate(names, query_value(request, "last"), count)
    if not has_more:
        return shown, ""
    query = urlencode({"n": count, "last": shown[-1]})
    return shown, f"{request.path_info}?{query}"


def _count(text: str) -> int:
    if not text:
        return _PAGE
    if not text.isascii() or not text.isdigit():
        raise ApiError(400, "UNSUPPORTED", _("n is the number of entries of a page."))
    # Python takes quadratic time for a number with many digits.
    return min(int(text), _PAGE) if len(text) < 10 else _PAGE


def _linked(document: dict[str, Any], link: str) -> HttpResponse:
    response = JsonResponse(document)
    if link:
        # RFC 8288, relative to the request (distribution spec, "Listing Tags").
        response.headers["Link"] = f'<{link}>; rel="next"'
    return response
