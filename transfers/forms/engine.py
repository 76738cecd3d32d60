"""The forms of transfers at a Docker Engine or Podman service."""

from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from registry_ui.environment import EngineSetting
from registry_ui.images.engines.engine_images import EngineImage
from registry_ui.oci.reference import Reference

from ..login_choice import LoginChoice, choose_login
from ..services.engine import team_candidates
from .base import CredentialField, ReferenceField, StartForm
from .platforms import PlatformForm


class EngineForm(StartForm):
    """A form of one engine.

    Args:
        engine: the engine; None for the part of the form that shows the login.
        images: the engine's images, whose names are suggested.
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
        # A shared credential is not given to an engine; see `team_candidates`.
        if "credential" in self.fields:
            field = self.fields["credential"]
            field.queryset = field.queryset.filter(team=self.team)  # type: ignore[attr-defined]

    def engine_names(self) -> list[str]:
        return [name.familiar for image in self.images for name in image.names]

    @cached_property
    def login(self) -> LoginChoice | None:
        # With the team's own credentials alone, so that the page shows what the service will use.
        reference = self.login_reference()
        if reference is None:
            return None
        return choose_login(
            team=self.team,
            reference=reference,
            push=self.pushes,
            candidates=team_candidates(self.team, reference),
        )


class OnePlatformForm(EngineForm, PlatformForm):
    """A form with a choice of one platform, because an engine keeps one image of an index."""

    own_platform = _("The engine's own")

    def platform_choices(self) -> list[tuple[str, Any]]:
        return [("machine", self.own_platform), ("selected", _("Another one"))]


class EnginePullForm(OnePlatformForm):
    reference = ReferenceField(label=_("Image"), placeholder="nginx:1.27-alpine")
    credential = CredentialField()

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "reference": values["reference"],
            "platform": self.selected_platform(),
            "credential": values["credential"],
        }


class _NamedForm(EngineForm):
    """A form with an image of the engine and an optional new reference for it."""

    name_field = "source"
    source = ReferenceField(
        label=_("Image of the engine"), names="engine-names", placeholder="my-app:latest"
    )

    def selected_target(self) -> Reference:
        target: Reference = self.cleaned_data["target"] or self.cleaned_data["source"]
        return target


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
        return self.typed_reference("target") or self.typed_reference("source")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        # Without a new reference the engine pushes to the registry of the source.
        field = "target" if values.get("target") else "source"
        self.refuse_reserved_namespace(values.get(field), field)
        self.refuse_push_without_login(field)
        return values

    def arguments(self) -> dict[str, Any]:
        return {
            "source": self.cleaned_data["source"],
            "target": self.selected_target(),
            "credential": self.cleaned_data["credential"],
        }


class EngineTagForm(EngineForm):
    """The form that tags an engine's image; an image without a tag is identified by its id."""

    name_field = "source"
    source = ReferenceField(
        label=_("Image of the engine"),
        names="engine-names",
        placeholder="my-app:latest",
        required=False,
    )
    # The link from the list of an engine's images carries the id.
    image_id = forms.RegexField(
        r"\Asha256:[0-9a-f]{64}\Z", required=False, widget=forms.HiddenInput
    )
    target = ReferenceField(label=_("New name"), placeholder="registry.example.com/team/app:1.0")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        # An image without a tag has only its id, which a link to this form carries.
        if not values.get("source") and not values.get("image_id") and "source" not in self.errors:
            self.add_error("source", _("Say which image gets the name."))
        return values

    def arguments(self) -> dict[str, Any]:
        # A reference wins: a tag may point at another image than the page showed.
        values = self.cleaned_data
        image_id = "" if values["source"] else values["image_id"]
        return {
            "source": values["source"] or values["target"],
            "target": values["target"],
            "image_id": image_id,
        }


class LoadForm(OnePlatformForm):
    name_field = "source"
    # The engine is on this machine or has its platform; with one platform there is no choice.
    own_platform = _("This machine's, where the image has several")
    source = ReferenceField(
        label=_("Local image"), names="local-names", placeholder="my-app:latest"
    )

    def arguments(self) -> dict[str, Any]:
        return {"source": self.cleaned_data["source"], "platform": self.selected_platform()}


class SaveForm(_NamedForm):
    target = ReferenceField(
        label=_("Its name in the local store"),
        required=False,
        placeholder="my-app:1.0",
        help_text=_("Empty is the same name."),
    )

    def arguments(self) -> dict[str, Any]:
        return {"source": self.cleaned_data["source"], "target": self.selected_target()}
