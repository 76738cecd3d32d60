from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..models import Kind, State


class FilterForm(forms.Form):
    """The filters of the list of transfers.

    Args:
        requesters: the users who started a transfer; an empty name is the command line.
    """

    ACTIVE = "active"
    COMMAND_LINE = "command line"

    kind = forms.ChoiceField(label=_("Kind"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)
    person = forms.ChoiceField(label=_("Person"), required=False)

    def __init__(self, *args: Any, requesters: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The command line has no name, but an empty value means no filter.
        choices = {
            "kind": [("", _("All kinds")), *Kind.choices],
            "state": [("", _("All states")), (self.ACTIVE, _("Queued or running")), *State.choices],
            "person": [
                ("", _("Everybody")),
                *((name or self.COMMAND_LINE, name or _("command line")) for name in requesters),
            ],
        }
        for name, options in choices.items():
            self.fields[name].choices = options  # type: ignore[attr-defined]

    @property
    def is_filtering(self) -> bool:
        return any(self.cleaned_data.values())
