"""The allauth adapter of single sign-on.

An e-mail address never links an account: a provider may not verify the addresses that it sends.
"""

import functools
import logging
from typing import Any

import requests
from allauth.account.internal.userkit import filter_users_by_email
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from registry_ui.accounts.sign_in import audit_events

from . import require_provider
from .claims import sign_in_is_recent

logger = logging.getLogger(__name__)
_TIMEOUTS = (5, 10)  # seconds: to connect, and between two bytes


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    def get_requests_session(self) -> requests.Session:
        session = requests.Session()
        # The settings decide, not the environment's proxies, .netrc and CA bundle.
        session.trust_env = False
        # requests follows thirty by default; a provider's documents need hardly one.
        session.max_redirects = 3
        session.verify = require_provider().ca_file or True
        # requests has no timeout by default: a silent provider would block the sign-in without end.
        session.request = functools.partial(session.request, timeout=_TIMEOUTS)  # type: ignore[method-assign]
        return session

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return bool(require_provider().auto_create)

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return reverse("accounts:security")

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        **_: Any,
    ) -> None:
        if isinstance(exception, requests.RequestException):
            raise ImmediateHttpResponse(unreachable(request, exception))
        if exception is not None:
            # The text may quote the provider's answer, which may contain a token.
            logger.warning("Single sign-on failed: %s", type(exception).__name__)

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse a sign-in, a link or a confirmation that is not allowed."""
        data = sociallogin.state.get("data") or {}
        expected = data.get("confirms")
        if expected is not None:
            self._check_confirmation(request, sociallogin, expected)
        # Linking is for a person who is signed in, so it creates nobody.
        elif not sociallogin.is_existing and sociallogin.state.get("process") != "connect":
            self._check_new_person(request, sociallogin)

    def _check_confirmation(
        self, request: HttpRequest, sociallogin: SocialLogin, expected: int
    ) -> None:
        """Refuse a confirmation by another account, or without a new sign-in at the provider."""
        if (
            request.user.pk != expected
            or not sociallogin.is_existing
            or sociallogin.user.pk != expected
        ):
            self._refuse(request, "socialaccount/other_person.html", "another person")
        if not sign_in_is_recent(sociallogin.account.extra_data):
            self._refuse(
                request, "socialaccount/sign_in_not_renewed.html", "no new sign-in at the provider"
            )

    def _check_new_person(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if not require_provider().auto_create:
            self._refuse(request, "socialaccount/no_account.html", "no account")
        # That account is not linked. A second account would divide the rights of one person.
        if any(filter_users_by_email(address.email) for address in sociallogin.email_addresses):
            self._refuse(
                request, "socialaccount/address_taken.html", "the address belongs to an account"
            )

    def _refuse(self, request: HttpRequest, template: str, reason: str) -> None:
        audit_events.record_sso_refused(request, reason)
        raise ImmediateHttpResponse(
            render(request, template, {"provider": require_provider()}, status=403)
        )


def unreachable(request: HttpRequest, cause: Exception) -> HttpResponse:
    """Return the page for a provider that does not answer as an OpenID provider should."""
    logger.warning(
        "The provider of single sign-on does not answer as it should: %s", type(cause).__name__
    )
    return render(
        request, "socialaccount/unreachable.html", {"provider": require_provider()}, status=503
    )
