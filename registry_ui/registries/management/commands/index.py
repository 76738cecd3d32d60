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

from registry_ui.accounts.commands import team_named
from registry_ui.accounts.models import Team
from registry_ui.jobs.models import State
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import normalise_host
from registry_ui.registries.indexing import services
from registry_ui.registries.models import IndexRun, Registry
from registry_ui.registries.queueing import INDEX_RUNS

_INTERRUPTED = 130
_LOOK_SECONDS = 0.25
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
        # The progress says it all: log lines of a run in this process would tear it.
        logging.getLogger("registry_ui.registries.indexing").setLevel(logging.WARNING)
        # A script that is told to end cancels its run as Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            runs = [
                self._follow(
                    services.start_index(
                        registry=registry,
                        user=None,
                        repository=repository,
                        enqueue=not options["now"],
                    ),
                    options,
                )
                for registry, repository in _wanted(team_named(options["team"]), options["name"])
            ]
        except OciError as exc:
            raise CommandError(f"{exc.message} {exc.advice}".strip()) from None
        if any(run.state != State.SUCCEEDED for run in runs):
            sys.exit(1)

    def _follow(self, run: IndexRun, options: dict[str, Any]) -> IndexRun:
        """Print how far it is until it has ended; the row as it is then."""
        thread = threading.Thread(target=_run, args=(run,), name="index-run", daemon=True)
        if options["now"]:
            thread.start()
        elif trouble := INDEX_RUNS.trouble():
            self.stderr.write(f"{trouble} {_('With --now the command does the work itself.')}")
        try:
            said = ""
            while not run.is_terminal and (thread.is_alive() or not options["now"]):
                said = self._say(run, said)
                time.sleep(_LOOK_SECONDS)
                run.refresh_from_db()
            thread.join() if options["now"] else None
            run.refresh_from_db()
        except KeyboardInterrupt:
            self._stop(run)
        self._report(run)
        return run

    def _say(self, run: IndexRun, said: str) -> str:
        """A line a phase; on a terminal one that is renewed all the time."""
        line = _progress_line(run)
        is_terminal = self.stdout.isatty()
        mark = line if is_terminal else str(run.progress.get("phase", ""))
        if line and mark != said:
            self.stdout.write(
                f"\r\x1b[K{line}" if is_terminal else line, ending="" if is_terminal else "\n"
            )
            self.stdout.flush()
        return mark

    def _report(self, run: IndexRun) -> None:
        if self.stdout.isatty():
            self.stdout.write("\r\x1b[K", ending="")
        if run.state == State.SUCCEEDED:
            self.stdout.write(_closing_line(run))
        elif run.error:
            self.stderr.write(f"{run}: {run.error['message']} {run.error['advice']}".strip())
        else:
            self.stderr.write(f"{run}: {run.get_state_display()}")

    def _stop(self, run: IndexRun) -> NoReturn:
        services.cancel_index(run, None)
        deadline = time.monotonic() + _STOP_SECONDS
        with suppress(KeyboardInterrupt):
            while not run.is_terminal and time.monotonic() < deadline:
                time.sleep(_LOOK_SECONDS)
                run.refresh_from_db()
        self.stderr.write(f"\n{run}: {run.get_state_display()}")
        sys.exit(_INTERRUPTED)


def _run(run: IndexRun) -> None:
    try:
        services.run_index_here(run)
    finally:
        connection.close()


def _wanted(team: Team, name: str) -> list[tuple[Registry, str]]:
    registries = Registry.objects.filter(team=team).select_related("team")
    if not name:
        return [(registry, "") for registry in registries]
    host, _slash, repository = name.partition("/")
    registry = registries.filter(host=normalise_host(host)).first()
    if registry is None:
        raise CommandError(_("The team has no registry %(host)s.") % {"host": host[:100]})
    return [(registry, services.repository_name(registry, repository) if repository else "")]


def _progress_line(run: IndexRun) -> str:
    progress = run.progress
    if run.state == State.QUEUED or not progress:
        return _("%(run)s: waiting") % {"run": run}
    if pause := progress.get("pause"):
        return _("%(run)s: pausing for %(seconds)d s: %(reason)s") % {"run": run, **pause}
    words = {"run": run, **progress}
    if progress["phase"] == "listing":
        return _("%(run)s: listing; repositories so far: %(repositories)d") % words
    if progress["phase"] == "counting":
        return _("%(run)s: counting") % words
    return (
        _(
            "%(run)s: looking; repositories: %(repositories_done)d of %(repositories)d; tags: %(tags_done)d of %(tags)d; "
        )
        % words
        + _("manifests fetched: %(fetched)d") % words
    )


def _closing_line(run: IndexRun) -> str:
    progress = run.progress
    words = {"run": run, **progress}
    parts = [
        _(
            "%(run)s: done; repositories: %(repositories)d; tags: %(tags)d; manifests fetched: %(fetched)d; requests: %(requests)d"
        )
        % words
    ]
    if progress["problems"] or progress["tag_problems"]:
        parts.append(
            _("could not be looked at: repositories %(problems)d, tags %(tag_problems)d") % words
        )
    if progress["spared"]:
        parts.append(_("not fetched, because the registry counts pulls: tags %(spared)d") % words)
    return "; ".join(parts)
