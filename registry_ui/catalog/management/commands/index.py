import logging
import signal
import sys
import threading
import time
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.accounts.team_argument import find_team
from registry_ui.catalog.index_queue import INDEX_RUNS
from registry_ui.catalog.indexing import index_services
from registry_ui.catalog.models import IndexRun
from registry_ui.jobs.models import State
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import normalise_host
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe

_INTERRUPTED = 130
_POLL_SECONDS = 0.25
_STOP_SECONDS = 20.0


class Command(BaseCommand):
    help = "Looks at what a registry, or one of its repositories, holds, and keeps it in the index."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "name",
            nargs="?",
            default="",
            help=_("HOST or HOST/REPOSITORY; every registry of the team by default"),
        )
        parser.add_argument(
            "--team", help=_("the team's name or short name; not needed while there is only one")
        )
        parser.add_argument(
            "--now", action="store_true", help=_("do the work in this process, without a worker")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # Log lines of a run in this process would break the progress line of a terminal.
        logging.getLogger("registry_ui.catalog.indexing").setLevel(logging.WARNING)
        # SIGTERM cancels the run, as Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)

        try:
            runs = [
                self._follow(
                    index_services.start_index(
                        registry=registry,
                        user=None,
                        repository=repository,
                        enqueue=not options["now"],
                    ),
                    options,
                )
                for registry, repository in _selected(find_team(options["team"]), options["name"])
            ]
        except OciError as exc:
            raise CommandError(str(describe(exc))) from None

        if any(run.state != State.SUCCEEDED for run in runs):
            sys.exit(1)

    def _follow(self, run: IndexRun, options: dict[str, Any]) -> IndexRun:
        """Print the progress of a run until it has ended, and return its row."""
        thread = threading.Thread(target=_run, args=(run,), name="index-run", daemon=True)
        if options["now"]:
            thread.start()
        # Without a worker the command would wait for ever and say nothing.
        elif problem := INDEX_RUNS.problem():
            self.stderr.write(f"{problem} {_('With --now the command does the work itself.')}")

        try:
            printed = ""
            # With --now, a thread that died has left no end state to wait for.
            while not run.is_terminal and (thread.is_alive() or not options["now"]):
                printed = self._print_progress(run, printed)
                time.sleep(_POLL_SECONDS)
                run.refresh_from_db()
            if options["now"]:
                thread.join()
            run.refresh_from_db()
        except KeyboardInterrupt:
            self._stop(run)

        self._report(run)
        return run

    def _print_progress(self, run: IndexRun, printed: str) -> str:
        """Print a line per phase, or on a terminal one line that is overwritten.

        Returns:
            What was printed, for the next call: the phase, or the line of a terminal.
        """
        line = _progress_line(run)
        is_terminal = self.stdout.isatty()
        current = line if is_terminal else str(run.progress.get("phase", ""))
        if not line or current == printed:
            return current

        if is_terminal:
            # Carriage return, then “erase to the end of the line”.
            self.stdout.write(f"\r\x1b[K{line}", ending="")
        else:
            self.stdout.write(line)
        self.stdout.flush()
        return current

    def _report(self, run: IndexRun) -> None:
        if self.stdout.isatty():
            self.stdout.write("\r\x1b[K", ending="")
        if run.state == State.SUCCEEDED:
            self.stdout.write(_closing_line(run))
        elif run.error:
            self.stderr.write(f"{run}: {describe(run.error)}")
        else:
            self.stderr.write(f"{run}: {run.get_state_display()}")

    def _stop(self, run: IndexRun) -> NoReturn:
        index_services.cancel_index(run, None)
        deadline = time.monotonic() + _STOP_SECONDS
        # A second Ctrl-C gives up waiting.
        with suppress(KeyboardInterrupt):
            while not run.is_terminal and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
                run.refresh_from_db()
        self.stderr.write(f"\n{run}: {run.get_state_display()}")
        sys.exit(_INTERRUPTED)


def _run(run: IndexRun) -> None:
    try:
        index_services.run_index_inline(run)
    finally:
        # The connection belongs to this thread; Django does not close it.
        connection.close()


def _selected(team: Team, name: str) -> list[tuple[Registry, str]]:
    # The command line has no user, so all registries of the team are visible.
    registries = Registry.objects.filter(team=team).select_related("team")
    if not name:
        return [(registry, "") for registry in registries]
    host, _slash, repository = name.partition("/")
    registry = registries.filter(host=normalise_host(host)).first()
    if registry is None:
        raise CommandError(_("The team has no registry %(host)s.") % {"host": host[:100]})
    return [(registry, index_services.repository_name(registry, repository) if repository else "")]


def _progress_line(run: IndexRun) -> str:
    progress = run.progress
    if run.state == State.QUEUED or not progress:
        return _("%(run)s: waiting") % {"run": run}
    if pause := progress.get("pause"):
        return _("%(run)s: pausing for %(seconds)d s: %(reason)s") % {"run": run, **pause}

    values = {"run": run, **progress}
    if progress["phase"] == "listing":
        return _("%(run)s: listing; repositories so far: %(repositories)d") % values
    if progress["phase"] == "counting":
        return _("%(run)s: counting") % values
    return (
        _(
            "%(run)s: looking; repositories: %(repositories_done)d of %(repositories)d; "
            "tags: %(tags_done)d of %(tags)d; "
        )
        % values
        + _("manifests fetched: %(fetched)d") % values
    )


def _closing_line(run: IndexRun) -> str:
    progress = run.progress
    values = {"run": run, **progress}
    parts = [
        _(
            "%(run)s: done; repositories: %(repositories)d; tags: %(tags)d; "
            "manifests fetched: %(fetched)d; requests: %(requests)d"
        )
        % values
    ]

    if progress["problems"] or progress["tag_problems"]:
        parts.append(
            _("could not be looked at: repositories %(problems)d, tags %(tag_problems)d") % values
        )
    if progress["skipped"]:
        parts.append(_("not fetched, because the registry counts pulls: tags %(skipped)d") % values)
    return "; ".join(parts)
