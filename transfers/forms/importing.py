"""Under which names the images of an archive come in."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registry_ui.images.models import ArchiveUpload
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import DEFAULT_NAMESPACE, DOCKER_HUB, Reference
from registry_ui.registries.this_server import own_prefix

from ..services.importing import ChosenName
from .naming import NAME_INPUT, ReferenceField, checked, sentence


@dataclass(frozen=True, slots=True)
class FoundName:
    """One line of the form: an image of the archive, and a name that the archive gives it; None where it gives none."""

    field: forms.BoundField
    image: dict[str, Any]
    name: str | None


class ImportNamesForm(forms.Form):
    """A field a name; what is left empty stays out."""

    under = forms.CharField(
        label=_("Put all of them under"),
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs=NAME_INPUT),
    )

    def __init__(self, *args: Any, upload: ArchiveUpload, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._found = list(_found(upload))
        prefix = own_prefix(upload.team).rstrip("/")
        self.fields["under"].widget.attrs["placeholder"] = prefix
        self.fields["under"].help_text = _(
            "A registry and a path. It takes the place of the registry in each name; under %(prefix)s this server serves them."
        ) % {"prefix": prefix}
        for number, (image, name) in enumerate(self._found):
            label = _("Name here of %(name)s") % {"name": name or image["digest"][7:19]}
            field = ReferenceField(label=label, required=False, placeholder=str(_("leave out")))
            field.initial = Reference.parse(name).familiar if name else ""
            self.fields[f"name_{number}"] = field

    def rows(self) -> list[FoundName]:
        return [
            FoundName(self[f"name_{number}"], image, name)
            for number, (image, name) in enumerate(self._found)
        ]

    def clean_under(self) -> str:
        prefix: str = self.cleaned_data["under"].strip().rstrip("/")
        if prefix:
            checked(Reference.parse, f"{prefix}/name:tag")
        return prefix

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        for number in range(len(self._found)):
            name = values.get(f"name_{number}")
            if name is not None and values.get("under"):
                values[f"name_{number}"] = checked(partial(placed_name, name=name), values["under"])
        return values

    def chosen(self) -> list[ChosenName]:
        names = (
            (image["digest"], self.cleaned_data.get(f"name_{number}"))
            for number, (image, _name) in enumerate(self._found)
        )
        return [ChosenName(digest, name) for digest, name in names if name is not None]

    def add_failure(self, exc: OciError) -> None:
        self.add_error(None, sentence(exc))


def _found(upload: ArchiveUpload) -> Iterator[tuple[dict[str, Any], str | None]]:
    for image in upload.found or []:
        for name in image["names"] or [None]:
            yield image, name


def placed_name(prefix: str, name: Reference) -> Reference:
    """Its repository below the prefix; Docker Hub's implied library/ stays behind. Without a prefix the name itself.

    Raises:
        InvalidReference
    """
    if not prefix:
        return name
    path = (
        name.repository.removeprefix(f"{DEFAULT_NAMESPACE}/")
        if name.registry == DOCKER_HUB
        else name.repository
    )
    return Reference.parse(f"{prefix}/{path}:{name.tag}")
