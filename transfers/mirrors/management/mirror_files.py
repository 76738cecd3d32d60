"""The file commands: `manage.py mirror import` and `mirror export`."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.credentials.services import find_registry
from registry_ui.oci.errors import OciError
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe

from ..files import Entry, ParsedFile, create_entries, export_mirrors, read_file
from ..files.exporter import LOCAL_TARGET
from ..files.yaml_document import MAX_FILE_LENGTH
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
    """Create the mirrors of a YAML file, or list them with `--dry-run`.

    Raises:
        CommandError: the file is invalid; or, with status 1, a mirror of it was not created.
    """
    parsed_file = _read(team, options["file"], options["target"])

    # A dry run reads and checks the file as well.
    created = (
        [] if options["dry_run"] else create_entries(parsed_file.entries, team=team, user=None)
    )
    for entry in parsed_file.entries:
        _print_entry(command, entry)
    command.stdout.write(
        _("%(made)d of %(count)d mirrors were made.")
        % {"made": len(created), "count": len(parsed_file.entries)}
    )
    if any(not entry.is_importable for entry in parsed_file.entries):
        raise CommandError(_("Some could not be made: see above."))


def export(command: BaseCommand, team: Team) -> None:
    rows = Mirror.objects.filter(team=team).select_related(
        "source_registry", "target_registry", "source_credential", "target_credential"
    )
    command.stdout.write(export_mirrors(rows.order_by("name")), ending="")


def _read(team: Team, path: str, target: str | None) -> ParsedFile:
    try:
        # One character more than allowed, so that a longer input is refused.
        text = sys.stdin.read(MAX_FILE_LENGTH + 1) if path == "-" else Path(path).read_text()
    except (OSError, UnicodeDecodeError) as exc:
        raise CommandError(_("%(path)s cannot be read.") % {"path": path}) from exc

    try:
        parsed_file = read_file(
            text, team=team, target=_target(team, target), has_target=target is not None
        )
    except OciError as exc:
        raise CommandError(str(describe(exc))) from exc

    if parsed_file.needs_target and target is None:
        raise CommandError(
            _(
                "The file names no target. Say where its rules lead: --target HOST, or --target "
                "local."
            )
        )

    return parsed_file


def _target(team: Team, host: str | None) -> Registry | None:
    if host is None or host == LOCAL_TARGET:
        return None
    registry = find_registry(team, host)
    if registry is None:
        raise CommandError(_("The team has no registry %(host)s.") % {"host": host})
    return registry


def _print_entry(command: BaseCommand, entry: Entry) -> None:
    sign = "✕" if entry.problem else "✓"
    command.stdout.write(f"{sign} {entry.name}")
    for line in [entry.problem, *entry.warnings]:
        if line:
            command.stdout.write(f"    {line}")
