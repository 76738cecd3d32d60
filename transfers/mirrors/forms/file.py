from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team
from registry_ui.oci.errors import OciError
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe

from ...forms.base import NAME_INPUT
from ..files import ParsedFile, read_file
from ..files.yaml_document import MAX_FILE_LENGTH

LOCAL = "local"


class FileForm(forms.Form):
    """A pasted or uploaded file; `parsed_file` has its entries."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("YAML of regsync, of skopeo sync, or as exported here."),
    )
    text = forms.CharField(
        label=_("Or its text"),
        required=False,
        max_length=MAX_FILE_LENGTH,
        widget=forms.Textarea(attrs={**NAME_INPUT, "rows": 14}),
    )
    target = forms.ChoiceField(label=_("To"), required=False)

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        self.team = team
        self.registries = {str(row.pk): row for row in Registry.objects.filter(team=team)}
        super().__init__(*args, **kwargs)
        named = [(key, row.name) for key, row in self.registries.items()]
        choices = [("", _("Choose")), *named, (LOCAL, _("The local images of this team"))]
        self.fields["target"].choices = choices  # type: ignore[attr-defined]

    @property
    def has_target(self) -> bool:
        return bool(self.cleaned_data.get("target"))

    def clean_file(self) -> str:
        uploaded = self.cleaned_data["file"]
        if uploaded is None:
            return ""

        # Before it is read into memory.
        if uploaded.size > MAX_FILE_LENGTH:
            raise ValidationError(
                _("The file is longer than %(most)d KiB."), params={"most": MAX_FILE_LENGTH // 1024}
            )

        try:
            return str(uploaded.read().decode())
        except UnicodeDecodeError as exc:
            raise ValidationError(_("The file is no text.")) from exc

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        values["content"] = values.get("file") or values.get("text") or ""

        # An unreadable file already has its error.
        if self.errors:
            return values
        if not values["content"]:
            raise ValidationError(_("Choose a file, or paste its text."))

        try:
            self.parsed_file: ParsedFile = read_file(
                values["content"],
                team=self.team,
                target=self.registries.get(values.get("target", "")),
                has_target=bool(values.get("target")),
            )
        except OciError as exc:
            raise ValidationError(str(describe(exc))) from exc

        return values
