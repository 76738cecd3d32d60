from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from transfers.mirrors.models import Trigger
from transfers.mirrors.services import start_plan, start_run

from ....management.transfer_command import TransferCommand
from ..mirror_files import add_import_arguments, export, import_file
from ..run_output import OUT_OF_SYNC, find_mirror, finish, list_mirrors


class Command(TransferCommand):
    help = (
        "List the mirrors of a team, plan one or run it; import rules from a file and export them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        listing = verbs.add_parser(
            "list",
            help=_("the mirrors of a team and how they stand; status 1 where one has failed"),
        )
        listing.add_argument(
            "--json", action="store_true", help=_("one JSON object a line, for scripts")
        )
        params = {"code": OUT_OF_SYNC}
        plan = verbs.add_parser(
            "plan",
            help=_("what a run would do; status 0 where nothing, %(code)d where something")
            % params,
        )
        run = verbs.add_parser(
            "run", help=_("run one; status 0 where all went well, 1 where a tag failed")
        )

        for verb in (plan, run):
            _add_run_arguments(verb)

        importing = verbs.add_parser(
            "import",
            help=_("make rules of a YAML file; status 1 where one of them could not be made"),
        )
        add_import_arguments(importing)
        exporting = verbs.add_parser(
            "export", help=_("print the rules of a team as YAML, which import reads back")
        )

        for verb in (listing, plan, run, importing, exporting):
            self.add_team_argument(verb)

    def perform(self, team: Team, options: dict[str, Any]) -> None:
        if options["verb"] == "list":
            list_mirrors(self, team, as_json=options["json"])
            return

        if options["verb"] == "import":
            import_file(self, team, options)
            return

        if options["verb"] == "export":
            export(self, team)
            return

        # All other verbs name one mirror.
        mirror = find_mirror(team, options["name"])
        if options["verb"] == "plan":
            started = start_plan(mirror=mirror, user=None, enqueue=not options["now"])
        else:
            started = start_run(
                mirror=mirror, user=None, trigger=Trigger.COMMAND, enqueue=not options["now"]
            )

        finish(self, started, options)


def _add_run_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("name", help=_("the mirror's name"))

    # `--now` needs no worker, and `--detach` does not wait for one.
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--now", action="store_true", help=_("do the work in this process, without a worker")
    )
    group.add_argument(
        "--detach", action="store_true", help=_("print the run's id and do not wait for its end")
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help=_("print every tag, also what is the same or left out"),
    )
