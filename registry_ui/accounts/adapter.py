"""allauth, as this installation uses it."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .models import Landing
from .sso import identities_of, the_provider

_METHODS = {
    "reauthenticate": gettext_lazy("Use your password"),
    "mfa_reauthenticate": gettext_lazy("Use a code"),
    "mfa_reauthenticate:webauthn": gettext_lazy("Use a passkey"),
}


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": gettext_lazy("The name or the password is wrong."),
        "email_password_mismatch": gettext_lazy("The name or the password is wrong."),
        "too_many_login_attempts": gettext_lazy(
            "Too many failed attempts from your address. Wait five minutes and try again."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """The page that the person chose to begin with; a page that the sign-in interrupted comes first."""
        landing = getattr(request.user, "landing", "")
        return resolve_url(landing if landing in Landing.values else settings.LOGIN_REDIRECT_URL)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:security")

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Those of allauth, in our words, and single sign-on: some people have nothing else."""
        methods = [
            {**method, "description": _METHODS[method["id"]]}
            for method in super().get_reauthentication_methods(user)
        ]
        if user.is_authenticated and identities_of(user).exists():
            words = _("Use %(provider)s") % {"provider": the_provider().name}
            methods.append({"id": "sso", "description": words, "url": reverse("sso_confirm")})
        return methods

    def format_email_subject(self, subject: str) -> str:
        return f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}{subject}"

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Address and account together: a stranger's failures never lock a colleague out."""
        login = credentials.get("email", credentials.get("username", "")).lower()
        return f"{self.get_client_ip(request)}:{login}"
