"""Middleware for the last use of a session and for a missing second factor."""

import contextlib
import hashlib
from collections.abc import Callable
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect
from redis.exceptions import RedisError

from ..requests import TeamRequest
from .factors import has_second_factor

_WRITE_SECONDS = 60


class SessionActivityMiddleware:
    """Middleware that stores the address and the time of a session's last use.

    It writes at most once a minute, because a write takes SQLite's lock.
    """

    def __init__(self, get_response: Callable[[TeamRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: TeamRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: TeamRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        if (
            not getattr(view, "login_required", True)
            or not request.user.is_authenticated
            or not request.session.session_key
        ):
            return

        # Without Redis nothing is stored, but the page is shown.
        with contextlib.suppress(RedisError):
            if is_write_due(request.session.session_key):
                UserSession.objects.create_from_request(request)


def is_write_due(session_key: str) -> bool:
    """Return whether the session's last write is over a minute ago.

    The cache answers this, not the database: every page and every poll asks.
    """
    # A hash, because who can read Redis must not be able to take over a session.
    digest = hashlib.sha256(session_key.encode()).hexdigest()
    return bool(cache.add(f"seen:{digest}", 1, timeout=_WRITE_SECONDS))


class SecondFactorMiddleware:
    """Middleware that redirects a person without a required second factor.

    Single sign-on is exempt: the provider asks for its own second factor.
    """

    _EXEMPT = ("accounts:security", "mfa_", "account_")

    def __init__(self, get_response: Callable[[TeamRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: TeamRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: TeamRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if (
            not settings.REQUIRE_SECOND_FACTOR
            or not getattr(view, "login_required", True)
            or not request.user.is_authenticated
        ):
            return None

        name = request.resolver_match.view_name if request.resolver_match else ""
        if (
            # In this order: only the last check needs a query.
            name.startswith(self._EXEMPT)
            or _used_single_sign_on(request)
            or has_second_factor(request.user)
        ):
            return None

        # The pages that add a factor, and signing out, are exempt above: no loop of redirects.
        messages.warning(
            request,
            _(
                "This installation requires a second factor. "
                "Set one up, then everything else opens."
            ),
        )
        url = reverse("accounts:security")
        # htmx would follow a redirect itself and insert the page into the fragment.
        is_fragment = request.htmx and not request.htmx.boosted
        return HttpResponseClientRedirect(url) if is_fragment else redirect(url)


def _used_single_sign_on(request: TeamRequest) -> bool:
    return any(
        record.get("method") == "socialaccount"
        for record in get_authentication_records(request, request.user)
    )
