from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team
from registry_ui.oci.errors import OciError
from transfers.forms.base import sentence

from ..models.notice import NotificationChannel
from .addresses import MAX_ADDRESS_LENGTH, read_address


class ChannelForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("As your team calls it: Operators' chat."),
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=MAX_ADDRESS_LENGTH,
        widget=forms.PasswordInput(
            render_value=False,
            attrs={"autocomplete": "new-password", "class": "mono", "spellcheck": "false"},
        ),
        help_text=_(
            "As one of the examples, or a webhook's https:// address as Slack, Teams and Discord "
            "show it. It is never shown again."
        ),
    )

    def __init__(
        self, *args: Any, team: Team, channel: NotificationChannel | None = None, **kwargs: Any
    ) -> None:
        self.team, self.channel = team, channel
        super().__init__(*args, **kwargs)
        if channel is not None:
            self.initial["name"] = channel.name

            # The address is write-only, so the form cannot show it; blank keeps it.
            self.fields["address"].required = False
            self.fields["address"].help_text = _(
                "Leave it empty to keep the present one, which nobody can see."
            )

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"])
        if address:
            try:
                read_address(address)
            except OciError as exc:
                raise ValidationError(sentence(exc)) from exc
        return address
