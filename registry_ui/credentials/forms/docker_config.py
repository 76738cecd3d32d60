from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.errors import OciError
from registry_ui.web.errors import describe

from ..docker_config import DockerConfig, parse_docker_config
from ..docker_config_import import PlannedImport


class _WriteOnlyTextarea(forms.Textarea):
    """A text area that never shows its value: the pasted text has secrets."""

    def format_value(self, value: Any) -> str:
        return ""


class DockerConfigForm(forms.Form):
    text = forms.CharField(
        label=_("Contents of ~/.docker/config.json"),
        widget=_WriteOnlyTextarea(
            attrs={
                "rows": 12,
                "class": "mono",
                "autocomplete": "off",
                "spellcheck": "false",
                "hx-preserve": "true",
            }
        ),
        help_text=_(
            "Nothing is stored yet: the next page shows what was found, without the secrets, and "
            "you choose."
        ),
    )

    config: DockerConfig

    def clean_text(self) -> str:
        try:
            self.config = parse_docker_config(self.cleaned_data["text"])
        except OciError as exc:
            raise ValidationError(str(describe(exc)), code="config") from exc
        # A file may have entries without secrets only; the next page then explains each of them.
        if not self.config.logins and not self.config.skipped:
            raise ValidationError(
                _(
                    "There is no login in this configuration: run docker login on that machine "
                    "first."
                ),
                code="empty",
            )

        return ""


class LoginSelection(forms.Form):
    """A choice of the logins to import; those that replace a secret are not selected at first."""

    login = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, planned: Sequence[PlannedImport], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.planned = planned
        choices = [(str(number), "") for number, _planned in enumerate(planned)]
        self.fields["login"].choices = choices  # type: ignore[attr-defined]

    def clean_login(self) -> list[str]:
        selected: list[str] = self.cleaned_data["login"]
        if not selected:
            raise ValidationError(_("Tick at least one login."))
        return selected

    def rows(self) -> list[tuple[str, PlannedImport, bool]]:
        """Return the number, the plan and the state of the check box of each login."""
        numbered = [(str(number), planned) for number, planned in enumerate(self.planned)]
        if not self.is_bound:
            return [(number, planned, planned.replaces is None) for number, planned in numbered]
        selected = set(self["login"].value() or [])
        return [(number, planned, number in selected) for number, planned in numbered]
