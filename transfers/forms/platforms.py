from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.errors import OciError
from registry_ui.oci.manifest import Platform
from registry_ui.web.errors import describe
from registry_ui.web.forms import TileSelect

from .base import NAME_INPUT, StartForm

# The platforms of Docker's official images
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


class PlatformForm(StartForm):
    """A form with a choice of platforms: this machine's, another one, or all of them."""

    usual_platforms = USUAL_PLATFORMS
    platform_choice = forms.ChoiceField(label=_("Platform"), widget=TileSelect, required=False)
    platform = forms.CharField(
        label=_("Which one"),
        required=False,
        max_length=60,
        widget=forms.TextInput(
            attrs={**NAME_INPUT, "list": "usual-platforms", "placeholder": "linux/arm64"}
        ),
        help_text=_("Written as os/architecture, with the variant where there is one."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = self.platform_choices()
        self.fields["platform_choice"].choices = choices  # type: ignore[attr-defined]

        # A link carries the platform in one parameter, as the command line does.
        platform = str(self.initial.get("platform", ""))
        if self.initial.get("platform_choice") not in dict(choices):
            if platform == "all":
                self.initial["platform_choice"] = "all"
            else:
                self.initial["platform_choice"] = "selected" if platform else choices[0][0]
        if platform == "all":
            self.initial["platform"] = ""

    def platform_choices(self) -> list[tuple[str, Any]]:
        """Return the choices, with the default first."""
        machine = Platform.of_this_machine()
        return [
            ("machine", _("This machine's: %(platform)s") % {"platform": machine}),
            ("selected", _("Another one")),
            ("all", _("Every platform of the image")),
        ]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        # The text field is hidden, and its value ignored, with the other choices.
        if values.get("platform_choice") == "selected" and "platform" not in self.errors:
            try:
                values["platform"] = str(Platform.parse(values.get("platform", "")))
            except OciError as exc:
                self.add_error(
                    "platform",
                    str(describe(exc))
                    if values.get("platform")
                    else _("Write the platform, such as linux/arm64."),
                )
        return values

    def selected_platform(self) -> str:
        """Return the platform as the services expect it."""
        values = self.cleaned_data
        return str(
            {"selected": values["platform"], "all": "all"}.get(values["platform_choice"], "")
        )
