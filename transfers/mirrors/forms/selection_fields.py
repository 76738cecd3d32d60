"""The form fields that select tags."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.errors import OciError
from registry_ui.web.errors import describe

from ...forms.base import NAME_INPUT
from ..models import Mirror
from ..patterns import MAX_PATTERN_LENGTH
from ..selection import Selection
from ..selection_document import InvalidSelection

_MAX_LIST_LENGTH = 5000


def split_words(text: str) -> list[str]:
    """Return the words of a list that is separated by whitespace or commas."""
    return text.replace(",", " ").split()


class SelectionForm(forms.Form):
    tags = forms.CharField(
        label=_("Tags"),
        required=False,
        max_length=_MAX_LIST_LENGTH,
        widget=forms.Textarea(attrs={**NAME_INPUT, "rows": 2, "placeholder": "1.27 1.28.*"}),
        help_text=_(
            "Names, with * and ? where they may differ. Left empty, all. One written in full is "
            "taken whatever stands below."
        ),
    )
    versions = forms.CharField(
        label=_("Versions"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={**NAME_INPUT, "placeholder": ">=3.9 <4"}),
    )
    variants = forms.CharField(
        label=_("Only these variants"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={**NAME_INPUT, "placeholder": "alpine slim"}),
        help_text=_("“plain” is a tag without any."),
    )
    without_variants = forms.CharField(
        label=_("None of these variants"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={**NAME_INPUT, "placeholder": "windowsservercore"}),
    )
    without_prereleases = forms.BooleanField(
        label=_("Leave out pre-releases (rc, beta …)"), required=False
    )
    newest = forms.IntegerField(
        label=_("Only the newest"), required=False, min_value=0, max_value=1000
    )
    per = forms.ChoiceField(
        label=_("of each"),
        required=False,
        choices=[
            ("minor", _("minor version (1.27)")),
            ("major", _("major version (1)")),
            ("all", _("repository and variant")),
        ],
    )
    newer_than = forms.CharField(
        label=_("Built after"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={**NAME_INPUT, "placeholder": "90d"}),
        help_text=_("A date such as 2026-01-31, or days: 90d."),
    )
    match = forms.CharField(
        label=_("Must match (regular expression)"),
        required=False,
        max_length=MAX_PATTERN_LENGTH,
        widget=forms.TextInput(attrs={**NAME_INPUT, "placeholder": r"\d+\.\d+"}),
        help_text=_("The whole tag."),
    )
    exclude = forms.CharField(
        label=_("Must not match"),
        required=False,
        max_length=MAX_PATTERN_LENGTH,
        widget=forms.TextInput(attrs=NAME_INPUT),
    )

    # The page hides these fields behind “more”, unless one of them has a value.
    advanced_fields = ("variants", "without_variants", "newer_than", "match", "exclude")

    @staticmethod
    def initial_selection(mirror: Mirror | None) -> dict[str, Any]:
        # The stored document has no defaults.
        document = mirror.selection if mirror is not None else {}
        lists = {
            name: " ".join(document.get(name, []))
            for name in ("tags", "variants", "without_variants")
        }
        texts = {
            name: document.get(name, "") for name in ("versions", "match", "exclude", "newer_than")
        }

        return {
            **lists,
            **texts,
            "without_prereleases": not document.get("prereleases", True),
            "newest": document.get("newest"),
            "per": document.get("per", "minor"),
        }

    @property
    def uses_advanced(self) -> bool:
        return any(self[name].value() for name in self.advanced_fields)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        try:
            values["selection"] = Selection.parse(self._document(values))
        except InvalidSelection as exc:
            self.add_error(
                # A member may have no field of the same name.
                exc.field if exc.field in self.fields else "tags",
                ValidationError(str(describe(exc))),
            )
        except OciError as exc:
            self.add_error("tags", ValidationError(str(describe(exc))))
        return values

    def _document(self, values: dict[str, Any]) -> dict[str, Any]:
        lists = {
            name: split_words(values.get(name, ""))
            for name in ("tags", "variants", "without_variants")
        }
        texts = {
            name: values.get(name, "")
            for name in ("versions", "match", "exclude", "newer_than", "per")
        }

        return {
            **lists,
            **texts,
            "prereleases": not values.get("without_prereleases"),
            "newest": values.get("newest") or 0,
        }
