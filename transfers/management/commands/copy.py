from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.credentials.services import AmbiguousCredential
from registry_ui.oci.reference import Reference
from transfers import services
from transfers.login_choice import choose_login

from ..transfer_command import TransferCommand, find_credential


class Command(TransferCommand):
    help = (
        "Copy an image from one registry to another, or to another name on the same one: "
        "nothing is kept here."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help=_("the image, as after docker pull: nginx:1.27-alpine"))
        parser.add_argument(
            "target", help=_("its name there: registry.example.com/web/nginx:1.27-alpine")
        )
        parser.add_argument(
            "--platform",
            default="all",
            help=_(
                "os/architecture, such as linux/arm64, which changes the digest; all by default"
            ),
        )
        parser.add_argument(
            "--source-credential",
            metavar="LABEL",
            help=_("the credential to log in with at the source, where several fit"),
        )
        parser.add_argument(
            "--target-credential",
            metavar="LABEL",
            help=_("the credential to log in with at the target, where several fit"),
        )
        # Without --credential of the other commands: a copy has two logins.
        self.add_execution_arguments(parser)

    def perform(self, team: Team, options: dict[str, Any]) -> None:
        source, target = Reference.parse(options["source"]), Reference.parse(options["target"])

        try:
            transfer = services.start_copy(
                team=team,
                user=None,
                source=source,
                target=target,
                platform=options["platform"],
                source_credential=find_credential(team, source, options["source_credential"]),
                target_credential=find_credential(team, target, options["target_credential"]),
                plain_http=options["plain_http"],
                enqueue=not options["now"],
            )
        except AmbiguousCredential as exc:
            # The exception does not tell which of the two look-ups failed.
            is_source = (
                not options["source_credential"]
                and choose_login(team=team, reference=source, push=False).is_ambiguous
            )
            self.fail_ambiguous(exc, "--source-credential" if is_source else "--target-credential")
        self.finish(transfer, options)
