"""Annotations and labels, with the well-known ones of the image spec and with safe links."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.image_facts import parse_time
from registry_ui.oci.reference import Reference
from registry_ui.oci.untrusted_text import TextReader
from registry_ui.web.links import safe_url

_PREFIX = "org.opencontainers.image."
# The pre-defined keys of the image spec ("Annotations"), the most useful first.
_WELL_KNOWN = {
    "title": _("Title"),
    "description": _("Description"),
    "version": _("Version"),
    "vendor": _("Vendor"),
    "authors": _("Authors"),
    "licenses": _("Licences"),
    "source": _("Source code"),
    "revision": _("Revision"),
    "url": _("Home page"),
    "documentation": _("Documentation"),
    "created": _("Created"),
    "base.name": _("Built on"),
    "base.digest": _("Digest of that"),
    "ref.name": _("Name"),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One annotation or label; `url` is set if its value is a safe link."""

    key: str
    value: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A well-known annotation.

    At most one of `url`, `time`, `digest` and `reference` is set: the value in that form.
    """

    label: str | Promise
    key: str
    value: str
    url: str = ""
    time: datetime | None = None
    digest: str = ""
    reference: Reference | None = None


def settings_of(pairs: Iterable[tuple[str, str]]) -> list[Setting]:
    return [Setting(key, value, safe_url(value)) for key, value in pairs]


def annotations_of(*sources: Mapping[str, str]) -> tuple[list[Setting], bool]:
    """Return the merged annotations, earlier sources first, and whether some were cut off."""
    reader = TextReader()
    # Reversed, because a later key overwrites an earlier one.
    merged = {key: value for source in reversed(sources) for key, value in source.items()}
    return settings_of(reader.pairs(merged)), reader.is_cut


def well_known(annotations: Iterable[Setting], labels: Iterable[Setting]) -> list[Fact]:
    """Return the well-known entries; an annotation overrides a label of the same name."""
    by_name = {
        setting.key.removeprefix(_PREFIX): setting
        for setting in (*labels, *annotations)
        if setting.key.startswith(_PREFIX)
    }
    return [
        _fact(name, label, by_name[name])
        for name, label in _WELL_KNOWN.items()
        if name in by_name and by_name[name].value.strip()
    ]


def _fact(name: str, label: str | Promise, setting: Setting) -> Fact:
    plain = Fact(label, setting.key, setting.value)
    # An invalid value is shown as plain text: nothing checks annotations when an image is pushed.
    try:
        # Each of these is shown in its own form: a relative time, a short digest, a link.
        if name == "created" and (time := parse_time(setting.value)):
            return Fact(label, setting.key, setting.value, time=time)
        if name == "base.digest":
            return Fact(label, setting.key, setting.value, digest=str(Digest.parse(setting.value)))
        if name == "base.name":
            return Fact(label, setting.key, setting.value, reference=Reference.parse(setting.value))
    except OciError:
        return plain
    return Fact(label, setting.key, setting.value, url=setting.url)
