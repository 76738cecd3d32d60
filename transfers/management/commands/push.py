from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.oci.reference import Reference
from transfers import services

from ..transfer_command import TransferCommand


class Command(TransferCommand):
    help = "Send a local image to the registry that its name says."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "reference",
            help=_("the local image, as after docker push: registry.example.com/team/app:1.0"),
        )
        self.add_run_arguments(parser)

    def perform(self, team: Team, options: dict[str, Any]) -> None:
        reference = Reference.parse(options["reference"])
        self.finish(
            services.start_push(
                reference=reference, **self.run_arguments(team, reference, options)
            ),
            options,
        )
