"""What the page and the file show; the whole filter stands in the address."""

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..models import Action, AuditEvent, Outcome, Team, User
from .groups import all_groups

_GROUP = "group:"


class ActivityFilter(forms.Form):
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
        self.fields["action"] = forms.ChoiceField(
            label=_("What"), required=False, choices=_actions()
        )
        teams = Team.objects.visible_to(user)
        self.fields["team"] = forms.ModelChoiceField(
            teams, label=_("Team"), required=False, empty_label=_("All")
        )
        for name in ("who", "object", "credential"):
            self.fields[name].widget.attrs.update({"autocomplete": "off", "spellcheck": "false"})

    @property
    def is_filtering(self) -> bool:
        return any(self.cleaned_data.values())

    @property
    def query(self) -> str:
        """The filter as it stands in an address."""
        return urlencode(self._texts())

    @property
    def words(self) -> str:
        """The filter for the trail, which is told of each export."""
        return "; ".join(f"{name}: {text}" for name, text in self._texts().items())

    def events(self) -> QuerySet[AuditEvent]:
        """Of those that the person may see."""
        values = self.cleaned_data
        rows = AuditEvent.objects.visible_to(self.user).filter(
            _action(values["action"]), _period(values["since"], values["until"])
        )
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
            name: value.pk if isinstance(value, Team) else value
            for name, value in self.cleaned_data.items()
        }
        return {name: str(value) for name, value in values.items() if value}


def _actions() -> list[tuple[str, Any]]:
    choices: list[tuple[str, Any]] = [("", _("Everything"))]
    for group in all_groups():
        whole = (f"{_GROUP}{group.key}", _("All: %(group)s") % {"group": group.label})
        each = [(action.value, action.label) for action in group.actions]
        choices.append((str(group.label), [whole, *each] if len(each) > 1 else each))
    return choices


def _action(text: str) -> Q:
    if not text.startswith(_GROUP):
        return Q(action=Action(text)) if text else Q()
    return next(group.condition for group in all_groups() if group.key == text.removeprefix(_GROUP))


def _credential(text: str) -> Q:
    """With it, or done to it."""
    to_it = Q(object_kind="credential") & (Q(object_name__icontains=text) | Q(object_key=text))
    return Q(credential_name__icontains=text) | Q(credential_key=text) | to_it


def _period(since: date | None, until: date | None) -> Q:
    """Whole days of the person's time zone, both included."""
    condition = Q()
    if since:
        condition &= Q(at__gte=_midnight(since))
    if until and until < date.max:
        condition &= Q(at__lt=_midnight(until + timedelta(days=1)))
    return condition


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
