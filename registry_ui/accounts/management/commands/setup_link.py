from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.urls import reverse
from django.utils.translation import gettext as _

from registry_ui.accounts import services
from registry_ui.environment import env


class Command(BaseCommand):
    help = "Print the one-time link that makes the first administrator. Earlier links stop working."

    def add_arguments(self, parser: CommandParser) -> None:
        # The command runs without a request, so the host is not known.
        url = env.str("URL", "") or "http://" + env.str("LISTEN", "127.0.0.1:8000")
        parser.add_argument(
            "--base-url", default=url, help="Where this installation is reached (%(default)s)."
        )

    def handle(self, *args: Any, base_url: str, **options: Any) -> None:
        try:
            token = services.issue_setup_token()
        except services.SetupRefused:
            self.stdout.write(
                _("This installation is set up already: sign in at %(url)s") % {"url": base_url}
            )
            return
        self.stdout.write(base_url.rstrip("/") + reverse("accounts:setup", args=[token]))
