import json
from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.oci.errors import StoredError
from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe
from registry_ui.web.quantities import binary_size, relative
from transfers.models import State, Transfer
from transfers.terminal import printable

from ..transfer_command import TransferCommand

_HEADINGS = ("ID", "KIND", "STATE", "IMAGE", "MOVED", "WHEN", "BY")


class Command(TransferCommand):
    help = "List the transfers of a team, newest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        self.add_team_argument(parser)
        parser.add_argument("--state", choices=State.values, help=_("only those in this state"))
        parser.add_argument(
            "--limit", type=int, default=20, help=_("how many at most (%(default)s)")
        )
        parser.add_argument(
            "--json", action="store_true", help=_("one JSON object a line, for scripts")
        )

    def perform(self, team: Team, options: dict[str, Any]) -> None:
        # The model orders them by age, newest first.
        rows = Transfer.objects.filter(team=team)
        if options["state"]:
            rows = rows.filter(state=options["state"])
        transfers = list(rows[: max(options["limit"], 0)])

        # One object per line, so that a script can process them one by one.
        if options["json"]:
            for transfer in transfers:
                self.stdout.write(json.dumps(_document(transfer), ensure_ascii=False))
            return
        for line in _format_table([_HEADINGS, *(_cells(transfer) for transfer in transfers)]):
            self.stdout.write(line)


def _cells(row: Transfer) -> tuple[str, ...]:
    return (
        str(row.pk),
        row.kind,
        row.state,
        Reference.parse(row.target).familiar,
        binary_size(row.bytes_done),
        relative(row.created_at, timezone.now()),
        row.requested_by or _("command line"),
    )


def _format_table(rows: list[tuple[str, ...]]) -> list[str]:
    # The last column is not padded: `rstrip` keeps copied lines short.
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)]
        lines.append(printable("   ".join(cells).rstrip()))
    return lines


def _document(row: Transfer) -> dict[str, Any]:
    """Return a transfer as JSON for scripts, which rely on these names."""
    columns = ("created_at", "started_at", "finished_at")
    timestamps = {name: getattr(row, name) for name in columns}
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "state": row.state,
        "source": row.source,
        "target": row.target,
        "digest": row.digest,
        "bytes_done": row.bytes_done,
        "bytes_total": row.bytes_total,
        "error": _error_document(row.error),
        "requested_by": row.requested_by,
        **{name: time.isoformat() if time else None for name, time in timestamps.items()},
    }


def _error_document(error: StoredError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    text = describe(error)
    return {**error, "message": text.sentence, "advice": text.advice}
