"""URLs of allauth's pages of second factors and passkeys.

The names are allauth's: its code reverses them. A page that changes a factor, or shows recovery
codes, requires a recent sign-in.
"""

from allauth.mfa.base import views as base
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import path

from . import security_views
from .confirmation import needs_recent_sign_in as recent

urlpatterns = [
    path("", security_views.to_security, name="mfa_index"),
    path("authenticate/", base.authenticate, name="mfa_authenticate"),
    path("reauthenticate/", base.reauthenticate, name="mfa_reauthenticate"),
    path("app/add/", recent(totp.activate_totp), name="mfa_activate_totp"),
    path("app/remove/", recent(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path(
        "recovery-codes/",
        recent(recovery_codes.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "recovery-codes/generate/",
        recent(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "recovery-codes/download/",
        recent(recovery_codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("passkeys/", security_views.to_security, name="mfa_list_webauthn"),
    path("passkeys/add/", recent(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path("passkeys/sign-in/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path(
        "passkeys/reauthenticate/",
        security_views.reauthenticate_with_passkey,
        name="mfa_reauthenticate_webauthn",
    ),
    path("passkeys/<int:pk>/rename/", recent(webauthn.edit_webauthn), name="mfa_edit_webauthn"),
    path(
        "passkeys/<int:pk>/remove/",
        recent(security_views.remove_passkey),
        name="mfa_remove_webauthn",
    ),
]
