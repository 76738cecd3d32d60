from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team
from registry_ui.images.models import ImmutableTagRule

_INPUT = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "class": "mono"}


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no argument at runtime
    class Meta:
        model = ImmutableTagRule
        fields = ["repository_pattern", "tag_pattern"]
        widgets = {
            "repository_pattern": forms.TextInput(attrs={**_INPUT, "placeholder": "*"}),
            "tag_pattern": forms.TextInput(attrs={**_INPUT, "placeholder": "v*"}),
        }
        help_texts = {
            "repository_pattern": _("Without the team's part: app, or tools/*. * is all of them."),
            "tag_pattern": _("v* is every tag that begins with v; * is every tag."),
        }

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.team = team

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        same = ImmutableTagRule.objects.filter(
            team=self.instance.team, **{name: values.get(name) for name in self.Meta.fields}
        )
        if same.exists():
            self.add_error("tag_pattern", _("The team has this rule already."))
        return values
