"""One image of a registry, by tag or digest."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from registry_ui.accounts.models import Role
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import NotFound, OciError
from registry_ui.oci.reference import Reference

from ..indexing.services import look_up
from ..inspecting.commands import commands_for
from ..inspecting.image import OpenedArtifact, open_artifact
from ..inspecting.names import guide_tag, names_of
from ..inspecting.referrers import referrers_of
from ..models import Registry

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
    """The bytes that the digest covers, as a file: whatever stands in them, no browser takes them for a page."""
    registry = _registry(request, pk)
    wanted = Digest.parse(digest)
    try:
        stored = look_up(registry=registry, repository=name, identifier=wanted).artifact.document
    except OciError as exc:
        return _problem_page(request, registry, name, wanted, exc)
    content = getattr(stored, kind) if kind in _DOCUMENTS else b""
    if not content:
        raise Http404
    response = HttpResponse(content, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{kind}-{wanted.short}.json"'
    return response


def _page(request: TeamRequest, pk: UUID, name: str, identifier: str | Digest) -> HttpResponse:
    registry = _registry(request, pk)
    try:
        opened = open_artifact(registry, name, identifier, request.GET.get("platform", ""))
    except OciError as exc:
        return _problem_page(request, registry, name, identifier, exc)
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
    names = names_of(opened.repository, opened.artifact)
    role = _role(request, opened.repository.registry)
    return {
        "names": names,
        "siblings": names.beside(opened.tag),
        "guidance": guide_tag(opened.tag, names.own) if opened.tag else None,
        "copy_boxes": commands_for(opened.reference, opened.digest, is_image=opened.is_image),
        "can_operate": role is not None and role.allows(Role.OPERATOR),
        "can_delete": role is not None and role.allows(Role.ADMIN),
    }


def _registry(request: TeamRequest, pk: UUID) -> Registry:
    return get_object_or_404(
        Registry.objects.visible_to(request.user).select_related("team"), pk=pk
    )


def _role(request: TeamRequest, registry: Registry) -> Role | None:
    if request.team is not None and request.team.pk == registry.team_id:
        return request.role
    return request.user.role_in(registry.team)


def _problem_page(
    request: TeamRequest, registry: Registry, name: str, identifier: str | Digest, problem: OciError
) -> HttpResponse:
    reference = Reference(registry.host, name)
    named = (
        reference.with_digest(identifier)
        if isinstance(identifier, Digest)
        else reference.with_tag(identifier)
    )
    context = {
        "registry": registry,
        "repository_name": name,
        "reference": named,
        "problem": problem,
    }
    return render(
        request,
        "registries/image_problem.html",
        context,
        status=404 if isinstance(problem, NotFound) else 200,
    )
