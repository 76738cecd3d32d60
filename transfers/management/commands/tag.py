from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.images.services import find_image
from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe
from transfers import services
from transfers.models import State
from transfers.presenter import TransferPresenter
from transfers.terminal import failure_lines

from ..transfer_command import TransferCommand


class Command(TransferCommand):
    help = "Give a local image one more name; with --remote, an image on its registry one more tag."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help=_("the image as it is named now"))
        parser.add_argument("target", help=_("the new name"))
        parser.add_argument(
            "--remote",
            action="store_true",
            help=_("tag on the registry: one manifest is sent, nothing is kept here"),
        )
        self.add_run_arguments(parser)

    def perform(self, team: Team, options: dict[str, Any]) -> None:
        source, target = Reference.parse(options["source"]), Reference.parse(options["target"])
        if options["remote"]:
            arguments = self.run_arguments(team, target, options)
            self.finish(services.start_retag(source=source, target=target, **arguments), options)
            return

        # A local tag needs no worker, so there is nothing to wait for.
        transfer = services.start_tag(team=team, user=None, source=source, target=target)
        if transfer.state != State.SUCCEEDED:
            error = describe(transfer.error)
            self.fail(error.sentence or failure_lines(transfer)[0], error.advice)

        if note := TransferPresenter(transfer).note:
            self.stdout.write(note)
        image_id = Digest.parse(find_image(team, target).image_id).short
        parameters = {"source": source.familiar, "target": target.familiar, "id": image_id}
        self.stdout.write(_("%(source)s and %(target)s are both image %(id)s.") % parameters)
