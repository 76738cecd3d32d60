"""The filter of the audit log, for its page and its export. The URL holds all of it."""

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..models import Action, AuditEvent, Outcome, Team, User
from .action_groups import all_groups

_GROUP = "group:"


class AuditLogFilter(forms.Form):
    action = forms.ChoiceField(label=_("What"), required=False)
    who = forms.CharField(label=_("Who"), required=False, max_length=150)
    object = forms.CharField(label=_("To what"), required=False, max_length=300)
    credential = forms.CharField(label=_("Credential"), required=False, max_length=300)
    outcome = forms.ChoiceField(
        label=_("Outcome"), required=False, choices=[("", _("Any")), *Outcome.choices]
    )
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        # Set here, because the labels depend on the language of the request.
        self.fields["action"] = forms.ChoiceField(
            label=_("What"), required=False, choices=_actions()
        )
        teams = Team.objects.visible_to(user)
        self.fields["team"] = forms.ModelChoiceField(
            teams, label=_("Team"), required=False, empty_label=_("All")
        )
        # Browsers would suggest earlier input, and mark names as misspelled.
        for name in ("who", "object", "credential"):
            self.fields[name].widget.attrs.update({"autocomplete": "off", "spellcheck": "false"})

    @property
    def is_filtering(self) -> bool:
        return any(self.cleaned_data.values())

    @property
    def query(self) -> str:
        """The filter as a query string."""
        return urlencode(self._texts())

    @property
    def summary(self) -> str:
        """The filter as text, for the audit event of an export."""
        return "; ".join(f"{name}: {text}" for name, text in self._texts().items())

    def events(self) -> QuerySet[AuditEvent]:
        """Return the matching events among those that the person may see."""
        values = self.cleaned_data
        rows = AuditEvent.objects.visible_to(self.user).filter(
            _action(values["action"]), _period(values["since"], values["until"])
        )

        # By key: the log has no foreign keys, and a removed team's events stay.
        if values["team"]:
            rows = rows.filter(team_key=values["team"].pk)
        if values["outcome"]:
            rows = rows.filter(outcome=values["outcome"])
        if values["who"]:
            rows = rows.filter(
                Q(actor_name__icontains=values["who"]) | Q(token_name__icontains=values["who"])
            )
        if values["object"]:
            rows = rows.filter(
                Q(object_name__icontains=values["object"]) | Q(object_key=values["object"])
            )
        if values["credential"]:
            rows = rows.filter(_credential(values["credential"]))
        return rows

    def _texts(self) -> dict[str, str]:
        values = {
            # The form reads the team by its key when the address is opened again.
            name: value.pk if isinstance(value, Team) else value
            for name, value in self.cleaned_data.items()
        }
        return {name: str(value) for name, value in values.items() if value}


def _actions() -> list[tuple[str, Any]]:
    choices: list[tuple[str, Any]] = [("", _("Everything"))]
    for group in all_groups():
        whole = (f"{_GROUP}{group.key}", _("All: %(group)s") % {"group": group.label})
        actions = [(action.value, action.label) for action in group.actions]
        # A group of one action needs no choice for all of them.
        options = [whole, *actions] if len(actions) > 1 else actions
        choices.append((str(group.label), options))
    return choices


def _action(text: str) -> Q:
    if not text.startswith(_GROUP):
        return Q(action=Action(text)) if text else Q()
    # The form has checked the choice, so there is such a group.
    return next(group.condition for group in all_groups() if group.key == text.removeprefix(_GROUP))


def _credential(text: str) -> Q:
    """Match events that used a credential, or whose object it is."""
    is_object = Q(object_kind="credential") & (Q(object_name__icontains=text) | Q(object_key=text))
    return Q(credential_name__icontains=text) | Q(credential_key=text) | is_object


def _period(first: date | None, last: date | None) -> Q:
    """Match whole days of the person's time zone, both days included."""
    condition = Q()
    if first:
        condition &= Q(at__gte=_midnight(first))
    # There is no day after date.max, and no event either.
    if last and last < date.max:
        condition &= Q(at__lt=_midnight(last + timedelta(days=1)))
    return condition


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
