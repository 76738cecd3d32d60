from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from . import tokens
from .models import ApiToken, Role, Scope, Team, User

_LIVES = (7, 30, 90, 180, 365)
_MEANING = {
    Scope.READ: _("Read: look at registries, images and transfers, and change nothing"),
    Scope.TRANSFER: _("Transfer: also pull, tag, push and copy"),
    Scope.ADMIN: _("Administer: also change and delete what admins may"),
}


class TokenForm(forms.Form):
    """A token of a person, or, with `robots_team`, of a robot of that team."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("Where it will be used, such as “ci of the web shop”. The activity shows it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self, *args: Any, person: User, robots_team: Team | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.person, self.robots_team = person, robots_team
        scopes = _scopes(person, robots_team)
        self.fields["scope"] = forms.ChoiceField(
            label=_("What it may do"), widget=forms.RadioSelect, choices=scopes, initial=Scope.READ
        )
        if robots_team is None:
            teams = Team.objects.visible_to(person)
            self.fields["team"] = forms.ModelChoiceField(
                teams, label=_("Where"), required=False, empty_label=_("In all my teams")
            )
        days = min(tokens.DEFAULT_DAYS, settings.TOKEN_MAX_DAYS or tokens.DEFAULT_DAYS)
        self.fields["days"] = forms.TypedChoiceField(
            label=_("Expires"), coerce=int, choices=_lives(), initial=days
        )

    def clean_name(self) -> str:
        """Another one of that name would be mistaken for it; and so a form that is sent twice makes one token."""
        name = self.cleaned_data["name"]
        owner = (
            {"user": self.person}
            if self.robots_team is None
            else {"user": None, "team": self.robots_team}
        )
        if ApiToken.objects.alive().filter(**owner, name=name).exists():
            raise forms.ValidationError(
                _("There is a token of that name. Revoke it first, or choose another name.")
            )
        return name

    def wishes(self) -> dict[str, Any]:
        """The arguments of `create_token`."""
        values = self.cleaned_data
        return {
            "by": self.person,
            "name": values["name"],
            "scope": Scope(values["scope"]),
            "team": self.robots_team or values["team"],
            "expires_at": self._end(values["days"]),
            "is_robot": self.robots_team is not None,
        }

    def _end(self, days: int) -> datetime | None:
        return timezone.now() + timedelta(days=days) if days else None


def _scopes(person: User, robots_team: Team | None) -> list[tuple[str, Any]]:
    """None is offered that the person could not use anywhere."""
    role = Role.ADMIN if robots_team is not None else tokens.highest_role(person)
    return [
        (scope.value, _MEANING[scope])
        for scope in Scope
        if role is not None and role.allows(scope.role)
    ]


def _lives() -> list[tuple[int, Any]]:
    most = settings.TOKEN_MAX_DAYS
    days = [each for each in _LIVES if not most or each <= most] or [most]
    choices: list[tuple[int, Any]] = [
        (each, ngettext("in %(days)s day", "in %(days)s days", each) % {"days": each})
        for each in days
    ]
    return choices if most else [*choices, (0, _("never"))]
