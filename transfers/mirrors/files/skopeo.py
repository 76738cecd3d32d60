"""The YAML source of `skopeo sync`.

https://github.com/containers/skopeo/blob/main/docs/skopeo-sync.1.md
"""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference, normalise_host
from registry_ui.web.errors import describe

from .entry import Entry
from .yaml_document import flag, texts

_SECTIONS = ("images", "images-by-tag-regex", "images-by-semver")


def is_skopeo(document: dict[str, Any]) -> bool:
    return bool(document) and all(
        isinstance(section, dict) and any(name in section for name in _SECTIONS)
        for section in document.values()
    )


def read(document: dict[str, Any]) -> Iterator[Entry]:
    """Yield one entry per repository.

    The file names no target, so the person who imports it selects one.
    """
    for host, registry in document.items():
        for section in _SECTIONS:
            images = registry.get(section)
            for repository, selected in images.items() if isinstance(images, dict) else ():
                yield _read_entry(host, str(repository), section, selected, registry)


def _read_entry(
    host: str, repository: str, section: str, selected: Any, registry: dict[str, Any]
) -> Entry:
    entry = Entry(
        name=f"{host}/{repository}"[:100], values={"naming": {"kind": "keep"}, "referrers": False}
    )
    try:
        entry.source = normalise_host(host)
        entry.values["repositories"] = [Reference.parse(f"{entry.source}/{repository}").repository]
    except OciError as exc:
        entry.problem = str(describe(exc))
        return entry

    entry.values["selection"] = _read_selection(entry, section, selected)

    # Secrets of a file are never stored; a person enters them once per registry.
    if registry.get("credentials"):
        entry.warnings.append(
            _("Its logins are not taken over: add them to the registries as credentials.")
        )

    if not flag(registry.get("tls-verify"), True):
        entry.warnings.append(_("tls-verify is set at the registry here, not at the mirror."))

    if registry.get("cert-dir"):
        entry.warnings.append(_("%(name)s is not carried over.") % {"name": "cert-dir"})

    return entry


def _read_selection(entry: Entry, section: str, selected: Any) -> dict[str, Any]:
    if section == "images-by-tag-regex":
        return {"match": _match_whole_tag(str(selected))}
    if section == "images-by-semver":
        return {"versions": str(selected)}

    # skopeo lists digests beside the tags.
    tags = [text for text in texts(selected) if not text.startswith("sha256:")]
    digests = len(texts(selected)) - len(tags)
    if digests:
        entry.warnings.append(
            _("Digests are not carried over: they never change, so copy them once.")
        )

    if digests and not tags:
        entry.problem = _("It names digests only.")

    return {"tags": tags} if tags else {}


def _match_whole_tag(expression: str) -> str:
    """Return an expression for the whole tag.

    skopeo searches within a tag; a mirror's expression must match all of it.
    """
    # The anchors of `^a|b$` belong to one alternative each, so they stay where they are.
    if "|" in expression:
        return f".*(?:{expression}).*"

    head = "" if expression.startswith("^") else ".*"
    tail = "" if expression.endswith("$") else ".*"
    inner = expression.removeprefix("^").removesuffix("$")
    return f"{head}(?:{inner}){tail}" if head or tail else inner
