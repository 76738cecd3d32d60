"""Pages of a person's sign-in methods and sessions."""

from typing import Any

from allauth.account.internal.flows import logout as logout_flow
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView, RemoveWebAuthnView
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registry_ui.accounts.requests import TeamRequest
from registry_ui.accounts.sign_in import audit_events, sessions, sso
from registry_ui.accounts.sign_in.confirmation import needs_recent_sign_in
from registry_ui.accounts.sign_in.factors import FactorAdapter


@require_safe
def security(request: TeamRequest) -> HttpResponse:
    factors = list(Authenticator.objects.filter(user=request.user).order_by("created_at"))
    of_type = {factor.type: factor for factor in factors}

    codes = of_type.get(Authenticator.Type.RECOVERY_CODES)
    context = {
        "app": of_type.get(Authenticator.Type.TOTP),
        "codes": codes,
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
        "passkeys": [factor for factor in factors if factor.type == Authenticator.Type.WEBAUTHN],
        "passkeys_work": _passkeys_work(request),
        "identities": SocialAccount.objects.filter(user=request.user).order_by("date_joined"),
        "provider": settings.SINGLE_SIGN_ON,
        "is_linked": sso.linked_identities(request.user).exists(),
        "sessions": sessions.sessions_of(request),
        "factor_required": settings.REQUIRE_SECOND_FACTOR,
    }
    return render(request, "accounts/security.html", context)


def _passkeys_work(request: HttpRequest) -> bool:
    """Return whether browsers offer passkeys: over HTTPS and on localhost (W3C WebAuthn)."""
    host = request.get_host().rpartition(":")[0] or request.get_host()
    return request.is_secure() or host == "localhost" or host.endswith(".localhost")


@require_safe
def to_security(request: TeamRequest) -> HttpResponse:
    """Redirect from the list pages of allauth, which the security page replaces."""
    return redirect("accounts:security")


@require_POST
def session_end(request: TeamRequest, pk: int) -> HttpResponse:
    session = get_object_or_404(UserSession, user=request.user, pk=pk)
    # Ending the current session is signing out.
    if session.session_key == request.session.session_key:
        logout_flow.logout(request)
        return redirect("account_login")
    sessions.end(request.user, [session])
    messages.success(request, _("That session is ended: its next request leads to the sign-in."))
    return redirect("accounts:security")


@require_POST
def sessions_end(request: TeamRequest) -> HttpResponse:
    others = UserSession.objects.filter(user=request.user).exclude(
        session_key=request.session.session_key
    )
    sessions.end(request.user, list(others))
    messages.success(request, _("Your other sessions are ended."))
    return redirect("accounts:security")


@require_http_methods(["GET", "HEAD", "POST"])
@needs_recent_sign_in
def unlink(request: TeamRequest, pk: int) -> HttpResponse:
    identity = get_object_or_404(SocialAccount, user=request.user, pk=pk)
    # An account that single sign-on created has no password yet.
    if not request.user.has_usable_password():
        messages.error(
            request, _("Without it you could not sign in any more. Set a password first.")
        )
        return redirect("accounts:security")

    if request.method != "POST":
        return render(
            request,
            "accounts/security_unlink.html",
            {"identity": identity, "provider": settings.SINGLE_SIGN_ON},
        )

    identity.delete()
    audit_events.record_unlinked(request.user, identity)
    messages.success(request, _("The link is removed."))
    return redirect("accounts:security")


class _RemovePasskey(RemoveWebAuthnView):
    """A removal that asks the adapter first, as allauth does for authenticator apps only."""

    def form_valid(self, form: Any) -> HttpResponse:
        if not FactorAdapter().can_delete_authenticator(self.get_object()):
            form.add_error(
                None, ValidationError(FactorAdapter.error_messages["cannot_delete_authenticator"])
            )
            refusal: HttpResponse = self.form_invalid(form)
            return refusal
        response: HttpResponse = super().form_valid(form)
        return response


class _ReauthenticateWithPasskey(ReauthenticateWebAuthnView):
    """A confirmation that can be tried again; allauth redirects after a failed one."""

    def form_invalid(self, form: Any) -> HttpResponse:
        context = self.get_context_data(form=form)
        response: HttpResponse = self.render_to_response(context, status=422)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(), **kwargs}


remove_passkey = _RemovePasskey.as_view()
reauthenticate_with_passkey = _ReauthenticateWithPasskey.as_view()
