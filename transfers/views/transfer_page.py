"""The page of a transfer, and the views that cancel and retry it."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from registry_ui.accounts.models import Role
from registry_ui.accounts.permissions import allows, require_operator, require_role, role_on
from registry_ui.accounts.requests import TeamRequest
from registry_ui.images.models import LocalImage
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe
from registry_ui.web.polling import STOP_POLLING

from .. import services
from ..deletion_plan import remaining_tags
from ..error_actions import error_actions_for
from ..forms.base import find_local_image
from ..models import Kind, State, Transfer
from ..presenter import TransferPresenter
from ..queue_status import position_text, queue_status


@require_safe
def detail(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    return render(request, "transfers/detail.html", _context(request, _visible(request, pk)))


@require_safe
def progress(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the part of the page that changed, for the poll."""
    transfer = _visible(request, pk)
    context = _context(request, transfer)
    # While only numbers change, the buttons stay in place: a swapped button would lose a click.
    changed = request.GET.get("seen") != context["fingerprint"]
    partial = "transfer" if changed else "progress"
    response = render(request, f"transfers/detail.html#{partial}", {**context, "is_fragment": True})
    # htmx stops polling with this status.
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
    require_role(request.user, transfer, transfer.required_role)
    # The buttons follow the same rules; the service refuses a request without one.
    try:
        again = services.retry(transfer, request.user)
    except OciError as exc:
        messages.error(request, str(describe(exc)))
        return redirect("transfers:detail", transfer.pk)

    if transfer.kind == Kind.DELETE:
        messages.success(request, _("Started again."))
    else:
        messages.success(request, _("Started again. What has arrived is not sent a second time."))
    return redirect("transfers:detail", again.pk)


def _visible(request: TeamRequest, pk: uuid.UUID) -> Transfer:
    # Of any of the user's teams: a link to a transfer works whichever team is selected.
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
    role = role_on(request, transfer)
    presenter = TransferPresenter(transfer)
    queue = queue_status(transfer, request.user) if transfer.state == State.QUEUED else None

    # The queries below are for an ended transfer only, so that the poll stays cheap.
    has_ended = transfer.is_terminal
    has_succeeded = transfer.state == State.SUCCEEDED
    is_deleted = has_succeeded and transfer.kind == Kind.DELETE
    return {
        "transfer": transfer,
        "presenter": presenter,
        "fingerprint": _fingerprint(presenter),
        "can_operate": allows(role, Role.OPERATOR),
        "can_retry": allows(role, transfer.required_role),
        "is_current_team": transfer.team == request.team,
        "queue": queue,
        "position": position_text(running=queue.running, ahead=queue.ahead) if queue else "",
        "error_actions": error_actions_for(transfer) if has_ended and transfer.error else [],
        "again": transfer.retries.order_by("-created_at").first() if has_ended else None,
        "image": _local_image(transfer) if has_succeeded else None,
        "remaining_tags": remaining_tags(transfer) if is_deleted else [],
    }


def _fingerprint(presenter: TransferPresenter) -> str:
    """Return a text that changes with every part of the page that is not a number."""
    state = str(presenter.transfer.state)
    if presenter.progress.is_stopping:
        return f"{state}-stopping"
    return f"{state}-{presenter.label}" if presenter.progress.is_paused else state


def _local_image(transfer: Transfer) -> LocalImage | None:
    """Return the local image of the transfer, if it still has the reference."""
    if transfer.engine and transfer.kind != Kind.SAVE:
        return None
    if not transfer.target_is_local and not transfer.source_is_local:
        return None

    # A publish tags the local image with the target's reference.
    is_target = transfer.target_is_local or transfer.kind == Kind.PUBLISH
    reference = transfer.target if is_target else transfer.source
    image = find_local_image(transfer.team, Reference.parse(reference))
    return image if image is not None and image.digest == transfer.digest else None
