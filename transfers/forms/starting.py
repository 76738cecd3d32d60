from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from registry_ui.images.models import LocalImage
from registry_ui.oci.errors import InvalidReference, OciError
from registry_ui.oci.manifest import Platform
from registry_ui.oci.reference import Reference, check_tag
from registry_ui.web.forms import TileSelect

from .naming import NAME_INPUT, ReferenceField, StartForm, checked, credential_field, local_image, sentence

USUAL_PLATFORMS = (
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "linux/arm/v6",
    "linux/386",
    "linux/ppc64le",
    "linux/riscv64",
    "linux/s390x",
    "windows/amd64",
)


class PullForm(StartForm):
    reference = ReferenceField(label=_("Image"), placeholder="nginx:1.27-alpine")
    platform_choice = forms.ChoiceField(label=_("Platform"), widget=TileSelect, required=False)
    platform = forms.CharField(
        label=_("Which one"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={**NAME_INPUT, "list": "usual-platforms", "placeholder": "linux/arm64"}),
        help_text=_("Written as os/architecture, with the variant where there is one."),
    )
    credential = credential_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        machine = Platform.of_this_machine()
        self.fields["platform_choice"].choices = [  # type: ignore[attr-defined]
            ("machine", _("This machine's: %(platform)s") % {"platform": machine}),
            ("chosen", _("Another one")),
            ("all", _("Every platform of the image")),
        ]
        wanted = str(self.initial.get("platform", ""))
        self.initial["platform_choice"] = "all" if wanted == "all" else "chosen" if wanted else "machine"
        if wanted == "all":
            self.initial["platform"] = ""

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("platform_choice") == "chosen" and "platform" not in self.errors:
            try:
                values["platform"] = str(Platform.parse(values.get("platform", "")))
            except OciError as exc:
                self.add_error("platform", sentence(exc) if values.get("platform") else _("Write the platform, such as linux/arm64."))
        return values

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        platform = {"chosen": values["platform"], "all": "all"}.get(values["platform_choice"], "")
        return {"reference": values["reference"], "platform": platform, "credential": values["credential"]}


class PushForm(StartForm):
    pushes = True
    reference = ReferenceField(
        label=_("Local image"),
        names="local-names",
        placeholder="registry.example.com/team/app:1.0",
        help_text=_("It goes to the registry that its name says, under the same name."),
    )
    credential = credential_field()

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        self.refuse_official_namespace(values.get("reference"), "reference")
        self.refuse_push_without_login("reference")
        return values

    def arguments(self) -> dict[str, Any]:
        return {"reference": self.cleaned_data["reference"], "credential": self.cleaned_data["credential"]}


class TagForm(StartForm):
    name_field = "source"
    source = ReferenceField(label=_("Local image"), names="local-names", placeholder="my-app:latest")
    target = ReferenceField(label=_("New name"), placeholder="johndoe/my-app:v1.0")

    def add_failure(self, exc: OciError) -> None:
        self.add_error("target" if isinstance(exc, InvalidReference) else "source", sentence(exc))

    def arguments(self) -> dict[str, Any]:
        return {"source": self.cleaned_data["source"], "target": self.cleaned_data["target"]}

    @cached_property
    def known_image(self) -> LocalImage | None:
        """The image that the source names, for the page to show its id and its other names."""
        reference = self.named("source")
        return local_image(self.team, reference) if reference else None

    def known_names(self) -> list[Reference]:
        image = self.known_image
        return [same.reference for same in LocalImage.objects.filter(team=self.team, image_id=image.image_id)] if image else []


class RetagForm(StartForm):
    pushes = True
    name_field = "source"
    source = ReferenceField(label=_("Image on its registry"), placeholder="registry.example.com/team/app:1.0")
    tag = forms.CharField(label=_("New tag"), max_length=128, widget=forms.TextInput(attrs={**NAME_INPUT, "placeholder": "stable"}))
    credential = credential_field()

    def clean_tag(self) -> str:
        return checked(check_tag, self.cleaned_data["tag"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        source, tag = values.get("source"), values.get("tag")
        if source and tag and source.tag == tag and source.digest is None:
            self.add_error("tag", _("The image has this tag already."))
        self.refuse_push_without_login("source")
        return values

    def arguments(self) -> dict[str, Any]:
        source = self.cleaned_data["source"]
        target = source.with_tag(self.cleaned_data["tag"])
        return {"source": source, "target": target, "credential": self.cleaned_data["credential"]}
