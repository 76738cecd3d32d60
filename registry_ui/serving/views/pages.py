"""Pages about the built-in registry: how to use it, immutable tags, and proxied registries."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Role, Team
from registry_ui.accounts.permissions import may_here, needs_role, require_admin
from registry_ui.accounts.requests import TeamRequest
from registry_ui.images.models import ImmutableTagRule
from registry_ui.images.names import tags_covered_only_by
from registry_ui.registries.builtin_registry import builtin_registry_host, builtin_registry_prefix
from registry_ui.registries.models import Registry

from ..forms import RuleForm
from ..upstream import proxied_prefix

_MAX_SHOWN = 20


@require_safe
def builtin_registry(request: TeamRequest) -> HttpResponse:
    return _render_page(request)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_role(Role.ADMIN)
def rule_add(request: TeamRequest) -> HttpResponse:
    assert request.team is not None
    form = RuleForm(request.POST or None, team=request.team)
    if not form.is_valid():
        return render(
            request, "serving/rule_add.html", {"form": form}, status=422 if form.is_bound else 200
        )

    rule = form.save(commit=False)
    rule.created_by = request.user
    rule.save(force_insert=True)
    record(Action.TAG_RULE_ADDED, obj=rule)
    messages.success(request, _("Tags that fit %(rule)s are immutable now.") % {"rule": rule})

    return redirect("builtin_registry:overview")


@require_http_methods(["GET", "HEAD", "POST"])
def rule_remove(request: TeamRequest, pk: UUID) -> HttpResponse:
    rule = get_object_or_404(
        ImmutableTagRule.objects.visible_to(request.user).select_related("team"), pk=pk
    )
    require_admin(request.user, rule)

    # The confirmation page lists the tags that would become mutable.
    if request.method != "POST":
        unlocked = tags_covered_only_by(rule)
        context = {"unlocked": unlocked[:_MAX_SHOWN], "more": max(len(unlocked) - _MAX_SHOWN, 0)}
        return render(request, "serving/rule_remove.html", {"rule": rule, **context})

    record(Action.TAG_RULE_REMOVED, obj=rule)
    rule.delete()
    messages.success(
        request, _("Tags that fit %(rule)s can be moved and removed again.") % {"rule": rule}
    )

    return redirect("builtin_registry:overview")


def _render_page(request: TeamRequest) -> HttpResponse:
    team = request.team
    context: dict[str, Any] = {
        "host": builtin_registry_host(),
        "prefix": "",
        "rules": [],
        "proxied": [],
        "registry": None,
        "may_edit": may_here(request, Role.ADMIN),
    }
    if team is not None:
        registries = Registry.objects.builtin().filter(team=team)
        context |= {
            "prefix": builtin_registry_prefix(team),
            "rules": ImmutableTagRule.objects.filter(team=team).select_related("created_by"),
            "proxied": _proxied_registries(team),
            "registry": registries.first(),
        }

    return render(request, "serving/builtin_registry.html", context)


def _proxied_registries(team: Team) -> list[tuple[Registry, str]]:
    """Return the team's other registries, each with the prefix of its images."""
    # An IPv6 host has no valid form in a repository name.
    rows = Registry.objects.external().filter(team=team)
    return [(row, proxied_prefix(team, row.host)) for row in rows if "[" not in row.host]
