"""The form with the names that the images of an archive get."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registry_ui.images.models import ArchiveUpload
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference, familiar_repository
from registry_ui.registries.builtin_registry import builtin_registry_prefix
from registry_ui.web.errors import describe

from ..services.archive_import import ImportedName
from .base import NAME_INPUT, ReferenceField, validate


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """A line of the form: an image of the archive and one of its names, or None without a name."""

    field: forms.BoundField
    image: dict[str, Any]
    name: str | None


class ImportNamesForm(forms.Form):
    """The form with a field for each name; an empty field excludes the image."""

    name_prefix = forms.CharField(
        label=_("Put all of them under"),
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs=NAME_INPUT),
    )

    def __init__(self, *args: Any, upload: ArchiveUpload, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._entries = list(_archive_entries(upload))
        prefix = builtin_registry_prefix(upload.team).rstrip("/")
        self.fields["name_prefix"].widget.attrs["placeholder"] = prefix
        self.fields["name_prefix"].help_text = _(
            "A registry and a path. It takes the place of the registry in each name; under "
            "%(prefix)s this server serves them."
        ) % {"prefix": prefix}

        for number, (image, name) in enumerate(self._entries):
            label = _("Name here of %(name)s") % {"name": name or image["digest"][7:19]}
            field = ReferenceField(label=label, required=False, placeholder=str(_("leave out")))
            # The familiar form is the one that a person would type for docker.
            field.initial = Reference.parse(name).familiar if name else ""
            self.fields[f"name_{number}"] = field

    def rows(self) -> list[ArchiveEntry]:
        return [
            ArchiveEntry(self[f"name_{number}"], image, name)
            for number, (image, name) in enumerate(self._entries)
        ]

    def clean_name_prefix(self) -> str:
        prefix: str = self.cleaned_data["name_prefix"].strip().rstrip("/")
        # Checked with a sample name, because a prefix alone is no reference.
        if prefix:
            validate(Reference.parse, f"{prefix}/name:tag")
        return prefix

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        for number in range(len(self._entries)):
            name = values.get(f"name_{number}")
            # An empty field excludes the image, whatever the prefix is.
            if name is not None and values.get("name_prefix"):
                values[f"name_{number}"] = validate(
                    partial(prefixed_name, name=name), values["name_prefix"]
                )
        return values

    def imported_names(self) -> list[ImportedName]:
        names = (
            (image["digest"], self.cleaned_data.get(f"name_{number}"))
            for number, (image, _name) in enumerate(self._entries)
        )
        return [ImportedName(digest, name) for digest, name in names if name is not None]

    def add_failure(self, exc: OciError) -> None:
        self.add_error(None, str(describe(exc)))


def _archive_entries(upload: ArchiveUpload) -> Iterator[tuple[dict[str, Any], str | None]]:
    for image in upload.images or []:
        # An image without a name gets an empty field.
        for name in image["names"] or [None]:
            yield image, name


def prefixed_name(prefix: str, name: Reference) -> Reference:
    """Return the name with the prefix instead of its registry; without a prefix the name itself.

    Raises:
        InvalidReference
    """
    if not prefix:
        return name

    # The parser completes a name without a registry; the prefix stands before what was written.
    path = familiar_repository(name.registry, name.repository)
    # A digest stays in the name, so that the service can refuse it.
    tag_and_digest = str(name).removeprefix(name.name)
    return Reference.parse(f"{prefix}/{path}{tag_and_digest}")
