"""The page of one transfer, and what can be done about it."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from registry_ui.accounts.access import require_operator, require_role
from registry_ui.accounts.models import Role
from registry_ui.accounts.requests import TeamRequest
from registry_ui.images.models import LocalImage
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference

from .. import services
from ..deletion import siblings_of
from ..forms.naming import local_image, sentence
from ..models import Kind, State, Transfer
from ..remedies import remedies_for
from ..situation import Situation
from ..waiting import position_words, queue_for

STOP_POLLING = 286


@require_safe
def detail(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    return render(request, "transfers/detail.html", _context(request, _visible(request, pk)))


@require_safe
def progress(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    """What the page polls. While only numbers change, only they are sent: a swapped button would lose a click."""
    transfer = _visible(request, pk)
    context = _context(request, transfer)
    changed = request.GET.get("seen") != context["stamp"]
    partial = "transfer" if changed else "progress"
    response = render(request, f"transfers/detail.html#{partial}", {**context, "is_fragment": True})
    if transfer.is_terminal:
        response.status_code = STOP_POLLING
    if changed:
        response["HX-Retarget"] = "#transfer"
    return response


@require_POST
def cancel(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    transfer = _visible(request, pk)
    require_operator(request.user, transfer)
    services.cancel(transfer, request.user)
    return redirect("transfers:detail", transfer.pk)


@require_POST
def retry(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    transfer = _visible(request, pk)
    require_role(request.user, transfer, transfer.wanted_role)
    try:
        again = services.retry(transfer, request.user)
    except OciError as exc:
        messages.error(request, sentence(exc))
        return redirect("transfers:detail", transfer.pk)
    has_sent = transfer.kind != Kind.DELETE
    messages.success(
        request,
        _("Started again. What has arrived is not sent a second time.")
        if has_sent
        else _("Started again."),
    )
    return redirect("transfers:detail", again.pk)


def _visible(request: TeamRequest, pk: uuid.UUID) -> Transfer:
    rows = Transfer.objects.visible_to(request.user).select_related(
        "team",
        "user",
        "source_registry",
        "target_registry",
        "source_credential__team",
        "target_credential__team",
    )
    return get_object_or_404(rows, pk=pk)


def _context(request: TeamRequest, transfer: Transfer) -> dict[str, Any]:
    role = request.user.role_in(transfer.team)
    situation = Situation(transfer)
    queue = queue_for(transfer, request.user) if transfer.state == State.QUEUED else None
    ended = transfer.is_terminal
    return {
        "transfer": transfer,
        "now": situation,
        "stamp": _stamp(situation),
        "can_operate": role is not None and role.allows(Role.OPERATOR),
        "may_repeat": role is not None and role.allows(transfer.wanted_role),
        "is_here": transfer.team == request.team,
        "queue": queue,
        "position": position_words(running=queue.running, ahead=queue.ahead) if queue else "",
        "remedies": remedies_for(transfer) if ended and transfer.error else [],
        "again": transfer.retries.order_by("-created_at").first() if ended else None,
        "image": _image(transfer) if transfer.state == State.SUCCEEDED else None,
        "siblings": siblings_of(transfer)
        if transfer.kind == Kind.DELETE and transfer.state == State.SUCCEEDED
        else [],
    }


def _stamp(now: Situation) -> str:
    """Changes with whatever stands outside of the part that only numbers change in."""
    if now.is_stopping:
        return f"{now.transfer.state}-stopping"
    return f"{now.transfer.state}-{now.label}" if now.is_paused else str(now.transfer.state)


def _image(transfer: Transfer) -> LocalImage | None:
    """The local image that the transfer brought, named or sent, if it still is there."""
    if transfer.engine and transfer.kind != Kind.SAVE:
        return None
    local = (
        transfer.target
        if transfer.target_is_local or transfer.kind == Kind.PUBLISH
        else transfer.source
    )
    image = (
        local_image(transfer.team, Reference.parse(local))
        if transfer.target_is_local or transfer.source_is_local
        else None
    )
    return image if image is not None and image.digest == transfer.digest else None
