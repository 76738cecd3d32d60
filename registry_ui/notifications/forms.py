from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team
from registry_ui.oci.errors import OciError
from registry_ui.web.errors import describe

from .addresses import MAX_ADDRESS_LENGTH, read_address
from .models import NotificationChannel


class ChannelForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("For example: Operators' chat."),
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=MAX_ADDRESS_LENGTH,
        widget=forms.PasswordInput(
            render_value=False,
            attrs={"autocomplete": "new-password", "class": "mono", "spellcheck": "false"},
        ),
        help_text=_(
            "In one of the formats listed here, or a webhook's https:// address as copied from "
            "Slack, Teams or Discord."
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
            self.fields["address"].help_text = _("Leave it empty to keep the current address.")

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"])
        if address:
            try:
                read_address(address)
            except OciError as exc:
                raise ValidationError(str(describe(exc))) from exc
        return address
