"""The form of a mirror.

The preview also reads it while it is incomplete, and leaves out invalid fields.
"""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team
from registry_ui.catalog.indexing.index_services import repository_name
from registry_ui.credentials.models import Credential
from registry_ui.credentials.sharing import name_for
from registry_ui.notifications.models import NotificationChannel
from registry_ui.oci.errors import OciError
from registry_ui.oci.manifest import Platform
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe
from registry_ui.web.forms import TileSelect

from ...forms.base import NAME_INPUT, CredentialField
from ...forms.platforms import USUAL_PLATFORMS
from ..models import ConflictPolicy, Mirror, NotificationPolicy
from ..patterns import is_glob
from ..repository_naming import Naming
from .schedule_fields import ScheduleForm
from .selection_fields import SelectionForm, split_words

_MAX_REPOSITORIES = 200
_MAX_LIST_LENGTH = 20000


class MirrorForm(SelectionForm, ScheduleForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("As your team calls it."),
    )
    source_registry = forms.ModelChoiceField(
        Registry.objects.none(), label=_("From the registry"), empty_label=None
    )
    source_credential = CredentialField(
        label=_("Login at the source"), empty_label=_("The one that fits")
    )
    repositories = forms.CharField(
        label=_("Repositories"),
        max_length=_MAX_LIST_LENGTH,
        widget=forms.Textarea(
            attrs={**NAME_INPUT, "rows": 3, "placeholder": "library/nginx\nplatform/*"}
        ),
        help_text=_("One a line, with * for any text."),
    )
    target_registry = forms.ModelChoiceField(
        Registry.objects.none(),
        label=_("To"),
        required=False,
        empty_label=_("The local images of this team"),
    )
    target_credential = CredentialField(
        label=_("Login at the target"), empty_label=_("The one that fits")
    )
    naming = forms.ChoiceField(
        label=_("Names at the target"),
        widget=TileSelect,
        choices=[
            ("keep", _("As at the source")),
            ("flatten", _("Shorter")),
            ("prefix", _("Below a prefix")),
            ("template", _("By a template")),
        ],
        initial="keep",
    )
    levels = forms.IntegerField(
        label=_("Parts to leave out"),
        required=False,
        min_value=0,
        max_value=20,
        initial=0,
        help_text=_("From the left. 0 leaves the last part alone."),
    )
    naming_prefix = forms.CharField(
        label=_("Prefix"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={**NAME_INPUT, "placeholder": "mirror/hub"}),
    )
    naming_template = forms.CharField(
        label=_("Template"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={**NAME_INPUT, "placeholder": "mirror/{host}/{repository}"}),
        help_text=_("With {host}, {repository}, {namespace} and {name}."),
    )
    platforms_choice = forms.ChoiceField(
        label=_("Platforms"),
        widget=TileSelect,
        choices=[
            ("all", _("Every platform: the digest stays the same")),
            ("selected", _("Chosen ones: the digest changes")),
        ],
        initial="all",
    )
    platforms = forms.CharField(
        label=_("Which ones"),
        required=False,
        max_length=500,
        widget=forms.TextInput(
            attrs={
                **NAME_INPUT,
                "placeholder": "linux/amd64 linux/arm64",
                "list": "usual-platforms",
            }
        ),
    )
    referrers = forms.BooleanField(
        label=_("Signatures and SBOMs too"),
        help_text=_("A registry, or the built-in one."),
        required=False,
        initial=True,
    )
    conflict_policy = forms.ChoiceField(
        label=_("Where a tag of the target differs"),
        choices=ConflictPolicy.choices,
        initial=ConflictPolicy.OVERWRITE,
    )
    delete_extras = forms.BooleanField(
        label=_("Delete tags of the target that the source no longer has"),
        required=False,
        help_text=_(
            "Never where the source's list is empty, and none at all where there are more than "
            "the number below."
        ),
    )
    delete_cap = forms.IntegerField(
        label=_("At most"), min_value=1, max_value=10000, initial=10, required=False
    )
    verify = forms.BooleanField(
        label=_("Compare both sides afterwards"), required=False, initial=True
    )
    notification_policy = forms.ChoiceField(
        label=_("When"), choices=NotificationPolicy.choices, initial=NotificationPolicy.RECOVERY
    )
    channels = forms.ModelMultipleChoiceField(
        NotificationChannel.objects.none(),
        label=_("By way of"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    usual_platforms = USUAL_PLATFORMS

    def __init__(
        self,
        *args: Any,
        team: Team,
        mirror: Mirror | None = None,
        initial: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.team, self.mirror = team, mirror
        super().__init__(*args, **kwargs)
        self.initial.update({**self._initial(), **(initial or {})})

        # A form must not offer, nor accept, registries of other teams.
        registries = Registry.objects.filter(team=team)
        for name in ("source_registry", "target_registry"):
            field: Any = self.fields[name]
            field.queryset = registries
            field.label_from_instance = lambda registry: (
                f"{registry.name} ({registry.host})"
                if registry.name != registry.host
                else registry.host
            )

        for name in ("source_credential", "target_credential"):
            field = self.fields[name]
            field.queryset = Credential.objects.usable_by(team)
            field.label_from_instance = lambda credential: (
                f"{name_for(credential, team)} · {credential.registry.host}"
            )

        self.fields["channels"].queryset = NotificationChannel.objects.filter(team=team)  # type: ignore[attr-defined]

    def _initial(self) -> dict[str, Any]:
        mirror = self.mirror
        common = {**self.initial_schedule(mirror), **self.initial_selection(mirror)}
        if mirror is None:
            return common

        # The form has one field per kind of naming.
        naming = Naming.parse(mirror.naming)
        same = (
            "name",
            "referrers",
            "conflict_policy",
            "delete_extras",
            "delete_cap",
            "verify",
            "notification_policy",
        )
        endpoints = ("source_registry", "source_credential", "target_registry", "target_credential")
        return {
            **common,
            **{name: getattr(mirror, name) for name in same},
            **{name: getattr(mirror, f"{name}_id") for name in endpoints},
            "repositories": "\n".join(mirror.repositories),
            "naming": naming.kind,
            "levels": naming.levels,
            "naming_prefix": naming.text if naming.kind == "prefix" else "",
            "naming_template": naming.text if naming.kind == "template" else "",
            "platforms_choice": "selected" if mirror.platforms else "all",
            "platforms": " ".join(mirror.platforms),
            "channels": list(mirror.channels.values_list("pk", flat=True)),
        }

    # --- checks

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]

        # The unique constraint has no message for a person.
        others = Mirror.objects.filter(team=self.team, name=name)
        if self.mirror is not None:
            others = others.exclude(pk=self.mirror.pk)
        if others.exists():
            raise ValidationError(_("The team has a mirror of that name already."))
        return name

    def clean_repositories(self) -> list[str]:
        registry = self.cleaned_data.get("source_registry")
        names = split_words(self.cleaned_data["repositories"])
        if len(names) > _MAX_REPOSITORIES:
            raise ValidationError(
                _("At most %(most)d lines; a * stands for many."),
                params={"most": _MAX_REPOSITORIES},
            )

        # Without the registry a name cannot be completed (library/ of Docker Hub).
        if registry is None:
            return names

        try:
            return list(
                dict.fromkeys(
                    name.removeprefix(f"{registry.host}/")
                    if is_glob(name)
                    else repository_name(registry, name)
                    for name in names
                )
            )
        except OciError as exc:
            raise ValidationError(str(describe(exc))) from exc

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        self._clean_naming(values)
        self._clean_platforms(values)

        # A credential is bound to a host, and is never sent to another one.
        for end in ("source", "target"):
            credential, registry = values.get(f"{end}_credential"), values.get(f"{end}_registry")
            if (
                credential is not None
                and registry is not None
                and credential.registry.host != registry.host
            ):
                self.add_error(f"{end}_credential", _("This login is for another registry."))

        if values.get("delete_extras") and not values.get("delete_cap"):
            self.add_error("delete_cap", _("Say how many one run may delete."))

        return values

    def _clean_naming(self, values: dict[str, Any]) -> None:
        kind = values.get("naming", "keep")

        # All fields go in; `Naming.parse` uses those of the selected kind.
        document = {
            "kind": kind,
            "levels": values.get("levels") or 0,
            "prefix": values.get("naming_prefix", ""),
            "template": values.get("naming_template", ""),
        }

        try:
            values["naming"] = Naming.parse(document)
        except OciError as exc:
            values.pop("naming", None)
            self.add_error(
                f"naming_{kind}" if kind in ("prefix", "template") else "levels", str(describe(exc))
            )

    def _clean_platforms(self, values: dict[str, Any]) -> None:
        if values.get("platforms_choice") != "selected" or "platforms" in self.errors:
            # The preview still shows the rest of an invalid form.
            values["platforms"] = []
            return

        try:
            values["platforms"] = list(
                dict.fromkeys(
                    str(Platform.parse(text)) for text in split_words(values.get("platforms", ""))
                )
            )
        except OciError as exc:
            values["platforms"] = []
            self.add_error("platforms", str(describe(exc)))
            return

        if not values["platforms"]:
            self.add_error("platforms", _("Write the platforms, such as linux/amd64."))

    # --- what it says

    def values(self) -> dict[str, Any]:
        """Return the model's columns of a valid form."""
        values = self.cleaned_data
        same = (
            "name",
            "repositories",
            "platforms",
            "referrers",
            "conflict_policy",
            "delete_extras",
            "verify",
            "notification_policy",
        )
        endpoints = ("source_registry", "source_credential", "target_registry", "target_credential")

        return {
            **{name: values[name] for name in (*same, *endpoints)},
            "naming": values["naming"].document(),
            "selection": values["selection"].document(),
            "delete_cap": values.get("delete_cap") or 10,
            **self.schedule_values(),
        }
