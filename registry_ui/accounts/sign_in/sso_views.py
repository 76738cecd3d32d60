"""Pages of single sign-on: sign-in, linking an account and confirming a sensitive action."""

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

from registry_ui.accounts.requests import TeamRequest
from registry_ui.accounts.sign_in import sso
from registry_ui.accounts.sign_in.confirmation import needs_recent_sign_in
from registry_ui.accounts.sign_in.sso import flow

View = Callable[..., HttpResponseBase]


def _requires_provider(view: View) -> View:
    @functools.wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        sso.require_provider()
        return view(request, *args, **kwargs)

    return wrapper


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_requires_provider
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Continue to the provider.

    Only a POST with a CSRF token does, so that no link on another site can sign a visitor in.
    """
    if request.method != "POST":
        return redirect("account_login")
    # Each redirect asks the provider for its documents, so it is limited like a password.
    too_many: HttpResponseBase | None = ratelimit.consume_or_429(
        request, action="login", app="allauth.account"
    )
    if too_many is not None:
        return too_many
    return flow.redirect_to_provider(request, process="login")


@login_not_required
@never_cache
@require_safe
@_requires_provider
def callback(request: HttpRequest) -> HttpResponseBase:
    return flow.complete(request)


@require_http_methods(["GET", "HEAD", "POST"])
@_requires_provider
@needs_recent_sign_in
def link(request: TeamRequest) -> HttpResponseBase:
    """Link an account of the provider.

    GET happens after a confirmation, which redirects back to this address.
    """
    if request.method != "POST":
        return redirect("accounts:security")
    return flow.redirect_to_provider(request, process="connect")


@require_http_methods(["GET", "HEAD", "POST"])
@_requires_provider
def confirm(request: TeamRequest) -> HttpResponseBase:
    if not sso.linked_identities(request.user).exists():
        return redirect("account_reauthenticate")
    if request.method != "POST":
        context = {
            "provider": sso.require_provider(),
            "next": request.GET.get(REDIRECT_FIELD_NAME, ""),
        }
        return render(request, "socialaccount/confirm.html", context)
    return flow.redirect_to_provider(request, process="login", confirms=request.user.pk)


@login_not_required
@require_safe
@_requires_provider
def cancelled(request: HttpRequest) -> HttpResponseBase:
    return render(request, "socialaccount/cancelled.html", {"provider": sso.require_provider()})
