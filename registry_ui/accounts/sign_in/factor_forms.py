"""allauth's forms of second factors, with own labels and checks of malformed input."""

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base
from allauth.mfa.totp import forms as totp
from allauth.mfa.totp.internal import auth as totp_auth
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from .forms import Labelled

# A code is valid for three steps of 30 seconds, its neighbours included (MFA_TOTP_TOLERANCE).
_CODE_SECONDS = 3 * 30
_NAME_LENGTH = 60
_CREDENTIAL_LENGTH = 20_000
# Raised by the fido2 library for JSON of another shape.
_MALFORMED = (TypeError, ValueError, KeyError, AttributeError, IndexError, OverflowError)


class _CodeForm(Labelled):
    labels = {"code": _("Code")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = _(
            "From your authenticator app, or one of your recovery codes."
        )
        self.fields["code"].widget.attrs |= {
            "autofocus": True,
            "inputmode": "numeric",
            "maxlength": 20,
            "spellcheck": "false",
        }

    def clean_code(self) -> str:
        """Refuse a code that was used before (RFC 6238, section 5.2)."""
        code = str(super().clean_code())  # type: ignore[misc]

        # allauth remembers a used code for one step only, and accepts it for three.
        key = f"factor:used:{self.user.pk}:{code.strip()}"  # type: ignore[attr-defined]
        # `add` is atomic: of two requests with one code, the second is refused.
        if not cache.add(key, 1, timeout=_CODE_SECONDS):
            raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_CodeForm, base.AuthenticateForm):
    pass


class ReauthenticateForm(_CodeForm, base.ReauthenticateForm):
    pass


class ActivateTOTPForm(Labelled, totp.ActivateTOTPForm):
    """The form that adds an authenticator app.

    The secret stays in the session until the first code. Sessions are stored in the database, so it
    is encrypted there too.
    """

    labels = {"code": _("Code from the app")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        session, key = context.request.session, totp_auth.SECRET_SESSION_KEY
        # allauth makes a new secret for a form without data.
        stored = session.get(key) if kwargs.get("data") is not None else None
        super().__init__(*args, **kwargs)

        # allauth reads and writes the session's secret in plain text.
        if stored:
            self.secret = get_adapter().decrypt(stored)
        session[key] = get_adapter().encrypt(self.secret)

        self.fields["code"].widget.attrs |= {
            "inputmode": "numeric",
            "maxlength": 6,
            "spellcheck": "false",
        }


class _CredentialField(forms.JSONField):
    """The authenticator's response as JSON, limited in size.

    allauth stores the whole response, and PostgreSQL stores no zero byte.
    """

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and (len(value) > _CREDENTIAL_LENGTH or "\\u0000" in value):
            raise get_adapter().validation_error("incorrect_code")
        try:
            return super().to_python(value)
        except RecursionError as exc:
            raise get_adapter().validation_error("incorrect_code") from exc

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial

    def prepare_value(self, value: Any) -> str:
        """Return nothing: a response is valid once, so the form never repeats it."""
        return ""


class _KeyForm(forms.Form):
    """A form that answers malformed credentials with a form error instead of a status 500."""

    credential = _CredentialField(widget=forms.HiddenInput)

    def _wrong_key(self) -> forms.ValidationError:
        error: forms.ValidationError = get_adapter().validation_error("incorrect_code")
        return error


class _AuthenticateKeyForm(_KeyForm):
    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except _MALFORMED as exc:
            raise self._wrong_key() from exc


class AuthenticateKeyForm(_AuthenticateKeyForm, webauthn.AuthenticateWebAuthnForm):
    pass


class ReauthenticateKeyForm(_AuthenticateKeyForm, webauthn.ReauthenticateWebAuthnForm):
    pass


class SignInKeyForm(_AuthenticateKeyForm, webauthn.LoginWebAuthnForm):
    pass


class AddKeyForm(Labelled, _KeyForm, webauthn.AddWebAuthnForm):
    labels = {
        "name": _("Name"),
        "passwordless": _("Sign in with this passkey alone, without a password"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs |= {"maxlength": _NAME_LENGTH}
        self.fields["name"].help_text = _(
            "By which you tell it from others: the device, or the password manager, that keeps it."
        )
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].help_text = _(
            "The device then asks for its PIN, your fingerprint or your face. "
            "Otherwise it only completes the password."
        )

    def clean_name(self) -> str:
        # `maxlength` limits browsers only.
        return str(super().clean_name())[:_NAME_LENGTH]

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean() or {}
        except _MALFORMED as exc:
            raise self._wrong_key() from exc


class EditKeyForm(Labelled, webauthn.EditWebAuthnForm):
    labels = {"name": _("Name")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = forms.CharField(label=_("Name"), max_length=_NAME_LENGTH)
