import functools
import zoneinfo
from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import (
    password_validators_help_text_html,
    validate_password,
)
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from registry_ui.web.forms import TileSelect

from .models import Density, Team, Theme, User


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no argument at runtime
    """A form for a new account with a password."""

    # Not stripped: spaces at the ends belong to the password.
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html,
    )
    repeated = forms.CharField(
        label=_("Password, again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = User
        fields = ["username", "email"]
        labels = {"username": _("Username"), "email": _("E-mail address")}
        help_texts = {"username": _("Letters, digits and @ . + - _"), "email": _("May stay empty.")}
        widgets = {
            "username": forms.TextInput(
                attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
            ),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        password, repeated = values.get("password"), values.get("repeated")
        if password and repeated and password != repeated:
            self.add_error("repeated", _("The two passwords differ."))
        elif password:
            # The similarity validator compares the password with the fields of the new account.
            user = User(username=values.get("username", ""), email=values.get("email", ""))
            try:
                validate_password(password, user)
            except forms.ValidationError as exc:
                self.add_error("password", exc)
        return values


class SetupForm(AccountForm):
    team_name = forms.CharField(
        label=_("Team"),
        max_length=100,
        initial=_("Team"),
        help_text=_(
            "Registries, credentials and images belong to a team. You can rename it later."
        ),
    )


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no argument at runtime
    theme = forms.ChoiceField(
        label=_("Theme"),
        choices=Theme.choices,
        widget=TileSelect(attrs={"data-theme-choice": True}),
        required=True,
    )
    density = forms.ChoiceField(
        label=_("Tables"),
        choices=Density.choices,
        widget=TileSelect(),
        help_text=_("Compact shows about half as many rows again."),
    )
    current_password = forms.CharField(
        label=_("Current password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("Needed only to change the e-mail address."),
    )

    class Meta:
        model = User
        fields = ["first_name", "email", "language", "time_zone", "theme", "density", "start_page"]
        labels = {
            "first_name": _("Name"),
            "email": _("E-mail address"),
            "language": _("Language"),
            "time_zone": _("Time zone"),
            "start_page": _("First page after the sign-in"),
        }
        help_texts = {
            "first_name": _("As your colleagues see it; your username where it is empty.")
        }
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

        time_zones = [
            ("", _("As the installation")),
            ("UTC", "UTC"),
            *((name, name.replace("_", " ")) for name in _time_zones()),
        ]
        self.fields["time_zone"].widget = forms.Select(
            choices=time_zones, attrs={"data-browser-zone": True}
        )

        languages = [
            ("", _("As the browser asks")),
            *((code, _native_name(code)) for code, _name in settings.LANGUAGES),
        ]
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"), choices=languages, required=False
        )

        # The password is below the e-mail address, the only field that needs it.
        self.order_fields(
            [
                "first_name",
                "email",
                "current_password",
                "language",
                "theme",
                "density",
                "start_page",
                "time_zone",
            ]
        )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}

        # The address can reset the password, so a browser left open must not change it.
        if "email" in self.changed_data and not self._is_current_password(
            values.get("current_password", "")
        ):
            self.add_error(
                "current_password", _("Type your current password to change the e-mail address.")
            )
        return values

    def _is_current_password(self, password: str) -> bool:
        # ModelForm changes self.instance in _post_clean, after this: the stored account is checked.
        return bool(password) and get_adapter().reauthenticate(self.instance, password)


def _native_name(code: str) -> str:
    # A person who cannot read the current language recognizes their own.
    return str(get_language_info(code)["name_local"]).capitalize()


@functools.cache
def _time_zones() -> list[str]:
    # Without aliases such as EST, and without Etc/, where the signs are reversed.
    return sorted(
        name
        for name in zoneinfo.available_timezones()
        if "/" in name and not name.startswith("Etc/")
    )


class SwitchTeamForm(forms.Form):
    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"] = forms.ModelChoiceField(Team.objects.visible_to(user))
