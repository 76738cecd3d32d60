"""What the commands that move images share: the team, the credential, the wait and the exit status."""

import logging
import shutil
import signal
import sys
from argparse import ArgumentParser
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from registry_ui.accounts.commands import team_named
from registry_ui.accounts.models import Team
from registry_ui.images.models import LocalImage
from registry_ui.images.services import find_image
from registry_ui.oci.errors import ManifestUnknown, OciError
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Credential
from registry_ui.registries.services import AmbiguousCredential, candidates_for, name_for

from ..following import follow, run_beside, stop
from ..models import Kind, State, Transfer
from ..situation import Situation
from ..terminal import Screen, closing, failure_lines, opening, printable

INTERRUPTED = 130


class TransferCommand(BaseCommand):
    def add_team_argument(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--team", help=_("the team's name or short name; not needed while there is only one")
        )

    def add_run_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--credential",
            metavar="LABEL",
            help=_("the credential to log in with, where several fit"),
        )
        self.add_way_arguments(parser)

    def add_way_arguments(self, parser: ArgumentParser) -> None:
        """Whose transfer it is, and who does the work."""
        self.add_team_argument(parser)
        parser.add_argument(
            "--plain-http",
            action="store_true",
            help=_("speak HTTP without TLS to a host that is no registry of the team"),
        )
        way = parser.add_mutually_exclusive_group()
        way.add_argument(
            "--now", action="store_true", help=_("do the work in this process, without a worker")
        )
        way.add_argument(
            "--detach",
            action="store_true",
            help=_("print the transfer's id and do not wait for its end"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.act(team_named(options.get("team")), options)
        except AmbiguousCredential as exc:
            self.fail_ambiguous(exc, "--credential")
        except OciError as exc:
            self.fail(exc.message, exc.advice)
        except CommandError as exc:
            self.fail(str(exc))

    def act(self, team: Team, options: dict[str, Any]) -> None:
        """The command itself.

        Raises:
            OciError, AmbiguousCredential
        """
        raise NotImplementedError

    def run_arguments(
        self, team: Team, reference: Reference, options: dict[str, Any]
    ) -> dict[str, Any]:
        """What every service that starts a transfer takes."""
        return {
            "team": team,
            "user": None,
            "credential": credential_named(team, reference, options["credential"]),
            "plain_http": options["plain_http"],
            "enqueue": not options["now"],
        }

    def finish(self, transfer: Transfer, options: dict[str, Any]) -> None:
        """Wait for the end and print it; the exit status says whether it succeeded."""
        if options["detach"]:
            self.stdout.write(str(transfer.pk))
            return
        # The screen says it all: log lines of a run in this process would tear it.
        logging.getLogger("transfers").setLevel(logging.WARNING)
        # A script that is told to end cancels its transfer as Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        before = local_target(transfer)
        screen = Screen(self._write, _terminal_size() if self.stdout.isatty() else None)
        if transfer.kind != Kind.TAG:
            screen.say(opening(transfer))
        try:
            ended = run_beside(transfer, screen) if options["now"] else follow(transfer, screen)
        except KeyboardInterrupt:
            self._interrupted(stop(transfer))
        self._report(ended, screen, before)

    def fail(self, cause: str, advice: str = "") -> NoReturn:
        self._complain(_("Error: %(cause)s") % {"cause": cause}, advice)
        sys.exit(1)

    def fail_ambiguous(self, exc: AmbiguousCredential, option: str) -> NoReturn:
        labels = " ".join(f"{option} {name!r}" for name in exc.names)
        self.fail(
            _("Several credentials fit equally well."),
            _("Choose one: %(labels)s") % {"labels": labels},
        )

    def _report(self, transfer: Transfer, screen: Screen, before: str) -> None:
        if transfer.state != State.SUCCEEDED:
            self._complain(*failure_lines(transfer))
            sys.exit(1)
        if note := Situation(transfer).note:
            screen.say(note)
        for line in closing(
            transfer, digest=_registry_digest(transfer), was_here=before == transfer.digest
        ):
            screen.say(line)

    def _interrupted(self, transfer: Transfer) -> NoReturn:
        """It may have ended by itself in the moment of the Ctrl-C: then that is said, not that it was cancelled."""
        if transfer.state == State.SUCCEEDED:
            self._complain(_("It had succeeded already when it should have been cancelled."))
        elif transfer.is_terminal:
            self._complain(*failure_lines(transfer))
        else:
            self._complain(_("Cancelling: the worker has not answered yet."))
        sys.exit(INTERRUPTED)

    def _complain(self, *lines: str) -> None:
        for line in lines:
            if line:
                self.stderr.write(printable(line))

    def _write(self, text: str) -> None:
        self.stdout.write(text, ending="")
        self.stdout.flush()


def local_target(transfer: Transfer) -> str:
    """The digest at which a pull's local name points now; empty where there is none."""
    image = _local(transfer)
    return image.digest if image else ""


def _registry_digest(transfer: Transfer) -> str:
    """What docker prints after a pull: the tag's digest on the registry, the index's even where one platform was kept."""
    image = _local(transfer)
    return image.source_digest or transfer.digest if image else transfer.digest


def _local(transfer: Transfer) -> LocalImage | None:
    if not transfer.target_is_local:
        return None
    try:
        return find_image(transfer.team, Reference.parse(transfer.target))
    except ManifestUnknown:
        return None


def credential_named(team: Team, reference: Reference, label: str | None) -> Credential | None:
    if not label:
        return None
    credentials = {
        name_for(each, team): each for each in candidates_for(team=team, reference=reference)
    }
    if label in credentials:
        return credentials[label]
    labels = ", ".join(credentials) or _("none")
    raise OciError(
        _("The team has no credential “%(label)s” for %(host)s.")
        % {"label": label, "host": reference.registry},
        advice=_("For this registry there are: %(labels)s.") % {"labels": labels},
    )


def _terminal_size() -> tuple[int, int]:
    size = shutil.get_terminal_size()
    return size.columns, size.lines
