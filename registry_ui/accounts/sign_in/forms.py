"""allauth's sign-in and password forms with own labels.

allauth's placeholders repeat the label, so they are removed.
"""

from typing import Any

from allauth.account import forms
from django.utils.translation import gettext_lazy as _


class Labelled:
    labels: dict[str, Any] = {}
    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            # A placeholder disappears while a person types, so it cannot replace the label.
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)


class SignInForm(Labelled, forms.LoginForm):
    labels = {"login": _("Username or e-mail address"), "password": _("Password")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs |= {
            "autocomplete": "username",
            "autocapitalize": "none",
            "spellcheck": "false",
            "autofocus": not self.is_bound,
        }


class ChangePasswordForm(Labelled, forms.ChangePasswordForm):
    labels = {
        "oldpassword": _("Current password"),
        "password1": _("New password"),
        "password2": _("New password, again"),
    }


class SetPasswordForm(Labelled, forms.SetPasswordForm):
    labels = {"password1": _("Password"), "password2": _("Password, again")}


class ResetPasswordForm(Labelled, forms.ResetPasswordForm):
    labels = {"email": _("E-mail address")}


class ResetPasswordKeyForm(Labelled, forms.ResetPasswordKeyForm):
    labels = {"password1": _("New password"), "password2": _("New password, again")}


class ReauthenticateForm(Labelled, forms.ReauthenticateForm):
    labels = {"password": _("Password")}
