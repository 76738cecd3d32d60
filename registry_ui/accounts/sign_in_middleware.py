"""What a signed-in request is asked beside its rights: where its session was seen, and whether a second factor is missing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from .factors import has_second_factor
from .requests import TeamRequest

SEEN_EVERY = timedelta(minutes=1)


class SeenMiddleware:
    """Notes of each session from where it was used last, and when: at most once a minute, for a write takes SQLite's lock."""

    def __init__(self, get_response: Callable[[TeamRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: TeamRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: TeamRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
        if not getattr(view, "login_required", True) or not request.user.is_authenticated or not request.session.session_key:
            return
        key = request.session.session_key
        if not UserSession.objects.filter(session_key=key, last_seen_at__gt=timezone.now() - SEEN_EVERY).exists():
            UserSession.objects.create_from_request(request)


class SecondFactorMiddleware:
    """Where a second factor is required, whoever has none sets one up before anything else. Single sign-on has its own."""

    _OPEN = ("accounts:security", "mfa_", "account_")

    def __init__(self, get_response: Callable[[TeamRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: TeamRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: TeamRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> HttpResponseBase | None:
        if not settings.REQUIRE_SECOND_FACTOR or not getattr(view, "login_required", True) or not request.user.is_authenticated:
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name.startswith(self._OPEN) or _came_by_single_sign_on(request) or has_second_factor(request.user):
            return None
        messages.warning(request, _("This installation requires a second factor. Set one up, then everything else opens."))
        url = reverse("accounts:security")
        return HttpResponseClientRedirect(url) if request.htmx and not request.htmx.boosted else redirect(url)


def _came_by_single_sign_on(request: TeamRequest) -> bool:
    return any(record.get("method") == "socialaccount" for record in get_authentication_records(request, request.user))
