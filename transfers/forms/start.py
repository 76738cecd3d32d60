from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from registry_ui.images.models import LocalImage
from registry_ui.oci.errors import InvalidReference, OciError
from registry_ui.oci.reference import Reference, check_tag
from registry_ui.web.errors import describe

from .base import (
    NAME_INPUT,
    CredentialField,
    ReferenceField,
    StartForm,
    find_local_image,
    validate,
)
from .platforms import PlatformForm


class PullForm(PlatformForm):
    reference = ReferenceField(label=_("Image"), placeholder="nginx:1.27-alpine")
    credential = CredentialField()

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "reference": values["reference"],
            "platform": self.selected_platform(),
            "credential": values["credential"],
        }


class PushForm(StartForm):
    pushes = True
    reference = ReferenceField(
        label=_("Local image"),
        names="local-names",
        placeholder="registry.example.com/team/app:1.0",
        help_text=_("It goes to the registry that its name says, under the same name."),
    )
    credential = CredentialField()

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        # In the form rather than by the worker: these pushes can never succeed.
        self.refuse_reserved_namespace(values.get("reference"), "reference")
        self.refuse_foreign_name(values.get("reference"), "reference")
        self.refuse_push_without_login("reference")
        return values

    def arguments(self) -> dict[str, Any]:
        return {
            "reference": self.cleaned_data["reference"],
            "credential": self.cleaned_data["credential"],
        }


class TagForm(StartForm):
    name_field = "source"
    source = ReferenceField(
        label=_("Local image"), names="local-names", placeholder="my-app:latest"
    )
    target = ReferenceField(label=_("New name"), placeholder="johndoe/my-app:v1.0")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        self.refuse_foreign_name(values.get("target"), "target")
        return values

    def add_failure(self, exc: OciError) -> None:
        # Without a login in this form, the two fields are all that can be wrong.
        self.add_error(
            "target" if isinstance(exc, InvalidReference) else "source", str(describe(exc))
        )

    def arguments(self) -> dict[str, Any]:
        return {"source": self.cleaned_data["source"], "target": self.cleaned_data["target"]}

    @cached_property
    def known_image(self) -> LocalImage | None:
        """Return the local image of the source, whose id and tags the page shows."""
        reference = self.typed_reference("source")
        return find_local_image(self.team, reference) if reference else None

    def known_names(self) -> list[Reference]:
        if self.known_image is None:
            return []
        # Several references can share one image id, as after `docker tag`.
        images = LocalImage.objects.filter(team=self.team, image_id=self.known_image.image_id)
        return [image.reference for image in images]


class RetagForm(StartForm):
    pushes = True
    name_field = "source"
    source = ReferenceField(
        label=_("Image on its registry"), placeholder="registry.example.com/team/app:1.0"
    )
    tag = forms.CharField(
        label=_("New tag"),
        max_length=128,
        widget=forms.TextInput(attrs={**NAME_INPUT, "placeholder": "stable"}),
    )
    credential = CredentialField()

    def clean_tag(self) -> str:
        return validate(check_tag, self.cleaned_data["tag"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        # Either can be missing, if its own field has an error.
        source, tag = values.get("source"), values.get("tag")
        # With a digest the tag may point elsewhere by now, and is moved back.
        if source and tag and source.tag == tag and source.digest is None:
            self.add_error("tag", _("The image has this tag already."))
        self.refuse_push_without_login("source")
        return values

    def arguments(self) -> dict[str, Any]:
        source = self.cleaned_data["source"]
        target = source.with_tag(self.cleaned_data["tag"])
        return {"source": source, "target": target, "credential": self.cleaned_data["credential"]}
