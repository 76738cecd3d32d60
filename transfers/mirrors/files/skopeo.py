"""The YAML source of `skopeo sync`: https://github.com/containers/skopeo/blob/main/docs/skopeo-sync.1.md"""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference, normalise_host

from .entry import Entry
from .loading import flag, texts

_SECTIONS = ("images", "images-by-tag-regex", "images-by-semver")


def is_skopeo(document: dict[str, Any]) -> bool:
    return bool(document) and all(
        isinstance(each, dict) and any(name in each for name in _SECTIONS)
        for each in document.values()
    )


def read(document: dict[str, Any]) -> Iterator[Entry]:
    """One entry a repository. The file names no target: whoever imports it chooses one."""
    for host, registry in document.items():
        for section in _SECTIONS:
            images = registry.get(section)
            for repository, wanted in images.items() if isinstance(images, dict) else ():
                yield _entry(host, str(repository), section, wanted, registry)


def _entry(
    host: str, repository: str, section: str, wanted: Any, registry: dict[str, Any]
) -> Entry:
    entry = Entry(
        name=f"{host}/{repository}"[:100], values={"naming": {"kind": "keep"}, "referrers": False}
    )
    try:
        entry.source = normalise_host(host)
        entry.values["repositories"] = [Reference.parse(f"{entry.source}/{repository}").repository]
    except OciError as exc:
        entry.problem = f"{exc.message} {exc.advice}".strip()
        return entry
    entry.values["selection"] = _selection(entry, section, wanted)
    if registry.get("credentials"):
        entry.remarks.append(
            _("Its logins are not taken over: add them to the registries as credentials.")
        )
    if not flag(registry.get("tls-verify"), True):
        entry.remarks.append(_("tls-verify is set at the registry here, not at the mirror."))
    if registry.get("cert-dir"):
        entry.remarks.append(_("%(name)s is not carried over.") % {"name": "cert-dir"})
    return entry


def _selection(entry: Entry, section: str, wanted: Any) -> dict[str, Any]:
    if section == "images-by-tag-regex":
        return {"match": _whole(str(wanted))}
    if section == "images-by-semver":
        return {"versions": str(wanted)}
    tags = [text for text in texts(wanted) if not text.startswith("sha256:")]
    digests = len(texts(wanted)) - len(tags)
    if digests:
        entry.remarks.append(
            _("Digests are not carried over: they never change, so copy them once.")
        )
    if digests and not tags:
        entry.problem = _("It names digests only.")
    return {"tags": tags} if tags else {}


def _whole(expression: str) -> str:
    """skopeo looks for the expression anywhere in a tag; a mirror wants it to match the whole."""
    head = "" if expression.startswith("^") else ".*"
    tail = "" if expression.endswith("$") else ".*"
    inner = expression.removeprefix("^").removesuffix("$")
    return f"{head}(?:{inner}){tail}" if head or tail else inner
