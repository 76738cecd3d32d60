"""What `manage.py mirror` prints, and the statuses that it ends with."""

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
from registry_ui.web.quantities import binary_size, binary_speed, relative

from ..mirrors.exporting import latest_brought
from ..mirrors.queueing import MIRROR_RUNS
from ..mirrors.services import cancel_run, run_here, start_staging
from ..models import ItemAction, ItemState, Mirror, MirrorItem, MirrorRun, State
from ..terminal import printable
from .running import INTERRUPTED

OUT_OF_LINE = 2
_HEADINGS = ("NAME", "SOURCE", "TARGET", "STATE", "LAST SUCCESS", "NEXT RUN")
_LOOK_SECONDS = 0.25
_STOP_SECONDS = 20.0
_PATIENCE = 5.0
_TOLD = (ItemAction.NEW, ItemAction.CHANGED, ItemAction.EXTRA)


class Terminal(Protocol):
    """Where a command writes."""

    @property
    def stdout(self) -> OutputWrapper: ...

    @property
    def stderr(self) -> OutputWrapper: ...


class _Beside(NamedTuple):
    """For a command whose standard output may be what it makes."""

    stdout: OutputWrapper
    stderr: OutputWrapper


def mirror_named(team: Team, name: str) -> Mirror:
    """
    Raises:
        OciError: with the names that there are.
    """
    found = (
        Mirror.objects.filter(team=team, name=name)
        .select_related("source_registry", "target_registry", "team")
        .first()
    )
    if found is not None:
        return found
    names = ", ".join(Mirror.objects.filter(team=team).values_list("name", flat=True)) or _("none")
    raise OciError(
        _("The team has no mirror “%(name)s”.") % {"name": name},
        advice=_("There are: %(names)s.") % {"names": names},
    )


def list_mirrors(command: Terminal, team: Team, *, as_json: bool) -> None:
    """A table, or a line a mirror; the command ends with 1 where the latest run of one has failed."""
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
    """Wait for the end and print it; the exit status says what came of it."""
    if options["detach"]:
        command.stdout.write(str(run.pk))
        return
    logging.getLogger("transfers").setLevel(logging.WARNING)
    # A script that is told to end cancels its run as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        ended = _run_beside(command, run) if options["now"] else _follow(command, run)
    except KeyboardInterrupt:
        _stop(run)
        command.stderr.write(
            _("Cancelled. What has arrived stays, so the next run moves only the rest.")
        )
        sys.exit(INTERRUPTED)
    _report(command, ended, tells_all=options["all"])


def bring_here(command: Terminal, mirror: Mirror) -> None:
    """Bring a rule's images here in this process, as `mirror run --now` brings them to its target. The command ends with 1 where
    not all of them arrive.

    Raises:
        OciError: the rule runs at this moment.
    """
    run = start_staging(mirror=mirror, user=None, enqueue=False)
    finish(
        _Beside(OutputWrapper(sys.stderr), command.stderr),
        run,
        {"detach": False, "now": True, "all": False},
    )


def _run_beside(command: Terminal, run: MirrorRun) -> MirrorRun:
    thread = threading.Thread(target=_run, args=(run,), name="mirror", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_LOOK_SECONDS)
        _draw(command, run)
    return MirrorRun.objects.get(pk=run.pk)


def _run(run: MirrorRun) -> None:
    try:
        run_here(run)
    finally:
        connection.close()


def _follow(command: Terminal, run: MirrorRun) -> MirrorRun:
    said, began = "", time.monotonic()
    while not (row := MirrorRun.objects.get(pk=run.pk)).is_terminal:
        if row.is_parked:
            return row
        trouble = (
            MIRROR_RUNS.trouble()
            if row.state == State.QUEUED and time.monotonic() - began > _PATIENCE
            else ""
        )
        if trouble and trouble != said:
            command.stderr.write(printable(trouble))
            said = trouble
        _draw(command, row)
        time.sleep(_LOOK_SECONDS)
    return row


def _draw(command: Terminal, run: MirrorRun) -> None:
    """One line that is written over, on a terminal only."""
    if not command.stdout.isatty():
        return
    row = MirrorRun.objects.get(pk=run.pk)
    totals, progress = row.totals, row.progress
    moved = f"{totals.get('done', 0)}/{totals.get('new', 0) + totals.get('changed', 0)}"
    words = f"{progress.get('phase', '')}  {moved}  {binary_size(row.bytes_done)}  {binary_speed(progress.get('speed'))}"
    command.stdout.write(f"\r\x1b[K{words}", ending="")
    command.stdout.flush()


def _stop(run: MirrorRun) -> None:
    cancel_run(run=run, user=None)
    deadline = time.monotonic() + _STOP_SECONDS
    while not MirrorRun.objects.get(pk=run.pk).is_terminal and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)


def _report(command: Terminal, run: MirrorRun, *, tells_all: bool) -> None:
    if command.stdout.isatty():
        command.stdout.write("\r\x1b[K", ending="")
    items = MirrorItem.objects.filter(run=run)
    shown = (
        items
        if tells_all
        else items.filter(action__in=_TOLD) | items.filter(state=ItemState.FAILED)
    )
    rows = [_item_cells(item) for item in shown]
    if rows:
        _write_table(command, [("ACTION", "STATE", "BYTES", "TAG", "WHY"), *rows])
    command.stdout.write(printable(_summary(run)))
    for note in run.progress.get("notes") or []:
        command.stdout.write(printable(note))
    if run.is_parked:
        command.stdout.write(
            printable(
                _("Waits until %(time)s: %(reason)s")
                % {"time": run.parked_until, "reason": run.parked_reason}
            )
        )
        sys.exit(1)
    if run.state != State.SUCCEEDED:
        error = run.error or {}
        command.stderr.write(
            printable(
                _("Error: %(cause)s") % {"cause": error.get("message") or State(run.state).label}
            )
        )
        if error.get("advice"):
            command.stderr.write(printable(str(error["advice"])))
        sys.exit(1)
    if run.is_plan and any(run.totals.get(name) for name in ("new", "changed")):
        sys.exit(OUT_OF_LINE)


def _summary(run: MirrorRun) -> str:
    totals = run.totals
    words = {name: totals.get(name, 0) for name in (*ItemAction.values, "failed")}
    line = (
        _(
            "%(new)d new, %(changed)d changed, %(same)d the same, %(skipped)d left out, %(extra)d extra, %(failed)d failed"
        )
        % words
    )
    moved = _("%(size)s to move") if run.is_plan else _("%(size)s moved")
    size = {"size": binary_size(run.bytes_total if run.is_plan else run.bytes_done)}
    requests = ngettext("%(count)d request", "%(count)d requests", run.requests) % {
        "count": run.requests
    }
    return f"{line}; {moved % size}; {requests}."


def _item_cells(item: MirrorItem) -> tuple[str, ...]:
    why = (item.error or {}).get("message") or item.reason
    size = "" if item.bytes_total is None else binary_size(item.bytes_total)
    return (item.action, item.state, size, str(item), str(why))


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
    """For scripts: the names and forms here stay as they are."""
    moments = {name: getattr(mirror, name) for name in ("last_success_at", "next_run_at")}
    brought = latest_brought(mirror)
    return {
        "id": str(mirror.pk),
        "name": mirror.name,
        "source": mirror.source_registry.host,
        "target": mirror.target_registry.host if mirror.target_registry else None,
        "repositories": mirror.repositories,
        "schedule": mirror.schedule,
        "paused": mirror.paused,
        "last_state": mirror.last_state,
        "brought_at": brought.finished_at.isoformat()
        if brought is not None and brought.finished_at
        else None,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }


def _write_table(command: Terminal, rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        command.stdout.write(printable("   ".join(cells).rstrip()))
