"""One run or plan: its page, which polls while it goes on, and what can be done about it."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from registry_ui.accounts.access import require_operator
from registry_ui.accounts.requests import TeamRequest
from registry_ui.jobs.models import State
from registry_ui.oci.errors import OciError
from registry_ui.web.keyset import Keyset

from ...forms.naming import sentence
from ...models import ItemAction, Mirror, MirrorRun
from ..exporting import standing_of
from ..queueing import MIRROR_RUNS
from ..situation import RunNow, action_counts
from ..starting import cancel_run, retry_failed, run_plan, start_plan, start_run, sync_items
from .polling import STOP_POLLING, is_fragment
from .rules import roles, visible_mirror

_ITEMS = Keyset("id")
_ITEMS_SHOWN, _MOVING_SHOWN = 100, 8
_FAILED, _MOVING = "failed", "moving"
_FILTERS = (*ItemAction.values, _FAILED, _MOVING)


@require_safe
def run(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    return render(request, "mirrors/run.html", _context(request, _visible(request, pk)))


@require_safe
def progress(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    """What the page polls. While only numbers change, only they are sent: a swapped button would lose a click."""
    found = _visible(request, pk)
    context = _context(request, found)
    changed = request.GET.get("seen") != context["stamp"]
    partial = "run" if changed else "progress"
    response = render(request, f"mirrors/run.html#{partial}", {**context, "is_fragment": True})
    if found.is_terminal:
        response.status_code = STOP_POLLING
    if changed:
        response["HX-Retarget"] = "#run"
    return response


@require_safe
def items(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    """The table alone, for the filter."""
    found = _visible(request, pk)
    if not is_fragment(request):
        return redirect("mirrors:run", found.pk)
    return render(request, "mirrors/run.html#items", _context(request, found))


@require_POST
def plan(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    mirror = _operable(request, pk)
    return begun(request, mirror, lambda: start_plan(mirror=mirror, user=request.user))


@require_POST
def start(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    mirror = _operable(request, pk)
    return begun(request, mirror, lambda: start_run(mirror=mirror, user=request.user))


@require_POST
def sync(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    """Bring the chosen pairs of the drift board into line."""
    mirror = _operable(request, pk)
    chosen = [text for text in request.POST.getlist("pair") if text.isdecimal() and len(text) < 19]
    only = [{"repository": pair.source_repository} for pair in mirror.pairs.filter(pk__in=chosen)]
    if not only:
        messages.info(request, _("Choose at least one repository."))
        return redirect("mirrors:detail", mirror.pk)
    return begun(request, mirror, lambda: sync_items(mirror=mirror, user=request.user, only=only))


@require_POST
def execute(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    """Run a plan as it is shown."""
    found = _visible(request, pk)
    require_operator(request.user, found)
    return begun(request, found.mirror, lambda: run_plan(plan=found, user=request.user))


@require_POST
def retry(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    found = _visible(request, pk)
    require_operator(request.user, found)
    return begun(request, found.mirror, lambda: retry_failed(run=found, user=request.user))


@require_POST
def cancel(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    found = _visible(request, pk)
    require_operator(request.user, found)
    cancel_run(run=found, user=request.user)
    return redirect("mirrors:run", found.pk)


def begun(request: TeamRequest, mirror: Mirror, begin: Any) -> HttpResponse:
    try:
        started = begin()
    except OciError as exc:
        messages.error(request, sentence(exc))
        return redirect("mirrors:detail", mirror.pk)
    return redirect("mirrors:run", started.pk)


def _operable(request: TeamRequest, pk: uuid.UUID) -> Mirror:
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


def _context(request: TeamRequest, found: MirrorRun) -> dict[str, Any]:
    now, wanted = RunNow(found), request.GET.get("show", "")
    rows = found.items.all()
    page = _ITEMS.page(
        _filtered(rows, wanted),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        size=_ITEMS_SHOWN,
    )
    counts = action_counts(found)
    return {
        "run": found,
        "mirror": found.mirror,
        "now": now,
        "stamp": now.stamp,
        "page": page,
        "counts": counts,
        "show": wanted if wanted in _FILTERS else "",
        "position": {
            name: request.GET[name] for name in ("after", "before") if request.GET.get(name)
        },
        **_moving(found),
        "standing": standing_of(found.mirror) if found.is_staging and found.is_terminal else None,
        "again": found.retries.order_by("-created_at").first() if found.is_terminal else None,
        "trouble": MIRROR_RUNS.trouble()
        if found.state == State.QUEUED and not found.is_parked
        else "",
        **roles(request, found.mirror),
    }


def _moving(found: MirrorRun) -> dict[str, Any]:
    """What moves now, those first of which most has come: most of the others wait for a lane."""
    if found.state != State.RUNNING:
        return {}
    rows = found.items.filter(state=_MOVING)
    return {
        "moving": rows.order_by("-bytes_done", "id")[:_MOVING_SHOWN],
        "more_moving": max(rows.count() - _MOVING_SHOWN, 0),
    }


def _filtered(rows: Any, wanted: str) -> Any:
    """What was asked for; by itself what there is to do comes first, as what is the same interests nobody."""
    if wanted in ItemAction.values:
        return rows.filter(action=wanted)
    if wanted in (_FAILED, _MOVING):
        return rows.filter(state=wanted)
    return rows
