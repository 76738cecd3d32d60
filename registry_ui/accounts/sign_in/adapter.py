"""The allauth account adapter of this installation."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import StartPage
from .sso import linked_identities, require_provider

# By allauth's ids of the methods.
_METHOD_LABELS = {
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

    # Accounts are created by invitation, setup or single sign-on.
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return the first page that the person chose.

        allauth asks only where no `next` page was requested.
        """
        start_page = getattr(request.user, "start_page", "")
        # An older version may have stored a page that no longer exists.
        return resolve_url(
            start_page if start_page in StartPage.values else settings.LOGIN_REDIRECT_URL
        )

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:security")

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return allauth's methods with own labels, and single sign-on where it is linked."""
        methods = [
            {**method, "description": _METHOD_LABELS[method["id"]]}
            for method in super().get_reauthentication_methods(user)
        ]

        # An account that single sign-on created has no password to confirm with.
        if user.is_authenticated and linked_identities(user).exists():
            label = _("Use %(provider)s") % {"provider": require_provider().name}
            methods.append({"id": "sso", "description": label, "url": reverse("sso_confirm")})

        return methods

    def format_email_subject(self, subject: str) -> str:
        return f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}{subject}"

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Return a key of address and account together.

        With allauth's key, of the account alone, anybody could lock a person out.
        """
        # In lower case: otherwise each spelling of a name would have attempts of its own.
        login = credentials.get("email", credentials.get("username", "")).lower()
        return f"{self.get_client_ip(request)}:{login}"
