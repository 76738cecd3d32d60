"""`manage.py mirror import` and `mirror export`: rules from and to YAML."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.oci.errors import OciError
from registry_ui.registries.models import Registry
from registry_ui.registries.services import registry_for

from ..mirrors.files import Entry, Reading, create_entries, export_rules, read_file
from ..mirrors.files.exporting import LOCAL_TARGET
from ..mirrors.files.loading import LONGEST_FILE
from ..models import Mirror


def add_import_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file",
        help=_("YAML of regsync, of skopeo sync, or of `mirror export`; - is the standard input"),
    )
    parser.add_argument(
        "--target",
        metavar="HOST",
        help=_(
            "the registry to which the rules of skopeo's file lead; “local” is the local images"
        ),
    )
    parser.add_argument(
        "--dry-run", action="store_true", help=_("say what would be made, and make nothing")
    )


def import_file(command: BaseCommand, team: Team, options: dict[str, Any]) -> None:
    """
    Raises:
        CommandError: the file is none; or, with status 1, a rule of it could not be made.
    """
    reading = _read(team, options["file"], options["target"])
    made = [] if options["dry_run"] else create_entries(reading.entries, team=team, user=None)
    for entry in reading.entries:
        _tell(command, entry)
    command.stdout.write(
        _("%(made)d of %(count)d mirrors were made.")
        % {"made": len(made), "count": len(reading.entries)}
    )
    if any(not entry.can_be_made for entry in reading.entries):
        raise CommandError(_("Some could not be made: see above."))


def export(command: BaseCommand, team: Team) -> None:
    rows = Mirror.objects.filter(team=team).select_related(
        "source_registry", "target_registry", "source_credential", "target_credential"
    )
    command.stdout.write(export_rules(rows.order_by("name")), ending="")


def _read(team: Team, path: str, target: str | None) -> Reading:
    try:
        text = sys.stdin.read(LONGEST_FILE + 1) if path == "-" else Path(path).read_text()
    except (OSError, UnicodeDecodeError) as exc:
        raise CommandError(_("%(path)s cannot be read.") % {"path": path}) from exc
    try:
        reading = read_file(
            text, team=team, target=_target(team, target), has_target=target is not None
        )
    except OciError as exc:
        raise CommandError(f"{exc.message} {exc.advice}".strip()) from exc
    if reading.needs_target and target is None:
        raise CommandError(
            _(
                "The file names no target. Say where its rules lead: --target HOST, or --target local."
            )
        )
    return reading


def _target(team: Team, host: str | None) -> Registry | None:
    if host is None or host == LOCAL_TARGET:
        return None
    found = registry_for(team, host)
    if found is None:
        raise CommandError(_("The team has no registry %(host)s.") % {"host": host})
    return found


def _tell(command: BaseCommand, entry: Entry) -> None:
    sign = "✕" if entry.problem else "✓"
    command.stdout.write(f"{sign} {entry.name}")
    for line in [entry.problem, *entry.remarks]:
        if line:
            command.stdout.write(f"    {line}")
