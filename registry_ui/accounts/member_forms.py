"""Forms of teams and their members."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registry_ui.web.forms import TileSelect

from .forms import AccountForm
from .models import Invitation, Role, Team, User
from .offboarding import ActiveJob

_ROLE_SUMMARIES = {
    Role.VIEWER: _("browses registries, images and transfers"),
    Role.OPERATOR: _("also pulls, tags, pushes and runs mirrors"),
    Role.ADMIN: _("also keeps registries, credentials, members and mirrors, and deletes"),
}
_LIFETIMES = [("1", _("1 day")), ("3", _("3 days")), ("7", _("7 days")), ("30", _("30 days"))]
# The other choices are keys of people, which are numbers.
_END, _MYSELF = "end", "myself"


def role_choices() -> list[tuple[str, SafeString]]:
    return [
        (
            role.value,
            format_html(
                "<span><strong>{}</strong><small>{}</small></span>",
                role.label,
                _ROLE_SUMMARIES[role],
            ),
        )
        for role in Role
    ]


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=role_choices, widget=TileSelect)

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class InviteForm(RoleForm):
    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    days = forms.TypedChoiceField(
        label=_("The link works for"), choices=_LIFETIMES, coerce=int, initial="7"
    )

    def __init__(self, *args: Any, sends_mail: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if sends_mail:
            self.fields["email"].help_text = _("The link is sent there.")
        else:
            self.fields["email"].help_text = _(
                "Only a note for the list: you pass the link on yourself."
            )
        self.fields["role"].initial = Role.VIEWER
        # Django puts inherited fields first.
        self.order_fields(["email", "role", "days"])

    @property
    def lifetime(self) -> timedelta:
        return timedelta(days=self.cleaned_data["days"])


class TeamNameForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, team: Team | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._team = team

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        # Unlike the database's constraint, also without regard to case.
        others = Team.objects.exclude(pk=self._team.pk) if self._team else Team.objects.all()
        if others.filter(name__iexact=name).exists():
            raise forms.ValidationError(_("Another team has this name."))
        return str(name)


class NewTeamForm(TeamNameForm):
    admin = forms.CharField(
        label=_("Its first admin"),
        max_length=254,
        help_text=_("Username or e-mail address. They invite the others."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def clean_admin(self) -> User:
        return find_person(self.cleaned_data["admin"])


class RemoveTeamForm(forms.Form):
    name = forms.CharField(
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._team = team
        self.fields["name"].label = format_lazy(
            "{} “{}”", _("Type the team's name to confirm:"), team.name
        )

    def clean_name(self) -> str:
        if self.cleaned_data["name"] != self._team.name:
            raise forms.ValidationError(_("This is not the name of the team."))
        return self._team.name


class AddToTeamForm(forms.Form):
    """A form that adds a person to one of the teams that they are not in."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.VIEWER)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._teams = Team.objects.exclude(memberships__user=person)
        self.fields["team"] = forms.ModelChoiceField(
            self._teams, label=_("Team"), empty_label=_("Choose a team")
        )
        self.order_fields(["team", "role"])

    @property
    def has_choice(self) -> bool:
        return self._teams.exists()


class ActiveJobsForm(forms.Form):
    """The choice between cancelling a person's active jobs and handing them over."""

    active_jobs = forms.ChoiceField(label=_("What becomes of it"))

    def __init__(
        self, *args: Any, running: list[ActiveJob], successors: list[User], me: User, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.running = running
        # Without active jobs there is nothing to choose.
        if not running:
            del self.fields["active_jobs"]
            return
        self._successors = {str(user.pk): user for user in successors} | {_MYSELF: me}

        choices: list[tuple[str, Any]] = [(_END, _("It is ended")), (_MYSELF, _("I take it over"))]
        choices += [
            (str(user.pk), gettext("%(name)s takes it over") % {"name": user.get_username()})
            for user in successors
        ]
        field = self.fields["active_jobs"]
        field.choices, field.initial = choices, _END  # type: ignore[attr-defined]

    @property
    def successor(self) -> User | None:
        """The person who takes the jobs over; None where they are cancelled or there are none."""
        return self._successors.get(self.cleaned_data["active_jobs"]) if self.running else None


class JoinForm(AccountForm):
    """A form for the account of an invited person."""

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        # The address is a suggestion: the link decides, not the address.
        super().__init__(*args, **{"initial": {"email": invitation.email}, **kwargs})

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        # A person with an account joins with it, not with a second one.
        if email and User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(
                _("Another account has this address. Is it yours? Then sign in with it.")
            )
        return email


def find_person(text: str) -> User:
    """Return the active person with this username or e-mail address.

    Raises:
        ValidationError: nobody matches, or several people have the address.
    """
    active = User.objects.filter(is_active=True)
    # Addresses are not unique; two matches are enough to refuse.
    matches = list(active.filter(username=text)) or list(active.filter(email__iexact=text)[:2])
    if len(matches) != 1:
        raise forms.ValidationError(_("Nobody here has this username or e-mail address."))
    return matches[0]
