"""The forms of what a Docker Engine or Podman service is asked to do."""

from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from registry_ui.environment import EngineSetting
from registry_ui.images.engines.listing import EngineImage
from registry_ui.oci.reference import Reference

from ..logins import Login, login_for
from ..services.engines import own_candidates
from .naming import CredentialField, ReferenceField, StartForm
from .platforms import PlatformForm


class EngineForm(StartForm):
    """
    Args:
        engine: whose form it is; None where only the login is asked for.
        images: what it has, for the names that are offered.
    """

    def __init__(
        self,
        *args: Any,
        engine: EngineSetting | None = None,
        images: list[EngineImage] | None = None,
        **kwargs: Any,
    ) -> None:
        self.engine = engine
        self.images = images or []
        super().__init__(*args, **kwargs)
        if "credential" in self.fields:
            field = self.fields["credential"]
            field.queryset = field.queryset.filter(team=self.team)  # type: ignore[attr-defined]

    def engine_names(self) -> list[str]:
        return [name.familiar for image in self.images for name in image.names]

    @cached_property
    def login(self) -> Login | None:
        reference = self.login_reference()
        if reference is None:
            return None
        return login_for(
            team=self.team,
            reference=reference,
            push=self.pushes,
            candidates=own_candidates(self.team, reference),
        )


class OnePlatformForm(EngineForm, PlatformForm):
    """An engine takes one image of an index: its own platform's, or another one."""

    own_platform = _("The engine's own")

    def offered(self) -> list[tuple[str, Any]]:
        return [("machine", self.own_platform), ("chosen", _("Another one"))]


class EnginePullForm(OnePlatformForm):
    reference = ReferenceField(label=_("Image"), placeholder="nginx:1.27-alpine")
    credential = CredentialField()

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "reference": values["reference"],
            "platform": self.chosen_platform(),
            "credential": values["credential"],
        }


class _NamedForm(EngineForm):
    """An image of the engine, and the name under which it goes on: the same where none is written."""

    name_field = "source"
    source = ReferenceField(
        label=_("Image of the engine"), names="engine-names", placeholder="my-app:latest"
    )

    def chosen_target(self) -> Reference:
        return self.cleaned_data["target"] or self.cleaned_data["source"]


class EnginePushForm(_NamedForm):
    pushes = True
    target = ReferenceField(
        label=_("Push it as"),
        required=False,
        placeholder="registry.example.com/team/app:1.0",
        help_text=_(
            "Empty is the same name. Another one is given to the image at the engine first."
        ),
    )
    credential = CredentialField()

    def login_reference(self) -> Reference | None:
        return self.named("target") or self.named("source")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        field = "target" if values.get("target") else "source"
        self.refuse_official_namespace(values.get(field), field)
        self.refuse_push_without_login(field)
        return values

    def arguments(self) -> dict[str, Any]:
        return {
            "source": self.cleaned_data["source"],
            "target": self.chosen_target(),
            "credential": self.cleaned_data["credential"],
        }


class EngineTagForm(EngineForm):
    """An image that has no name is meant by its id."""

    name_field = "source"
    source = ReferenceField(
        label=_("Image of the engine"),
        names="engine-names",
        placeholder="my-app:latest",
        required=False,
    )
    image_id = forms.RegexField(
        r"\Asha256:[0-9a-f]{64}\Z", required=False, widget=forms.HiddenInput
    )
    target = ReferenceField(label=_("New name"), placeholder="registry.example.com/team/app:1.0")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("source") and not values.get("image_id") and "source" not in self.errors:
            self.add_error("source", _("Say which image gets the name."))
        return values

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        image_id = "" if values["source"] else values["image_id"]
        return {
            "source": values["source"] or values["target"],
            "target": values["target"],
            "image_id": image_id,
        }


class LoadForm(OnePlatformForm):
    name_field = "source"
    own_platform = _("This machine's, where the image has several")
    source = ReferenceField(
        label=_("Local image"), names="local-names", placeholder="my-app:latest"
    )

    def arguments(self) -> dict[str, Any]:
        return {"source": self.cleaned_data["source"], "platform": self.chosen_platform()}


class SaveForm(_NamedForm):
    target = ReferenceField(
        label=_("Its name in the local store"),
        required=False,
        placeholder="my-app:1.0",
        help_text=_("Empty is the same name."),
    )

    def arguments(self) -> dict[str, Any]:
        return {"source": self.cleaned_data["source"], "target": self.chosen_target()}
