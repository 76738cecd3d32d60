"""The base class of the commands that transfer images."""

import logging
import shutil
import signal
import sys
from argparse import ArgumentParser
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.accounts.team_argument import find_team
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import AmbiguousCredential, list_candidates, name_for
from registry_ui.images.models import LocalImage
from registry_ui.images.services import find_image
from registry_ui.oci.errors import ManifestUnknown, OciError
from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe

from ..command_wait import cancel_and_wait, run_in_thread, wait_for_end
from ..models import Kind, State, Transfer
from ..presenter import TransferPresenter
from ..terminal import Screen, closing_lines, failure_lines, opening_line, printable

# 128 + SIGINT, the exit status that a shell reports after Ctrl-C
INTERRUPTED = 130


class TransferCommand(BaseCommand):
    """A command that starts a transfer, waits for its end and exits with its status."""

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
        self.add_execution_arguments(parser)

    def add_execution_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments for the team, plain HTTP and the process that does the work."""
        self.add_team_argument(parser)
        parser.add_argument(
            "--plain-http",
            action="store_true",
            help=_("speak HTTP without TLS to a host that is no registry of the team"),
        )

        # A run in this process ends with it, so it cannot be detached.
        process = parser.add_mutually_exclusive_group()
        process.add_argument(
            "--now", action="store_true", help=_("do the work in this process, without a worker")
        )
        process.add_argument(
            "--detach",
            action="store_true",
            help=_("print the transfer's id and do not wait for its end"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.perform(find_team(options.get("team")), options)
        # Every error ends with status 1 and two lines, and never with a traceback.
        except AmbiguousCredential as exc:
            self.fail_ambiguous(exc, "--credential")
        except OciError as exc:
            error = describe(exc)
            self.fail(error.sentence, error.advice)
        except CommandError as exc:
            self.fail(str(exc))

    def perform(self, team: Team, options: dict[str, Any]) -> None:
        """Perform the command.

        Raises:
            OciError, AmbiguousCredential
        """
        raise NotImplementedError

    def run_arguments(
        self, team: Team, reference: Reference, options: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the arguments that every service for transfers accepts."""
        return {
            "team": team,
            # The command line has no user; see `check_role`.
            "user": None,
            "credential": find_credential(team, reference, options["credential"]),
            "plain_http": options["plain_http"],
            "enqueue": not options["now"],
        }

    def finish(self, transfer: Transfer, options: dict[str, Any]) -> None:
        """Wait for the end of a transfer, print it and exit with its status."""
        if options["detach"]:
            self.stdout.write(str(transfer.pk))
            return

        # Log lines of a run in this process would break the redrawn lines.
        logging.getLogger("transfers").setLevel(logging.WARNING)
        # SIGTERM cancels the transfer as Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)

        # Read before the run, for docker's “Image is up to date”.
        previous_digest = local_target_digest(transfer)
        screen = Screen(self._write, _terminal_size() if self.stdout.isatty() else None)
        if transfer.kind != Kind.TAG:
            screen.print(opening_line(transfer))
        wait = run_in_thread if options["now"] else wait_for_end
        try:
            ended = wait(transfer, screen)
        except KeyboardInterrupt:
            self._exit_interrupted(cancel_and_wait(transfer))
        self._report(ended, screen, previous_digest)

    def fail(self, cause: str, advice: str = "") -> NoReturn:
        self._write_errors(_("Error: %(cause)s") % {"cause": cause}, advice)
        sys.exit(1)

    def fail_ambiguous(self, exc: AmbiguousCredential, option: str) -> NoReturn:
        labels = " ".join(f"{option} {name!r}" for name in exc.names)
        self.fail(
            _("Several credentials fit equally well."),
            _("Choose one: %(labels)s") % {"labels": labels},
        )

    def _report(self, transfer: Transfer, screen: Screen, previous_digest: str) -> None:
        if transfer.state != State.SUCCEEDED:
            self._write_errors(*failure_lines(transfer))
            sys.exit(1)

        if note := TransferPresenter(transfer).note:
            screen.print(note)
        was_present = previous_digest == transfer.digest
        for line in closing_lines(
            transfer, digest=_registry_digest(transfer), was_present=was_present
        ):
            screen.print(line)

    def _exit_interrupted(self, transfer: Transfer) -> NoReturn:
        # It can have ended by itself just before Ctrl-C.
        if transfer.state == State.SUCCEEDED:
            self._write_errors(_("It had succeeded already when it should have been cancelled."))
        elif transfer.is_terminal:
            self._write_errors(*failure_lines(transfer))
        else:
            self._write_errors(_("Cancelling: the worker has not answered yet."))
        sys.exit(INTERRUPTED)

    def _write_errors(self, *lines: str) -> None:
        for line in lines:
            if line:
                self.stderr.write(printable(line))

    def _write(self, text: str) -> None:
        # The lines are redrawn in place, so they must not wait in a buffer.
        self.stdout.write(text, ending="")
        self.stdout.flush()


def local_target_digest(transfer: Transfer) -> str:
    """Return the digest of the transfer's local target; empty if there is none."""
    image = _find_local_target(transfer)
    return image.digest if image else ""


def _registry_digest(transfer: Transfer) -> str:
    """Return the digest that docker prints: the tag's on the registry."""
    image = _find_local_target(transfer)
    if image is None:
        return transfer.digest
    # A pull of one platform stores its manifest, while the tag points at the index.
    return image.source_digest or transfer.digest


def _find_local_target(transfer: Transfer) -> LocalImage | None:
    if not transfer.target_is_local:
        return None
    try:
        return find_image(transfer.team, Reference.parse(transfer.target))
    except ManifestUnknown:
        return None


def find_credential(team: Team, reference: Reference, label: str | None) -> Credential | None:
    """Return the credential with the label; None without a label.

    Raises:
        OciError: there is no such credential for the reference.
    """
    if not label:
        return None

    # By the full name: credentials of two teams can have the same label.
    credentials = {
        name_for(credential, team): credential
        for credential in list_candidates(team=team, reference=reference)
    }
    if label in credentials:
        return credentials[label]
    if not credentials:
        raise OciError("credential_missing", label=label, host=reference.registry)
    raise OciError(
        "credential_label_unknown",
        label=label,
        host=reference.registry,
        labels=list(credentials),
    )


def _terminal_size() -> tuple[int, int]:
    size = shutil.get_terminal_size()
    return size.columns, size.lines
