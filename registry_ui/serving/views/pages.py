"""The page about this server for a team: how clients use it, which tags are immutable, and which registries are reached through it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from registry_ui.accounts.access import needs_role, require_admin
from registry_ui.accounts.models import Action, Role, Team
from registry_ui.accounts.requests import TeamRequest
from registry_ui.accounts.trail import record
from registry_ui.images.models import ImmutableTags
from registry_ui.images.naming import tags_freed_without
from registry_ui.registries.models import Provider, Registry
from registry_ui.registries.this_server import own_prefix, this_host

from ..forms import RuleForm
from ..upstream import proxied_prefix

_FREED_SHOWN = 20


@require_safe
def this_server(request: TeamRequest) -> HttpResponse:
    return _page(request)


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
    return redirect("this_server:overview")


@require_http_methods(["GET", "HEAD", "POST"])
def rule_remove(request: TeamRequest, pk: UUID) -> HttpResponse:
    rule = get_object_or_404(
        ImmutableTags.objects.visible_to(request.user).select_related("team"), pk=pk
    )
    require_admin(request.user, rule)
    if request.method != "POST":
        freed = tags_freed_without(rule)
        shown = {"freed": freed[:_FREED_SHOWN], "more": max(len(freed) - _FREED_SHOWN, 0)}
        return render(request, "serving/rule_remove.html", {"rule": rule, **shown})
    record(Action.TAG_RULE_REMOVED, obj=rule)
    rule.delete()
    messages.success(
        request, _("Tags that fit %(rule)s can be moved and removed again.") % {"rule": rule}
    )
    return redirect("this_server:overview")


def _page(request: TeamRequest) -> HttpResponse:
    team = request.team
    context = {
        "host": this_host(),
        "prefix": own_prefix(team) if team else "",
        "rules": ImmutableTags.objects.filter(team=team).select_related("created_by")
        if team
        else [],
        "proxied": _proxied(team) if team else [],
        "registry": Registry.objects.filter(team=team, provider=Provider.THIS).first()
        if team
        else None,
        "may_edit": request.role == Role.ADMIN,
    }
    return render(request, "serving/this_server.html", context)


def _proxied(team: Team) -> list[tuple[Registry, str]]:
    """The team's other registries, each with what its images' names begin with here."""
    rows = Registry.objects.filter(team=team).exclude(provider=Provider.THIS)
    return [(row, proxied_prefix(team, row.host)) for row in rows if "[" not in row.host]
