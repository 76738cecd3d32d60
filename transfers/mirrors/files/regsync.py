"""The configuration of regsync (https://regclient.org/usage/regsync/)."""

import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference, normalise_host
from registry_ui.web.errors import describe

from ..models import ConflictPolicy
from ..schedule import check_cron
from .entry import Entry
from .yaml_document import flag, objects, texts

_PLAIN = re.compile(r"[a-z0-9._/-]+")
_INTERVAL = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:0s)?")
_UNSUPPORTED = {
    "ratelimit": "ratelimit",
    "parallel": "parallel",
    "hooks": "hooks",
    "mediaTypes": "mediaTypes",
    "fastCheck": "fastCheck",
    "forceRecursive": "forceRecursive",
    "includeExternal": "includeExternal",
    "skipDockerConfig": "skipDockerConfig",
    "referrerFilters": "referrerFilters",
    "referrerSource": "referrerSource",
    "referrerTarget": "referrerTarget",
}


def is_regsync(document: dict[str, Any]) -> bool:
    return isinstance(document.get("sync"), list)


def read(document: dict[str, Any]) -> Iterator[Entry]:
    defaults = document.get("defaults") if isinstance(document.get("defaults"), dict) else {}
    has_logins = bool(document.get("creds"))
    for sync in objects(document["sync"]):
        entry = Entry(name=f"{sync.get('source', '')} → {sync.get('target', '')}"[:100])
        _read_entry(entry, {**(defaults or {}), **sync})
        if has_logins:
            entry.warnings.append(
                _("Its logins are not taken over: add them to the registries as credentials.")
            )
        yield entry


def _read_entry(entry: Entry, sync: dict[str, Any]) -> None:
    kind, source, target = (str(sync.get(name, "")) for name in ("type", "source", "target"))

    # regsync evaluates Go templates, which nothing here can do.
    if "{{" in source + target:
        entry.problem = _("It is written with a template of Go, which is not read here.")
    elif "://" in source + target:
        entry.problem = _("A folder (ocidir://) is no registry.")
    else:
        try:
            {"image": _read_image, "repository": _read_repository, "registry": _read_registry}.get(
                kind, _refuse_type
            )(entry, sync, source, target)
        except OciError as exc:
            entry.problem = str(describe(exc))

    if not entry.problem:
        _read_common(entry, sync)


def _refuse_type(entry: Entry, sync: dict[str, Any], source: str, target: str) -> None:
    entry.problem = _("Its type “%(type)s” is none of image, repository and registry.") % {
        "type": str(sync.get("type", ""))[:40]
    }


def _read_image(entry: Entry, sync: dict[str, Any], source: str, target: str) -> None:
    first, last = Reference.parse(source), Reference.parse(target)
    if first.digest is not None or last.digest is not None:
        entry.problem = _("It is pinned to a digest, which never changes: copy it once instead.")
        return

    # A mirror keeps tag names.
    if first.tag != last.tag:
        entry.problem = _(
            "It gives the tag another name at the target, which a mirror does not do."
        )
        return

    _set_endpoints(entry, first, last)
    entry.values["selection"] = {"tags": [first.tag]}


def _read_repository(entry: Entry, sync: dict[str, Any], source: str, target: str) -> None:
    _set_endpoints(entry, Reference.parse(source), Reference.parse(target))
    entry.values["selection"] = _read_selection(entry, sync)


def _read_registry(entry: Entry, sync: dict[str, Any], source: str, target: str) -> None:
    entry.source = normalise_host(source)
    host, _slash, prefix = target.partition("/")
    entry.target = normalise_host(host)
    entry.values["naming"] = {"kind": "prefix", "prefix": prefix} if prefix else {"kind": "keep"}
    repos = sync.get("repos") if isinstance(sync.get("repos"), dict) else {}
    allowed = texts((repos or {}).get("allow"))

    # regsync matches repositories by regular expressions; a mirror has globs only.
    globs = [_glob(text) for text in allowed]

    if any(glob is None for glob in globs):
        entry.problem = _(
            "Its repositories are regular expressions, and a mirror names them with * only."
        )
        return

    entry.values["repositories"] = [glob for glob in globs if glob] or ["*"]
    if (repos or {}).get("deny"):
        entry.warnings.append(
            _("repos.deny is not carried over: a mirror cannot leave out repositories.")
        )

    entry.values["selection"] = _read_selection(entry, sync)


def _glob(expression: str) -> str | None:
    """Return the glob for an expression of names and `.*`; None for any other."""
    text = expression.removeprefix("^").removesuffix("$").replace(r"\.", ".").replace(".*", "*")
    return text if _PLAIN.fullmatch(text.replace("*", "")) or text == "*" else None


def _set_endpoints(entry: Entry, source: Reference, target: Reference) -> None:
    entry.source, entry.target = source.registry, target.registry
    entry.values["repositories"] = [source.repository]
    entry.values["naming"] = naming_between(source.repository, target.repository)


def naming_between(source: str, target: str) -> dict[str, Any]:
    """Return the naming that maps one repository name to the other."""
    if target == source:
        return {"kind": "keep"}
    if target.endswith(f"/{source}"):
        return {"kind": "prefix", "prefix": target.removesuffix(f"/{source}")}
    return {"kind": "template", "template": target}


def _read_selection(entry: Entry, sync: dict[str, Any]) -> dict[str, Any]:
    tags = sync.get("tags") if isinstance(sync.get("tags"), dict) else {}
    selection: dict[str, Any] = {}
    for regsync_name, member in (("allow", "match"), ("deny", "exclude")):
        # regsync anchors its expressions itself, as a mirror does.
        expressions = [
            text.removeprefix("^").removesuffix("$")
            for text in texts((tags or {}).get(regsync_name))
        ]
        if expressions:
            selection[member] = (
                expressions[0]
                if len(expressions) == 1
                else "|".join(f"(?:{text})" for text in expressions)
            )

    ranges = texts((tags or {}).get("semverRange"))
    if len(ranges) == 1:
        selection["versions"] = ranges[0]
    elif ranges:
        entry.warnings.append(
            _("Several ranges of versions are not carried over: a mirror has one.")
        )

    if sync.get("tagSets"):
        entry.warnings.append(_("%(name)s is not carried over.") % {"name": "tagSets"})

    return selection


def _read_common(entry: Entry, sync: dict[str, Any]) -> None:
    platforms = texts(sync.get("platforms")) or texts(sync.get("platform"))
    if platforms:
        entry.values["platforms"] = platforms

    entry.values["referrers"] = flag(sync.get("referrers"), False) or flag(
        sync.get("digestTags"), False
    )

    # regsync has a template for backup tags; here their form is fixed.
    if sync.get("backup"):
        entry.values["conflict_policy"] = ConflictPolicy.BACKUP
        entry.warnings.append(
            _("Backups get names of our own: the template of backup is not carried over.")
        )

    entry.values["schedule"] = _read_schedule(entry, sync)
    for name in _UNSUPPORTED:
        if sync.get(name):
            entry.warnings.append(_("%(name)s is not carried over.") % {"name": name})


def _read_schedule(entry: Entry, sync: dict[str, Any]) -> str:
    cron, interval = str(sync.get("schedule", "")), str(sync.get("interval", ""))
    try:
        schedule = check_cron(cron) if cron else cron_of(interval)
    except OciError:
        schedule = ""

    # An unsupported schedule must not stop the import: the mirror runs manually.
    if (cron or interval) and not schedule:
        entry.warnings.append(
            _("“%(text)s” is no schedule that a mirror has: it runs only when asked.")
            % {"text": (cron or interval)[:40]}
        )

    return schedule


def cron_of(interval: str) -> str:
    """Return a cron expression for an interval that divides an hour or a day, else empty."""
    match = _INTERVAL.fullmatch(interval)
    minutes = int(match[1] or 0) * 60 + int(match[2] or 0) if match and len(interval) < 12 else 0

    # cron repeats every hour, so an interval must divide the hour or the day.
    if minutes and minutes < 60 and 60 % minutes == 0:
        return f"*/{minutes} * * * *" if minutes > 1 else "* * * * *"
    if minutes and minutes % 60 == 0 and 24 % (minutes // 60) == 0:
        hours = minutes // 60
        return {1: "0 * * * *", 24: "0 0 * * *"}.get(hours, f"0 */{hours} * * *")
    return ""
