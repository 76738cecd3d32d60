import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from registry_ui.accounts.audit.chain import AuditChainBroken, seal_audit_log, verify


class Command(BaseCommand):
    help = (
        "Walks the chain over the activity: ends with 1 and names the first event that was "
        "changed, taken out or put in."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--noted",
            metavar="PLACE:HASH",
            help="what an earlier walk printed and you kept elsewhere",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        checkpoint = _parse_checkpoint(options["noted"])
        try:
            verification = verify(checkpoint)
        except AuditChainBroken as exc:
            raise CommandError(str(exc)) from exc

        # Seal what the scheduler has not sealed yet, so that the printed hash covers all events.
        if verification.unsealed:
            seal_audit_log()
            verification = verify(checkpoint)

        count = verification.position
        self.stdout.write(_("The trail is whole: %(count)d events.") % {"count": count})
        self.stdout.write(f"{verification.position}:{verification.hash}")


def _parse_checkpoint(text: str | None) -> tuple[int, str] | None:
    if not text:
        return None
    match = re.fullmatch(r"(\d+):([0-9a-f]{64})", text)
    if match is None:
        raise CommandError(
            _("--noted is a place and a hash, as this command prints them: 120:4f5a…")
        )
    return int(match[1]), match[2]
