from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.errors import OciError

from ..docker_config import DockerConfig, parse_docker_config
from ..importing import Planned


class _WriteOnlyTextarea(forms.Textarea):
    """Never sends back what was pasted."""

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
            "Nothing is stored yet: the next page shows what was found, without the secrets, and you choose."
        ),
    )

    config: DockerConfig

    def clean_text(self) -> str:
        try:
            self.config = parse_docker_config(self.cleaned_data["text"])
        except OciError as exc:
            raise ValidationError(f"{exc.message} {exc.advice}".strip(), code="config") from exc
        if not self.config.logins and not self.config.skipped:
            raise ValidationError(
                _(
                    "There is no login in this configuration: run docker login on that machine first."
                ),
                code="empty",
            )
        return ""


class ChoiceOfLogins(forms.Form):
    """Which of the found logins are imported; new ones are ticked, those that replace a secret are not."""

    login = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, planned: Sequence[Planned], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.planned = planned
        choices = [(str(number), "") for number, _planned in enumerate(planned)]
        self.fields["login"].choices = choices  # type: ignore[attr-defined]

    def clean_login(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["login"]
        if not chosen:
            raise ValidationError(_("Tick at least one login."))
        return chosen

    def rows(self) -> list[tuple[str, Planned, bool]]:
        """Number, plan, and whether it is ticked."""
        ticked = set(self["login"].value() or []) if self.is_bound else None
        return [
            (
                str(number),
                planned,
                str(number) in ticked if ticked is not None else planned.replaces is None,
            )
            for number, planned in enumerate(self.planned)
        ]
