"""Pages of one mirror: form with preview, details, pause, removal."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registry_ui.accounts.models import Role
from registry_ui.accounts.permissions import (
    allows,
    needs_role,
    require_admin,
    require_operator,
    role_on,
)
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.errors import OciError
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe
from registry_ui.web.keyset import Keyset
from registry_ui.web.polling import STOP_POLLING, is_fragment

from ..archive import archive_run
from ..forms import MirrorForm
from ..models import Mirror, MirrorRun
from ..presenter import RunPresenter, mirror_status, upcoming_runs
from ..preview import Preview
from ..services import due_mirrors
from ..services.mirrors import change_mirror, create_mirror, remove_mirror

_form_methods = require_http_methods(["GET", "HEAD", "POST"])
_RUNS = Keyset("-created_at", "-id")
_RUNS_SHOWN = 20
_MAX_PAIRS = 500


@_form_methods
@needs_role(Role.ADMIN)
def add(request: TeamRequest) -> HttpResponse:
    assert request.team is not None  # needs_role has refused everybody without one.
    initial = {
        name: request.GET[name]
        for name in ("source_registry", "repositories")
        if name in request.GET
    }
    form = MirrorForm(
        request.POST if request.method == "POST" else None, team=request.team, initial=initial
    )
    return _form(request, form)


@_form_methods
def edit(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    mirror = visible_mirror(request, pk)
    require_admin(request.user, mirror)
    return _form(
        request,
        MirrorForm(
            request.POST if request.method == "POST" else None, team=mirror.team, mirror=mirror
        ),
    )


def _form(request: TeamRequest, form: MirrorForm) -> HttpResponse:
    is_confirmed = "confirmed" in request.POST
    is_valid = form.is_valid()
    if is_valid and is_confirmed and (saved := _save_mirror(request, form)) is not None:
        messages.success(request, _("The mirror “%(name)s” is saved.") % {"name": saved.name})
        return redirect("mirrors:detail", saved.pk)

    context = {
        "form": form,
        "mirror": form.mirror,
        "preview": _preview(form),
        "address": request.path,
        "has_registries": Registry.objects.filter(team=form.team).exists(),
    }

    # htmx asks for the preview with every change of the form.
    if is_fragment(request) and not is_confirmed:
        return render(request, "mirrors/form.html#preview", context)

    return render(request, "mirrors/form.html", context, status=422 if is_confirmed else 200)


def _preview(form: MirrorForm) -> Preview | None:
    if not form.is_bound:
        return None
    values = dict(form.cleaned_data)

    # Invalid fields of the schedule leave the preview without its next runs.
    if not {"frequency", "cron", "time_zone", "at", "day"} & form.errors.keys():
        values.update(form.schedule_values())
    return Preview(form.team, values)


def _save_mirror(request: TeamRequest, form: MirrorForm) -> Mirror | None:
    """Save the mirror; return None where the form has errors."""
    try:
        if form.mirror is None:
            mirror = create_mirror(team=form.team, user=request.user, values=form.values())
        else:
            mirror = change_mirror(mirror=form.mirror, user=request.user, values=form.values())
    except OciError as exc:
        form.add_error(None, str(describe(exc)))
        return None
    except ValidationError as exc:
        form.add_error(None, exc)
        return None

    # Channels are a relation, and no column of the mirror.
    mirror.channels.set(form.cleaned_data["channels"])
    return mirror


@require_safe
def detail(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    mirror = visible_mirror(request, pk)
    page = _RUNS.page(
        MirrorRun.objects.filter(mirror=mirror).select_related("user"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        size=_RUNS_SHOWN,
    )

    # The page polls while a run is active.
    status = mirror_status(mirror)
    context = {
        "mirror": mirror,
        "status": status,
        "runs": [RunPresenter(run) for run in page.rows],
        "page": page,
        "pairs": mirror.pairs.order_by("source_repository")[:_MAX_PAIRS],
        "coming": upcoming_runs(mirror) if not status.is_paused else [],
        "channels": mirror.channels.all(),
        "webhook": getattr(mirror, "webhook", None),
        "archived_run": None if mirror.is_local else archive_run(mirror),
        **role_context(request, mirror),
    }

    if is_fragment(request):
        return render(
            request,
            "mirrors/detail.html#live",
            context,
            status=200 if status.active else STOP_POLLING,
        )

    return render(request, "mirrors/detail.html", context)


@_form_methods
def remove(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    mirror = visible_mirror(request, pk)
    require_admin(request.user, mirror)
    if request.method != "POST":
        return render(
            request,
            "mirrors/remove.html",
            {
                "mirror": mirror,
                "runs": mirror.runs.count(),
                "active": due_mirrors.is_running(mirror),
            },
        )

    name = mirror.name
    remove_mirror(mirror=mirror, user=request.user)
    messages.success(request, _("The mirror “%(name)s” is removed.") % {"name": name})
    return redirect("mirrors:list")


@require_POST
def pause(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    mirror = visible_mirror(request, pk)
    require_operator(request.user, mirror)
    due_mirrors.pause_mirror(mirror, request.user)
    messages.success(request, _("It starts no more by itself until you resume it."))
    return redirect("mirrors:detail", mirror.pk)


@require_POST
def resume(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    mirror = visible_mirror(request, pk)
    require_operator(request.user, mirror)
    due_mirrors.resume_mirror(mirror, request.user)
    messages.success(request, _("It runs by its schedule again."))
    return redirect("mirrors:detail", mirror.pk)


def visible_mirror(request: TeamRequest, pk: uuid.UUID) -> Mirror:
    rows = Mirror.objects.visible_to(request.user).select_related(
        "team",
        "team__mirror_pause",
        "source_registry",
        "target_registry",
        "source_credential",
        "target_credential",
        "last_run",
        "webhook",
    )

    return get_object_or_404(rows, pk=pk)


def role_context(request: TeamRequest, mirror: Mirror) -> dict[str, Any]:
    role = role_on(request, mirror)
    return {
        "may_operate": allows(role, Role.OPERATOR),
        "may_edit": allows(role, Role.ADMIN),
        # A person may open a mirror of another of their teams by its address.
        "is_here": mirror.team == request.team,
    }
