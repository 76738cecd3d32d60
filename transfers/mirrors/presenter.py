"""The texts and badges of mirrors and their runs, for pages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.jobs.models import State
from registry_ui.web.quantities import duration

from .models import Mirror, MirrorRun, RepositoryDrift
from .progress import RunProgress
from .schedule import allowed_age, describe_cron, next_run

_RATED_RUNS = 20
_ENDED = (State.SUCCEEDED, State.FAILED)


@dataclass
class RunPresenter:
    """One run or plan in words; `progress` has its numbers."""

    run: MirrorRun

    @cached_property
    def progress(self) -> RunProgress:
        return RunProgress(self.run)

    @property
    def tone(self) -> str:
        """The tone of the run's badge."""
        return "paused" if self.run.is_postponed else str(self.run.state)

    @property
    def is_stopping(self) -> bool:
        return self.run.cancel_requested_at is not None and not self.run.is_terminal

    @property
    def label(self) -> str:
        """The text of the run's badge."""
        run = self.run
        if run.is_postponed:
            return _("Postponed")
        if self.is_stopping:
            return _("Stopping")
        if run.is_local_pull and run.state == State.RUNNING:
            return _("Bringing here")
        if run.state == State.FAILED and not run.is_plan and self.progress.count("done"):
            return _("Partly failed")
        return str(State(run.state).label)

    @property
    def activity(self) -> str:
        """The present step of the run."""
        run = self.run
        if run.is_postponed:
            return _("Waits for the registry's limit")
        if run.state == State.QUEUED:
            return _("Waits for a worker")

        phases = {
            "listing": _("Lists the repositories and tags"),
            "comparing": _("Compares both sides"),
            "copying": _("Copies what differs"),
            "verifying": _("Compares what was copied"),
            "deleting": _("Deletes extras"),
        }

        return phases.get(str(run.progress.get("phase", "")), _("Begins"))

    @property
    def time_left(self) -> str:
        seconds = self.progress.seconds_left
        return duration(seconds) if seconds is not None else ""

    @property
    def notes(self) -> list[str]:
        return list(self.run.progress.get("notes") or [])

    @property
    def summary(self) -> str:
        """The outcome in a few words, for a list."""
        count = self.progress.count
        to_copy = self.progress.to_copy if self.run.is_plan else 0
        parts = [
            (count("done"), ngettext("%(count)d copied", "%(count)d copied", count("done"))),
            (count("failed"), ngettext("%(count)d failed", "%(count)d failed", count("failed"))),
            (
                count("deleted"),
                ngettext("%(count)d deleted", "%(count)d deleted", count("deleted")),
            ),
            (to_copy, ngettext("%(count)d to copy", "%(count)d to copy", to_copy)),
            (
                count("up_to_date"),
                ngettext("%(count)d up to date", "%(count)d up to date", count("up_to_date")),
            ),
        ]

        return ", ".join(text % {"count": number} for number, text in parts if number)

    @property
    def fingerprint(self) -> str:
        """A value that changes with anything outside the page's part that only shows numbers."""
        return f"{self.run.state}-{self.label}-{self.run.attempt}"


@dataclass
class DriftSummary:
    """The pairs of a mirror, counted by their state."""

    pairs: int = 0
    in_sync: int = 0
    behind: int = 0
    extra: int = 0
    failed: int = 0


@dataclass
class MirrorStatus:
    """A mirror's state for a page.

    Args:
        rate: the percentage of its latest `rated` runs that succeeded; None before the first end.
    """

    mirror: Mirror
    active: RunPresenter | None = None
    rate: int | None = None
    rated: int = 0
    drift: DriftSummary | None = None
    is_all_paused: bool = False

    @property
    def schedule_text(self) -> str:
        return describe_cron(self.mirror.schedule)

    @property
    def is_paused(self) -> bool:
        return self.mirror.paused or self.is_all_paused

    @property
    def next_run_at(self) -> datetime | None:
        return None if self.is_paused else self.mirror.next_run_at

    @property
    def is_waiting(self) -> bool:
        """Return whether the next run is due while the previous one is still active."""
        due = self.next_run_at
        return self.active is not None and due is not None and due <= timezone.now()

    @cached_property
    def is_late(self) -> bool:
        """Return whether the latest success is older than the schedule allows."""
        mirror, now = self.mirror, timezone.now()
        if not mirror.schedule or self.is_paused:
            return False
        limit = allowed_age(mirror.schedule, mirror.time_zone, now=now)
        return limit is not None and now - (mirror.last_success_at or mirror.created_at) > limit

    @property
    def has_failed(self) -> bool:
        return self.mirror.last_state == State.FAILED

    @property
    def tone(self) -> str:
        """The tone of the mirror's badge."""
        if self.active is not None:
            return self.active.tone
        return str(self.mirror.last_state or "unknown")

    @property
    def label(self) -> str:
        """The text of the mirror's badge."""
        if self.active is not None:
            return self.active.label
        if not self.mirror.last_state:
            return _("Has not run")
        return str(State(self.mirror.last_state).label)


def mirror_statuses(
    mirrors: Iterable[Mirror], *, is_all_paused: bool = False
) -> list[MirrorStatus]:
    """Return the status of each mirror, with a fixed number of queries."""
    rows = list(mirrors)
    runs = MirrorRun.objects.active().filter(mirror__in=rows, is_plan=False).order_by("created_at")
    active = {run.mirror_id: RunPresenter(run) for run in runs}

    # One query each, however many mirrors the page shows.
    rates, drifts = _rates(rows), _drifts(rows)

    # A mirror has at most one active run, plans aside.
    statuses = []

    for mirror in rows:
        succeeded, rated = rates[mirror.pk]
        statuses.append(
            MirrorStatus(
                mirror,
                active=active.get(mirror.pk),
                rate=round(100 * succeeded / rated) if rated else None,
                rated=rated,
                drift=drifts.get(mirror.pk),
                is_all_paused=is_all_paused,
            )
        )

    return statuses


def mirror_status(mirror: Mirror) -> MirrorStatus:
    return mirror_statuses([mirror], is_all_paused=hasattr(mirror.team, "mirror_pause"))[0]


def _rates(mirrors: Sequence[Mirror]) -> dict[Any, tuple[int, int]]:
    """Return by mirror: the successes among its latest runs, and the number of these runs."""
    # One query for all mirrors: a window numbers the runs of each.
    age_rank = Window(RowNumber(), partition_by=F("mirror"), order_by=F("created_at").desc())
    ended = MirrorRun.objects.to_target().filter(mirror__in=mirrors, state__in=_ENDED)
    latest = ended.order_by().annotate(age_rank=age_rank).filter(age_rank__lte=_RATED_RUNS)

    rates = {mirror.pk: (0, 0) for mirror in mirrors}
    for pk, state in latest.values_list("mirror", "state"):
        succeeded, count = rates[pk]
        rates[pk] = (succeeded + (state == State.SUCCEEDED), count + 1)
    return rates


def _drifts(mirrors: Sequence[Mirror]) -> dict[Any, DriftSummary]:
    drifts: dict[Any, DriftSummary] = {}
    for pair in RepositoryDrift.objects.filter(mirror__in=mirrors, compared_at__isnull=False):
        drift = drifts.setdefault(pair.mirror_id, DriftSummary())
        drift.pairs += 1
        drift.in_sync += pair.is_in_sync
        drift.behind += pair.behind
        drift.extra += pair.extra
        drift.failed += bool(pair.failed or pair.mismatched)
    return drifts


def upcoming_runs(mirror: Mirror, count: int = 5) -> list[datetime]:
    """Return the next times of a mirror in the viewer's time zone."""
    timestamps: list[datetime] = []
    after = timezone.now()
    while len(timestamps) < count:
        timestamp = next_run(mirror, after=after)
        if timestamp is None:
            break
        timestamps.append(timezone.localtime(timestamp))
        after = timestamp
    return timestamps
