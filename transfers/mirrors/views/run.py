"""Pages and actions of one run or plan."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from registry_ui.accounts.permissions import require_operator
from registry_ui.accounts.requests import TeamRequest
from registry_ui.jobs.models import State
from registry_ui.oci.errors import OciError
from registry_ui.web.errors import describe
from registry_ui.web.keyset import Keyset
from registry_ui.web.polling import STOP_POLLING, is_fragment

from ..archive import archive_status
from ..models import ItemAction, Mirror, MirrorRun
from ..presenter import RunPresenter
from ..progress import action_counts
from ..run_queue import MIRROR_RUNS
from ..services import runs as services
from ..services.runs import cancel_run, retry_failed, start_plan, start_run, sync_items
from .mirror import role_context, visible_mirror

_ITEMS = Keyset("id")
_ITEMS_SHOWN, _COPYING_SHOWN = 100, 8
_FAILED, _COPYING = "failed", "copying"
_FILTERS = (*ItemAction.values, _FAILED, _COPYING)


@require_safe
def run(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    return render(request, "mirrors/run.html", _context(request, _visible(request, pk)))


@require_safe
def progress(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    """Return the part of the page that is polled.

    While only numbers change, only they are sent: a swapped button would lose a click.
    """
    mirror_run = _visible(request, pk)
    context = _context(request, mirror_run)

    # `seen` is the fingerprint of the page that asks.
    changed = request.GET.get("seen") != context["fingerprint"]
    partial = "run" if changed else "progress"
    response = render(request, f"mirrors/run.html#{partial}", {**context, "is_fragment": True})

    # 286 stops the polling of htmx.
    if mirror_run.is_terminal:
        response.status_code = STOP_POLLING
    if changed:
        response["HX-Retarget"] = "#run"
    return response


@require_safe
def items(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    """Return the table of items, for the filter."""
    mirror_run = _visible(request, pk)

    # Without JavaScript the filter links lead to the page itself.
    if not is_fragment(request):
        return redirect("mirrors:run", mirror_run.pk)
    return render(request, "mirrors/run.html#items", _context(request, mirror_run))


@require_POST
def plan(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    mirror = _operator_mirror(request, pk)
    return redirect_to_started(
        request, mirror, lambda: start_plan(mirror=mirror, user=request.user)
    )


@require_POST
def start(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    mirror = _operator_mirror(request, pk)
    return redirect_to_started(request, mirror, lambda: start_run(mirror=mirror, user=request.user))


@require_POST
def sync(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    """Sync the selected pairs of the drift table."""
    mirror = _operator_mirror(request, pk)

    # A number of 19 digits may exceed a bigint of PostgreSQL.
    pair_ids = [
        text for text in request.POST.getlist("pair") if text.isdecimal() and len(text) < 19
    ]
    limited_to = [
        {"repository": pair.source_repository} for pair in mirror.pairs.filter(pk__in=pair_ids)
    ]
    if not limited_to:
        messages.info(request, _("Choose at least one repository."))
        return redirect("mirrors:detail", mirror.pk)
    return redirect_to_started(
        request, mirror, lambda: sync_items(mirror=mirror, user=request.user, limited_to=limited_to)
    )


@require_POST
def run_plan(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    """Run a plan."""
    mirror_run = _visible(request, pk)
    require_operator(request.user, mirror_run)
    return redirect_to_started(
        request, mirror_run.mirror, lambda: services.run_plan(plan=mirror_run, user=request.user)
    )


@require_POST
def retry(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    mirror_run = _visible(request, pk)
    require_operator(request.user, mirror_run)
    return redirect_to_started(
        request, mirror_run.mirror, lambda: retry_failed(run=mirror_run, user=request.user)
    )


@require_POST
def cancel(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    mirror_run = _visible(request, pk)
    require_operator(request.user, mirror_run)
    cancel_run(run=mirror_run, user=request.user)
    return redirect("mirrors:run", mirror_run.pk)


def redirect_to_started(request: TeamRequest, mirror: Mirror, start_function: Any) -> HttpResponse:
    try:
        started = start_function()
    except OciError as exc:
        messages.error(request, str(describe(exc)))
        return redirect("mirrors:detail", mirror.pk)
    return redirect("mirrors:run", started.pk)


def _operator_mirror(request: TeamRequest, pk: uuid.UUID) -> Mirror:
    mirror = visible_mirror(request, pk)
    require_operator(request.user, mirror)
    return mirror


def _visible(request: TeamRequest, pk: uuid.UUID) -> MirrorRun:
    rows = MirrorRun.objects.visible_to(request.user).select_related(
        "team",
        "user",
        "mirror__team",
        "mirror__source_registry",
        "mirror__target_registry",
        "retry_of",
        "based_on",
    )
    return get_object_or_404(rows, pk=pk)


def _context(request: TeamRequest, mirror_run: MirrorRun) -> dict[str, Any]:
    status, filter_name = RunPresenter(mirror_run), request.GET.get("show", "")
    rows = mirror_run.items.all()
    page = _ITEMS.page(
        _filtered(rows, filter_name),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        size=_ITEMS_SHOWN,
    )

    # Counted from the items, so that the filters match the table.
    counts = action_counts(mirror_run)

    return {
        "run": mirror_run,
        "mirror": mirror_run.mirror,
        "status": status,
        "fingerprint": status.fingerprint,
        "page": page,
        "counts": counts,
        "show": filter_name if filter_name in _FILTERS else "",
        "position": {
            name: request.GET[name] for name in ("after", "before") if request.GET.get(name)
        },
        **_active_items(mirror_run),
        "archive_status": archive_status(mirror_run.mirror)
        if mirror_run.is_local_pull and mirror_run.is_terminal
        else None,
        "again": mirror_run.retries.order_by("-created_at").first()
        if mirror_run.is_terminal
        else None,
        "trouble": MIRROR_RUNS.problem()
        if mirror_run.state == State.QUEUED and not mirror_run.is_postponed
        else "",
        **role_context(request, mirror_run.mirror),
    }


def _active_items(mirror_run: MirrorRun) -> dict[str, Any]:
    """Return the tags in transfer, those with the most bytes first.

    The others mostly wait for a worker.
    """
    if mirror_run.state != State.RUNNING:
        return {}
    rows = mirror_run.items.filter(state=_COPYING)
    return {
        "copying": rows.order_by("-bytes_done", "id")[:_COPYING_SHOWN],
        "more_moving": max(rows.count() - _COPYING_SHOWN, 0),
    }


def _filtered(rows: Any, filter_name: str) -> Any:
    """Return the items of one action or state; all of them for an unknown name."""
    if filter_name in ItemAction.values:
        return rows.filter(action=filter_name)
    if filter_name in (_FAILED, _COPYING):
        return rows.filter(state=filter_name)
    return rows
