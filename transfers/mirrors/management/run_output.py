"""The output and the exit statuses of `manage.py mirror`."""

import json
import logging
import signal
import sys
import threading
import time
from typing import Any, NamedTuple, Protocol

from django.core.management.base import OutputWrapper
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.accounts.models import Team
from registry_ui.oci.errors import OciError
from registry_ui.web.errors import describe
from registry_ui.web.quantities import binary_size, binary_speed, relative

from ...management.transfer_command import INTERRUPTED
from ...models import State
from ...terminal import printable
from ..archive import archive_run
from ..models import ItemAction, ItemState, Mirror, MirrorItem, MirrorRun
from ..run_queue import MIRROR_RUNS
from ..services import cancel_run, run_in_process, start_local_pull

OUT_OF_SYNC = 2
_HEADINGS = ("NAME", "SOURCE", "TARGET", "STATE", "LAST SUCCESS", "NEXT RUN")
_POLL_SECONDS = 0.25
_STOP_TIMEOUT_SECONDS = 20.0
_QUEUE_MESSAGE_SECONDS = 5.0
_REPORTED_ACTIONS = (ItemAction.NEW, ItemAction.CHANGED, ItemAction.EXTRA)


class Terminal(Protocol):
    """The two streams of a command."""

    @property
    def stdout(self) -> OutputWrapper: ...

    @property
    def stderr(self) -> OutputWrapper: ...


class _StderrTerminal(NamedTuple):
    """A terminal that keeps standard output free for an archive."""

    stdout: OutputWrapper
    stderr: OutputWrapper


def find_mirror(team: Team, name: str) -> Mirror:
    """Return a team's mirror by its name.

    Raises:
        OciError: there is none; the advice lists the existing names.
    """
    mirror = (
        Mirror.objects.filter(team=team, name=name)
        .select_related("source_registry", "target_registry", "team")
        .first()
    )

    if mirror is not None:
        return mirror

    # A wrong name is mostly a typing error, so the message lists the existing ones.
    names = list(Mirror.objects.filter(team=team).values_list("name", flat=True))
    if not names:
        raise OciError("mirror_missing", name=name)
    raise OciError("mirror_name_unknown", name=name, names=names)


def list_mirrors(command: Terminal, team: Team, *, as_json: bool) -> None:
    """Print a table, or one JSON object per line.

    The command exits with 1 if the latest run of a mirror failed.
    """
    mirrors = list(
        Mirror.objects.filter(team=team).select_related("source_registry", "target_registry")
    )
    if as_json:
        for mirror in mirrors:
            command.stdout.write(json.dumps(_document(mirror), ensure_ascii=False))
    else:
        _write_table(command, [_HEADINGS, *(_cells(mirror) for mirror in mirrors)])
    if any(mirror.last_state == State.FAILED for mirror in mirrors):
        sys.exit(1)


def finish(command: Terminal, run: MirrorRun, options: dict[str, Any]) -> None:
    """Wait for the end of a run, print it and exit with its status."""
    if options["detach"]:
        command.stdout.write(str(run.pk))
        return

    # Log lines would break the line of progress.
    logging.getLogger("transfers").setLevel(logging.WARNING)
    # SIGTERM cancels the run as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        ended = _run_in_thread(command, run) if options["now"] else _follow(command, run)
    except KeyboardInterrupt:
        _stop(run)
        command.stderr.write(
            _("Cancelled. What has arrived stays, so the next run moves only the rest.")
        )
        sys.exit(INTERRUPTED)

    _report(command, ended, is_full=options["all"])


def pull_to_local(command: Terminal, mirror: Mirror) -> None:
    """Pull the images of a mirror to the local images in this process.

    The command exits with 1 if a tag fails.

    Raises:
        OciError: the mirror has an active run.
    """
    run = start_local_pull(mirror=mirror, user=None, enqueue=False)
    finish(
        _StderrTerminal(OutputWrapper(sys.stderr), command.stderr),
        run,
        {"detach": False, "now": True, "all": False},
    )


def _run_in_thread(command: Terminal, run: MirrorRun) -> MirrorRun:
    # The main thread draws the progress and receives Ctrl-C.
    thread = threading.Thread(target=_run, args=(run,), name="mirror", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_POLL_SECONDS)
        _draw(command, run)
    return MirrorRun.objects.get(pk=run.pk)


def _run(run: MirrorRun) -> None:
    try:
        run_in_process(run)
    finally:
        # The connection of a thread is not closed by Django.
        connection.close()


def _follow(command: Terminal, run: MirrorRun) -> MirrorRun:
    reported, started_at = "", time.monotonic()
    while not (row := MirrorRun.objects.get(pk=run.pk)).is_terminal:
        # The command does not wait for hours until a registry allows pulls again.
        if row.is_postponed:
            return row

        problem = (
            MIRROR_RUNS.problem()
            if row.state == State.QUEUED and time.monotonic() - started_at > _QUEUE_MESSAGE_SECONDS
            else ""
        )

        if problem and problem != reported:
            command.stderr.write(printable(problem))
            reported = problem

        _draw(command, row)
        time.sleep(_POLL_SECONDS)

    return row


def _draw(command: Terminal, run: MirrorRun) -> None:
    """Overwrite one line of progress, on a terminal only."""
    if not command.stdout.isatty():
        return
    row = MirrorRun.objects.get(pk=run.pk)
    totals, progress = row.totals, row.progress
    copied = f"{totals.get('done', 0)}/{totals.get('new', 0) + totals.get('changed', 0)}"
    size, speed = binary_size(row.bytes_done), binary_speed(progress.get("speed"))
    line = f"{progress.get('phase', '')}  {copied}  {size}  {speed}"
    command.stdout.write(f"\r\x1b[K{line}", ending="")
    command.stdout.flush()


def _stop(run: MirrorRun) -> None:
    # The run stops at its next checkpoint, so the command waits a little.
    cancel_run(run=run, user=None)
    deadline = time.monotonic() + _STOP_TIMEOUT_SECONDS
    while not MirrorRun.objects.get(pk=run.pk).is_terminal and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _report(command: Terminal, run: MirrorRun, *, is_full: bool) -> None:
    # The line of progress must not mix with the table.
    if command.stdout.isatty():
        command.stdout.write("\r\x1b[K", ending="")

    items = MirrorItem.objects.filter(run=run)
    reported = (
        items
        if is_full
        else items.filter(action__in=_REPORTED_ACTIONS) | items.filter(state=ItemState.FAILED)
    )
    rows = [_item_cells(item) for item in reported]

    if rows:
        _write_table(command, [("ACTION", "STATE", "BYTES", "TAG", "WHY"), *rows])

    command.stdout.write(printable(_summary(run)))

    # Notes concern the whole run, such as repositories without tags.
    for note in run.progress.get("notes") or []:
        command.stdout.write(printable(note))

    if run.is_postponed:
        command.stdout.write(
            printable(
                _("Waits until %(time)s: %(reason)s")
                % {"time": run.postponed_until, "reason": describe(run.postponed_reason).sentence}
            )
        )
        sys.exit(1)

    if run.state != State.SUCCEEDED:
        error = describe(run.error)
        command.stderr.write(
            printable(_("Error: %(cause)s") % {"cause": error.sentence or State(run.state).label})
        )
        if error.advice:
            command.stderr.write(printable(error.advice))
        sys.exit(1)

    # Scripts see by the exit status that the target is out of sync.
    if run.is_plan and any(run.totals.get(name) for name in ("new", "changed")):
        sys.exit(OUT_OF_SYNC)


def _summary(run: MirrorRun) -> str:
    totals = run.totals
    counts = {name: totals.get(name, 0) for name in (*ItemAction.values, "failed")}
    line = (
        _(
            "%(new)d new, %(changed)d changed, %(up_to_date)d up to date, %(skipped)d skipped, "
            "%(extra)d extra, %(failed)d failed"
        )
        % counts
    )
    transferred = _("%(size)s to transfer") if run.is_plan else _("%(size)s transferred")
    size = {"size": binary_size(run.bytes_total if run.is_plan else run.bytes_done)}
    requests = ngettext("%(count)d request", "%(count)d requests", run.requests) % {
        "count": run.requests
    }

    return f"{line}; {transferred % size}; {requests}."


def _item_cells(item: MirrorItem) -> tuple[str, ...]:
    reason = describe(item.error).sentence or item.reason
    size = "" if item.bytes_total is None else binary_size(item.bytes_total)
    return (item.action, item.state, size, str(item), str(reason))


def _cells(mirror: Mirror) -> tuple[str, ...]:
    now = timezone.now()
    return (
        mirror.name,
        mirror.source_registry.host,
        mirror.target_host,
        _("paused") if mirror.paused else mirror.last_state or _("never run"),
        relative(mirror.last_success_at, now) if mirror.last_success_at else _("never"),
        mirror.next_run_at.isoformat(timespec="minutes") if mirror.next_run_at else _("by hand"),
    )


def _document(mirror: Mirror) -> dict[str, Any]:
    """Return a mirror as JSON for scripts, which rely on these names."""
    timestamps = {name: getattr(mirror, name) for name in ("last_success_at", "next_run_at")}

    # A mirror between registries may have an archive as well.
    archived = archive_run(mirror)
    return {
        "id": str(mirror.pk),
        "name": mirror.name,
        "source": mirror.source_registry.host,
        "target": mirror.target_registry.host if mirror.target_registry else None,
        "repositories": mirror.repositories,
        "schedule": mirror.schedule,
        "paused": mirror.paused,
        "last_state": mirror.last_state,
        "pulled_at": archived.finished_at.isoformat()
        if archived is not None and archived.finished_at
        else None,
        **{
            name: timestamp.isoformat() if timestamp else None
            for name, timestamp in timestamps.items()
        },
    }


def _write_table(command: Terminal, rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        command.stdout.write(printable("   ".join(cells).rstrip()))
