"""The page of one image of a registry, by tag or digest."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from registry_ui.accounts.models import Role
from registry_ui.accounts.permissions import allows, role_on
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import NotFound, OciError
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry

from ..artifact_pages.opened_artifact import OpenedArtifact, open_artifact
from ..artifact_pages.pull_commands import commands_for
from ..artifact_pages.referrers import referrers_of
from ..artifact_pages.tag_names import guide_tag, names_of
from ..indexing.index_services import resolve_artifact

_REFERRERS = "referrers"
_DOCUMENTS = ("manifest", "config")


@require_safe
def by_tag(request: TeamRequest, pk: UUID, name: str, tag: str) -> HttpResponse:
    return _page(request, pk, name, tag)


@require_safe
def by_digest(request: TeamRequest, pk: UUID, name: str, digest: str) -> HttpResponse:
    return _page(request, pk, name, Digest.parse(digest))


@require_safe
def document(request: TeamRequest, pk: UUID, name: str, digest: str, kind: str) -> HttpResponse:
    """Return the bytes that the digest covers, as a file."""
    registry = _registry(request, pk)
    wanted = Digest.parse(digest)
    try:
        # Not from the index alone: a link may name a digest that no run has fetched.
        stored = resolve_artifact(
            registry=registry, repository=name, identifier=wanted
        ).artifact.document
    except OciError as exc:
        return _problem_page(request, registry, name, wanted, exc)
    content = getattr(stored, kind) if kind in _DOCUMENTS else b""
    if not content:
        raise Http404

    # Plain text, and an attachment: anybody may have written the document, HTML included.
    response = HttpResponse(content, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{kind}-{wanted.short}.json"'
    return response


def _page(request: TeamRequest, pk: UUID, name: str, identifier: str | Digest) -> HttpResponse:
    registry = _registry(request, pk)
    try:
        opened = open_artifact(registry, name, identifier, request.GET.get("platform", ""))
    except OciError as exc:
        return _problem_page(request, registry, name, identifier, exc)

    # The referrers are loaded on their own: the registry is asked, and may be slow.
    wants_referrers = request.GET.get("part") == _REFERRERS
    context = {
        "opened": opened,
        "registry": registry,
        "referrers": referrers_of(opened) if wants_referrers else None,
    }
    if wants_referrers and request.htmx and not request.htmx.boosted:
        return render(request, "registries/image.html#referrers", context)
    return render(request, "registries/image.html", {**context, **_details(request, opened)})


def _details(request: TeamRequest, opened: OpenedArtifact) -> dict[str, Any]:
    # Only for the full page: the fragment with the referrers needs none of this.
    names = names_of(opened.repository, opened.artifact)
    role = role_on(request, opened.repository.registry)
    return {
        "names": names,
        "siblings": names.siblings_of(opened.tag),
        "guidance": guide_tag(opened.tag, names.direct) if opened.tag else None,
        "copy_boxes": commands_for(opened.reference, opened.digest, is_image=opened.is_image),
        "can_operate": allows(role, Role.OPERATOR),
        "can_delete": allows(role, Role.ADMIN),
    }


def _registry(request: TeamRequest, pk: UUID) -> Registry:
    return get_object_or_404(
        Registry.objects.visible_to(request.user).select_related("team"), pk=pk
    )


def _reference(registry: Registry, name: str, identifier: str | Digest) -> Reference:
    repository = Reference(registry.host, name)
    if isinstance(identifier, Digest):
        return repository.with_digest(identifier)
    return repository.with_tag(identifier)


def _problem_page(
    request: TeamRequest, registry: Registry, name: str, identifier: str | Digest, problem: OciError
) -> HttpResponse:
    reference = _reference(registry, name, identifier)
    context = {
        "registry": registry,
        "repository_name": name,
        "reference": reference,
        "problem": problem,
    }
    # A registry that does not answer is no error of the request, so the page is shown with 200.
    status = 404 if isinstance(problem, NotFound) else 200
    return render(request, "registries/image_problem.html", context, status=status)
