import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from registry_ui.accounts.sealing import TrailBroken, seal, verify


class Command(BaseCommand):
    help = "Walks the chain over the activity: ends with 1 and names the first event that was changed, taken out or put in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--noted",
            metavar="PLACE:HASH",
            help="what an earlier walk printed and you kept elsewhere",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        noted = _noted(options["noted"])
        try:
            verified = verify(noted)
        except TrailBroken as exc:
            raise CommandError(str(exc)) from exc
        if verified.unsealed:
            seal()
            verified = verify(noted)
        self.stdout.write(_("The trail is whole: %(count)d events.") % {"count": verified.position})
        self.stdout.write(f"{verified.position}:{verified.hash}")


def _noted(text: str | None) -> tuple[int, str] | None:
    if not text:
        return None
    found = re.fullmatch(r"(\d+):([0-9a-f]{64})", text)
    if found is None:
        raise CommandError(
            _("--noted is a place and a hash, as this command prints them: 120:4f5a…")
        )
    return int(found[1]), found[2]
