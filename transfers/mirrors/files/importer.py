"""Import of mirrors: read a file, check it against the team, create the mirrors."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Team, User
from registry_ui.credentials.models import Credential
from registry_ui.oci.errors import OciError
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe

from ..models import ConflictPolicy, Mirror, NotificationPolicy
from ..schedule import check_cron, next_cron_time
from ..services.mirrors import create_mirror
from . import native_format, regsync, skopeo
from .entry import Entry
from .yaml_document import InvalidFile, load

_MAX_MIRRORS = 500


@dataclass
class ParsedFile:
    """The entries of a file.

    Args:
        needs_target: whether the file names no target, so that the person selects one.
    """

    kind: str
    entries: list[Entry] = field(default_factory=list)
    needs_target: bool = False


def read_file(
    text: str, *, team: Team, target: Registry | None = None, has_target: bool = False
) -> ParsedFile:
    """Return the entries of a file of any known format.

    Args:
        target: the target of a file that names none, if `has_target`; None is the local images.

    Raises:
        InvalidFile
    """
    # The formats are told apart by their members, not by the name of the file.
    document = load(text)
    if native_format.is_own(document):
        parsed_file = ParsedFile("registry-ui", list(native_format.read(document)))
    elif regsync.is_regsync(document):
        parsed_file = ParsedFile("regsync", list(regsync.read(document)))
    elif skopeo.is_skopeo(document):
        parsed_file = ParsedFile("skopeo sync", list(skopeo.read(document)), needs_target=True)
        for entry in parsed_file.entries:
            entry.target = target.host if target is not None else ""
    else:
        raise InvalidFile("file_without_rules")

    if len(parsed_file.entries) > _MAX_MIRRORS:
        raise InvalidFile("file_has_too_many_rules", limit=_MAX_MIRRORS)

    # The entries can be checked only when their target is known.
    if not parsed_file.needs_target or has_target:
        _check_entries(team, parsed_file.entries)

    return parsed_file


def _check_entries(team: Team, entries: Iterable[Entry]) -> None:
    """Set the problem of each entry that the team's registries or names rule out."""
    hosts = set(Registry.objects.filter(team=team).values_list("host", flat=True))
    used_names = set(Mirror.objects.filter(team=team).values_list("name", flat=True))
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
        elif entry.name in used_names:
            entry.problem = _("The team has a mirror of that name already.")
        else:
            entry.problem = _column_problem(entry.values)

        # Two entries of one file may have the same name too.
        used_names.add(entry.name)


def _column_problem(values: dict[str, Any]) -> str:
    """Return which column has an invalid value; empty if all are valid."""
    if values.get("conflict_policy", ConflictPolicy.OVERWRITE) not in ConflictPolicy.values:
        return _("“%(name)s” is none of %(names)s.") % {
            "name": str(values["conflict_policy"])[:40],
            "names": ", ".join(ConflictPolicy.values),
        }

    if (
        values.get("notification_policy", NotificationPolicy.RECOVERY)
        not in NotificationPolicy.values
    ):
        return _("“%(name)s” is none of %(names)s.") % {
            "name": str(values["notification_policy"])[:40],
            "names": ", ".join(NotificationPolicy.values),
        }

    try:
        if values.get("schedule"):
            values["schedule"] = check_cron(values["schedule"])
            next_cron_time(
                values["schedule"], values.get("time_zone", "UTC"), after=datetime.now(UTC)
            )
    except OciError as exc:
        return str(describe(exc))
    except (ValueError, KeyError, OSError):
        # `zoneinfo` raises these for an unknown name, or one that is a path.
        return _("There is no time zone “%(name)s”.") % {"name": str(values.get("time_zone"))[:40]}

    return ""


def create_entries(entries: Iterable[Entry], *, team: Team, user: User | None) -> list[Mirror]:
    """Create the importable mirrors; a failed one has its `problem` set.

    Raises:
        PermissionDenied
    """
    created = []
    for entry in entries:
        if not entry.is_importable:
            continue

        # One failing entry must not undo the others.
        try:
            created.append(_create(entry, team, user))
        except OciError as exc:
            entry.problem = str(describe(exc))
        except ValidationError as exc:
            entry.problem = " ".join(exc.messages)

    # One audit entry for the whole file.
    if created:
        record(
            Action.MIRRORS_IMPORTED,
            user=user,
            team=team,
            # An event has short details, however many mirrors the file has.
            names=[mirror.name for mirror in created][:50],
        )

    return created


@transaction.atomic
def _create(entry: Entry, team: Team, user: User | None) -> Mirror:
    # The hosts were checked when the file was read.
    registries = {
        row.host: row
        for row in Registry.objects.filter(team=team, host__in=[entry.source, entry.target])
    }
    values = {
        **entry.values,
        "name": entry.name,
        "source_registry": registries[entry.source],
        "target_registry": registries[entry.target] if entry.target else None,
        "source_credential": _find_credential(entry, registries[entry.source], entry.source_login),
        "target_credential": _find_credential(
            entry, registries.get(entry.target), entry.target_login
        ),
    }

    return create_mirror(team=team, user=user, values=values)


def _find_credential(entry: Entry, registry: Registry | None, label: str) -> Credential | None:
    if not label or registry is None:
        return None
    credential = Credential.objects.filter(registry=registry, label=label).first()
    if credential is None:
        entry.warnings.append(
            _("There is no login “%(label)s”: the one that fits is used.") % {"label": label[:100]}
        )
    return credential
