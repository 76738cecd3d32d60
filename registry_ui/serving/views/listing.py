"""What there is: repositories, tags, referrers (distribution spec, "Content Discovery")."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from registry_ui.oci.digest import Digest
from registry_ui.oci.manifest import OCI_INDEX, Descriptor

from .. import proxying
from ..access import Caller
from ..errors import Refusal, name_unknown
from ..repositories import page_of, repositories_of
from ..upstream import is_proxied
from .answering import query_value, repository_for

_PAGE = 1000
_REFERRERS_PAGE = 100


def base(request: HttpRequest, caller: Caller) -> HttpResponse:
    return JsonResponse({})


def catalog(request: HttpRequest, caller: Caller) -> HttpResponse:
    caller.check_catalog()
    names, link = _page(request, repositories_of(caller.principal.teams()))
    return _linked({"repositories": names}, link)


def tags(request: HttpRequest, caller: Caller, name: str) -> HttpResponse:
    repository = repository_for(caller, name, "pull")
    found = proxying.kept_tags(repository) if is_proxied(name) else repository.tags()
    if not found and not repository.is_known:
        raise name_unknown()
    shown, link = _page(request, found)
    return _linked({"name": name, "tags": shown}, link)


def referrers(request: HttpRequest, caller: Caller, name: str, digest: str) -> HttpResponse:
    repository = repository_for(caller, name, "pull")
    subject, kind = Digest.parse(digest), query_value(request, "artifactType")
    found = repository.referrers(subject, kind)
    last = query_value(request, "last")
    start = next((place + 1 for place, each in enumerate(found) if str(each.digest) == last), 0)
    shown = found[start : start + _REFERRERS_PAGE]
    more = {"last": str(shown[-1].digest)} if len(found) > start + _REFERRERS_PAGE else {}
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [_document(each) for each in shown],
    }
    wanted = {"artifactType": kind} if kind else {}
    response = _linked(
        document, f"{request.path_info}?{urlencode({**wanted, **more})}" if more else ""
    )
    response.headers["Content-Type"] = OCI_INDEX
    if kind:
        response.headers["OCI-Filters-Applied"] = "artifactType"
    return response


def _document(descriptor: Descriptor) -> dict[str, Any]:
    document = {
        "mediaType": descriptor.media_type,
        "digest": str(descriptor.digest),
        "size": descriptor.size,
    }
    if descriptor.artifact_type:
        document["artifactType"] = descriptor.artifact_type
    return document | (
        {"annotations": dict(descriptor.annotations)} if descriptor.annotations else {}
    )


def _page(request: HttpRequest, names: list[str]) -> tuple[list[str], str]:
    """The part that was asked for, and the address of the next one; empty at the end."""
    count = _count(query_value(request, "n"))
    shown, has_more = page_of(names, query_value(request, "last"), count)
    return (
        shown,
        f"{request.path_info}?{urlencode({'n': count, 'last': shown[-1]})}" if has_more else "",
    )


def _count(text: str) -> int:
    if not text:
        return _PAGE
    if not text.isascii() or not text.isdigit():
        raise Refusal(400, "UNSUPPORTED", _("n is the number of entries of a page."))
    # Long before it is a number that costs something.
    return min(int(text[:9]) if len(text) < 10 else _PAGE, _PAGE)


def _linked(document: dict[str, Any], link: str) -> HttpResponse:
    response = JsonResponse(document)
    if link:
        response.headers["Link"] = f'<{link}>; rel="next"'
    return response
