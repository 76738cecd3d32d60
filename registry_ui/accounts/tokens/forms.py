from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ..models import ApiToken, Role, Scope, Team, User
from . import service

_LIFETIMES = (7, 30, 90, 180, 365)
_SCOPE_LABELS = {
    Scope.READ: _("Read: look at registries, images and transfers, and change nothing"),
    Scope.TRANSFER: _("Transfer: also pull, tag, push and copy"),
    Scope.ADMIN: _("Administer: also change and delete what admins may"),
}


class TokenForm(forms.Form):
    """A form for a token of a person, or, with `robot_team`, of a robot of that team."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("Where it will be used, such as “ci of the web shop”. The activity shows it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self, *args: Any, person: User, robot_team: Team | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.person, self.robot_team = person, robot_team

        scopes = _scopes(person, robot_team)
        self.fields["scope"] = forms.ChoiceField(
            label=_("What it may do"), widget=forms.RadioSelect, choices=scopes, initial=Scope.READ
        )
        if robot_team is None:
            teams = Team.objects.visible_to(person)
            self.fields["team"] = forms.ModelChoiceField(
                teams, label=_("Where"), required=False, empty_label=_("In all my teams")
            )

        # 0 stands for an installation without a limit.
        days = min(service.DEFAULT_DAYS, settings.TOKEN_MAX_DAYS or service.DEFAULT_DAYS)
        self.fields["days"] = forms.TypedChoiceField(
            label=_("Expires"), coerce=int, choices=_lifetimes(), initial=days
        )

    def clean_name(self) -> str:
        """Refuse a name that another active token of the owner has.

        This also keeps a form that is sent twice from creating two tokens.
        """
        name: str = self.cleaned_data["name"]
        owner: dict[str, Any] = {"user": self.person}
        if self.robot_team is not None:
            owner = {"user": None, "team": self.robot_team}
        if ApiToken.objects.active().filter(**owner, name=name).exists():
            raise forms.ValidationError(
                _("There is a token of that name. Revoke it first, or choose another name.")
            )
        return name

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `create_token`."""
        values = self.cleaned_data
        return {
            "by": self.person,
            "name": values["name"],
            "scope": Scope(values["scope"]),
            "team": self.robot_team or values["team"],
            "expires_at": self._expires_at(values["days"]),
            "is_robot": self.robot_team is not None,
        }

    def _expires_at(self, days: int) -> datetime | None:
        return timezone.now() + timedelta(days=days) if days else None


def _scopes(person: User, robot_team: Team | None) -> list[tuple[str, Any]]:
    """Return the scopes that the owner can use in at least one team."""
    # Only admins of the team open a robot's form, so each scope is within their role.
    role = Role.ADMIN if robot_team is not None else service.highest_role(person)
    return [
        (scope.value, _SCOPE_LABELS[scope])
        for scope in Scope
        if role is not None and role.allows(scope.role)
    ]


def _lifetimes() -> list[tuple[int, Any]]:
    limit = settings.TOKEN_MAX_DAYS
    # A limit below a week excludes all of the usual lifetimes.
    lifetimes = [days for days in _LIFETIMES if not limit or days <= limit] or [limit]
    choices: list[tuple[int, Any]] = [
        (days, ngettext("in %(days)s day", "in %(days)s days", days) % {"days": days})
        for days in lifetimes
    ]
    # Under a limit, `create_token` would refuse a token that never expires.
    return choices if limit else [*choices, (0, _("never"))]
