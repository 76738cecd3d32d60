"""What a signed-in request is asked beside its rights: where its session was seen, and whether a second factor is missing."""

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

from .factors import has_second_factor
from .requests import TeamRequest

SEEN_EVERY_SECONDS = 60


class SeenMiddleware:
    """Notes of each session from where it was used last, and when: at most once a minute, for a write takes SQLite's lock."""

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
        # Without Redis nothing is noted, and the page is shown all the same.
        with contextlib.suppress(RedisError):
            if first_in_a_while(request.session.session_key):
                UserSession.objects.create_from_request(request)


def first_in_a_while(session_key: str) -> bool:
    """Asked of the cache, not the database: every page and every poll passes here."""
    return bool(
        cache.add(
            f"seen:{hashlib.sha256(session_key.encode()).hexdigest()}",
            1,
            timeout=SEEN_EVERY_SECONDS,
        )
    )


class SecondFactorMiddleware:
    """Where a second factor is required, whoever has none sets one up before anything else. Single sign-on has its own."""

    _OPEN = ("accounts:security", "mfa_", "account_")

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
            name.startswith(self._OPEN)
            or _came_by_single_sign_on(request)
            or has_second_factor(request.user)
        ):
            return None
        messages.warning(
            request,
            _(
                "This installation requires a second factor. Set one up, then everything else opens."
            ),
        )
        url = reverse("accounts:security")
        return (
            HttpResponseClientRedirect(url)
            if request.htmx and not request.htmx.boosted
            else redirect(url)
        )


def _came_by_single_sign_on(request: TeamRequest) -> bool:
    return any(
        record.get("method") == "socialaccount"
        for record in get_authentication_records(request, request.user)
    )
