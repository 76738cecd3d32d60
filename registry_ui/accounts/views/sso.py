"""Signing in with the company's account, linking it, and confirming with it that it is still the same person."""

import functools
from collections.abc import Callable
from typing import Any

from allauth.core.internal import ratelimit
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from registry_ui.accounts import sso
from registry_ui.accounts.recency import needs_recent_sign_in
from registry_ui.accounts.requests import TeamRequest
from registry_ui.accounts.sso import flow

View = Callable[..., HttpResponseBase]


def _where_there_is_a_provider(view: View) -> View:
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        sso.the_provider()
        return view(request, *args, **kwargs)

    return guarded


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_where_there_is_a_provider
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """By a form with a token only: a link elsewhere signs nobody in."""
    if request.method != "POST":
        return redirect("account_login")
    if too_many := ratelimit.consume_or_429(request, action="login", app="allauth.account"):
        return too_many
    return flow.leave_for_provider(request, process="login")


@login_not_required
@never_cache
@require_safe
@_where_there_is_a_provider
def callback(request: HttpRequest) -> HttpResponseBase:
    return flow.come_back(request)


@require_http_methods(["GET", "HEAD", "POST"])
@_where_there_is_a_provider
@needs_recent_sign_in
def link(request: TeamRequest) -> HttpResponseBase:
    """GET is where somebody comes back to who had to confirm first."""
    if request.method != "POST":
        return redirect("accounts:security")
    return flow.leave_for_provider(request, process="connect")


@require_http_methods(["GET", "HEAD", "POST"])
@_where_there_is_a_provider
def confirm(request: TeamRequest) -> HttpResponseBase:
    if not sso.identities_of(request.user).exists():
        return redirect("account_reauthenticate")
    if request.method != "POST":
        context = {"provider": sso.the_provider(), "next": request.GET.get(REDIRECT_FIELD_NAME, "")}
        return render(request, "socialaccount/confirm.html", context)
    return flow.leave_for_provider(request, process="login", confirms=request.user.pk)


@login_not_required
@require_safe
@_where_there_is_a_provider
def cancelled(request: HttpRequest) -> HttpResponseBase:
    return render(request, "socialaccount/cancelled.html", {"provider": sso.the_provider()})
