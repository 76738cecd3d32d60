"""Files to rules: read, held against what the team has, and made."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Action, Team, User
from registry_ui.accounts.trail import record
from registry_ui.oci.errors import OciError
from registry_ui.registries.models import Credential, Registry

from ...models import Existing, Mirror, Notify
from ..rules import create_mirror
from ..schedule import check_cron, next_time
from . import own, regsync, skopeo
from .entry import Entry
from .loading import InvalidFile, load

_MOST = 500


@dataclass
class Reading:
    """A file's entries. `needs_target`: it names no target, and whoever imports it chooses one."""

    kind: str
    entries: list[Entry] = field(default_factory=list)
    needs_target: bool = False


def read_file(
    text: str, *, team: Team, target: Registry | None = None, has_target: bool = False
) -> Reading:
    """
    Args:
        target: where a file that names no target leads, if `has_target`; None is the local store.

    Raises:
        InvalidFile
    """
    document = load(text)
    if own.is_own(document):
        reading = Reading("registry-ui", list(own.read(document)))
    elif regsync.is_regsync(document):
        reading = Reading("regsync", list(regsync.read(document)))
    elif skopeo.is_skopeo(document):
        reading = Reading("skopeo sync", list(skopeo.read(document)), needs_target=True)
        for entry in reading.entries:
            entry.target = target.host if target is not None else ""
    else:
        raise InvalidFile(
            _("This is no file of rules."),
            advice=_("regsync's, skopeo sync's and exported files are read."),
        )
    if len(reading.entries) > _MOST:
        raise InvalidFile(
            _("The file has more than %(most)d rules.") % {"most": _MOST}, advice=_("Split it.")
        )
    if not reading.needs_target or has_target:
        _hold_against(team, reading.entries)
    return reading


def _hold_against(team: Team, entries: Iterable[Entry]) -> None:
    """What stands in the way in this team."""
    hosts = set(Registry.objects.filter(team=team).values_list("host", flat=True))
    taken = set(Mirror.objects.filter(team=team).values_list("name", flat=True))
    for entry in entries:
        if entry.problem:
            continue
        missing = [host for host in (entry.source, entry.target) if host and host not in hosts]
        if not entry.source:
            entry.problem = _("It names no source.")
        elif missing:
            entry.problem = _("The team has no registry %(host)s: add it first.") % {
                "host": missing[0]
            }
        elif entry.name in taken:
            entry.problem = _("The team has a mirror of that name already.")
        else:
            entry.problem = _unlike(entry.values)
        taken.add(entry.name)


def _unlike(values: dict[str, Any]) -> str:
    """What a column cannot hold, said before the rule is made; empty where all fits."""
    if values.get("existing", Existing.OVERWRITE) not in Existing.values:
        return _("“%(name)s” is none of %(names)s.") % {
            "name": str(values["existing"])[:40],
            "names": ", ".join(Existing.values),
        }
    if values.get("notify", Notify.RECOVERY) not in Notify.values:
        return _("“%(name)s” is none of %(names)s.") % {
            "name": str(values["notify"])[:40],
            "names": ", ".join(Notify.values),
        }
    try:
        if values.get("schedule"):
            values["schedule"] = check_cron(values["schedule"])
            next_time(values["schedule"], values.get("time_zone", "UTC"), after=datetime.now(UTC))
    except OciError as exc:
        return f"{exc.message} {exc.advice}"
    except (ValueError, KeyError, OSError):
        return _("There is no time zone “%(name)s”.") % {"name": str(values.get("time_zone"))[:40]}
    return ""


def create_entries(entries: Iterable[Entry], *, team: Team, user: User | None) -> list[Mirror]:
    """Make the rules that can be made; why another could not, its entry then says.

    Raises:
        PermissionDenied
    """
    made = []
    for entry in entries:
        if not entry.can_be_made:
            continue
        try:
            made.append(_create(entry, team, user))
        except OciError as exc:
            entry.problem = f"{exc.message} {exc.advice}".strip()
        except ValidationError as exc:
            entry.problem = " ".join(exc.messages)
    if made:
        record(
            Action.MIRRORS_IMPORTED,
            user=user,
            team=team,
            names=[mirror.name for mirror in made][:50],
        )
    return made


@transaction.atomic
def _create(entry: Entry, team: Team, user: User | None) -> Mirror:
    registries = {
        row.host: row
        for row in Registry.objects.filter(team=team, host__in=[entry.source, entry.target])
    }
    values = {
        **entry.values,
        "name": entry.name,
        "source_registry": registries[entry.source],
        "target_registry": registries[entry.target] if entry.target else None,
        "source_credential": _login(entry, registries[entry.source], entry.source_login),
        "target_credential": _login(entry, registries.get(entry.target), entry.target_login),
    }
    return create_mirror(team=team, user=user, values=values)


def _login(entry: Entry, registry: Registry | None, label: str) -> Credential | None:
    if not label or registry is None:
        return None
    found = Credential.objects.filter(registry=registry, label=label).first()
    if found is None:
        entry.remarks.append(
            _("There is no login “%(label)s”: the one that fits is used.") % {"label": label[:100]}
        )
    return found
