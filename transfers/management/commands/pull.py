from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.oci.reference import Reference
from transfers import services

from ..transfer_command import TransferCommand


class Command(TransferCommand):
    help = "Bring an image from its registry into the local images."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "reference", help=_("the image, as after docker pull: nginx:1.27-alpine")
        )
        parser.add_argument(
            "--platform",
            default="",
            help=_("os/architecture, such as linux/arm64; or all; this machine's by default"),
        )
        self.add_run_arguments(parser)

    def perform(self, team: Team, options: dict[str, Any]) -> None:
        reference = Reference.parse(options["reference"])
        arguments = self.run_arguments(team, reference, options)
        self.finish(
            services.start_pull(reference=reference, platform=options["platform"], **arguments),
            options,
        )
