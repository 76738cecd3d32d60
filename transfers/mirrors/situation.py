"""What a rule's and a run's rows mean, for a page: words, shares, what is late."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.jobs.models import State
from registry_ui.web.quantities import duration

from ..models import Mirror, MirrorPair, MirrorRun
from .schedule import allowed_age, in_words, next_run

_RATED_RUNS = 20
_ENDED = (State.SUCCEEDED, State.FAILED)


@dataclass
class RunNow:
    """One run or plan."""

    run: MirrorRun

    @property
    def look(self) -> str:
        return "paused" if self.run.is_parked else str(self.run.state)

    @property
    def is_stopping(self) -> bool:
        return self.run.cancel_requested_at is not None and not self.run.is_terminal

    @property
    def label(self) -> str:
        run = self.run
        if run.is_parked:
            return _("Parked")
        if self.is_stopping:
            return _("Stopping")
        if run.is_staging and run.state == State.RUNNING:
            return _("Bringing here")
        if run.state == State.FAILED and not run.is_plan and self.count("done"):
            return _("Partly failed")
        return str(State(run.state).label)

    @property
    def words(self) -> str:
        """What it does now."""
        run = self.run
        if run.is_parked:
            return _("Waits for the registry's limit")
        if run.state == State.QUEUED:
            return _("Waits for a worker")
        phases = {
            "listing": _("Lists the repositories and tags"),
            "comparing": _("Compares both sides"),
            "moving": _("Copies what differs"),
            "verifying": _("Compares what was copied"),
            "deleting": _("Deletes extras"),
        }
        return phases.get(str(run.progress.get("phase", "")), _("Begins"))

    def count(self, name: str) -> int:
        return int(self.run.totals.get(name) or 0)

    @property
    def counts(self) -> dict[str, int]:
        names = (
            "new",
            "changed",
            "same",
            "skipped",
            "extra",
            "waiting",
            "moving",
            "done",
            "failed",
            "deleted",
            "repositories",
            "new_repositories",
        )
        return {name: self.count(name) for name in (*names, "unselected", "unmeasured", "pulls")}

    @property
    def seen(self) -> int:
        return sum(self.count(name) for name in ("new", "changed", "same", "skipped", "extra"))

    @property
    def to_do(self) -> int:
        return self.count("new") + self.count("changed")

    @property
    def percent(self) -> int | None:
        """Of the bytes where there are any, else of the tags; None while nobody knows the whole."""
        run = self.run
        if run.state == State.SUCCEEDED:
            return 100
        if run.progress.get("phase") in (None, "listing", "comparing"):
            return None
        if run.bytes_total:
            return min(100, int(run.bytes_done * 100 / self.expected_bytes))
        return int(self.count("done") * 100 / self.to_do) if self.to_do else None

    @property
    def is_estimate(self) -> bool:
        """Whether some images have not begun, so that nobody knows their bytes."""
        return bool(self.run.progress.get("to_come"))

    @property
    def expected_bytes(self) -> int:
        return self.run.bytes_total + int(self.run.progress.get("to_come") or 0)

    @property
    def speed(self) -> float | None:
        return self.run.progress.get("speed") if self.run.state == State.RUNNING else None

    @property
    def time_left(self) -> str:
        seconds = self.run.progress.get("seconds_left")
        return duration(seconds) if self.run.state == State.RUNNING and seconds is not None else ""

    @property
    def pause(self) -> dict[str, Any] | None:
        return self.run.progress.get("pause") if self.run.state == State.RUNNING else None

    @property
    def layers(self) -> list[dict[str, Any]]:
        found = self.run.progress.get("layers") or [] if self.run.state == State.RUNNING else []
        return [
            {**layer, "short": str(layer.get("digest", "")).partition(":")[2][:12]}
            for layer in found
        ]

    @property
    def notes(self) -> list[str]:
        return list(self.run.progress.get("notes") or [])

    @property
    def duration(self) -> timedelta | None:
        if self.run.started_at is None:
            return None
        return (self.run.finished_at or timezone.now()) - self.run.started_at

    @property
    def summary(self) -> str:
        """In a few words, for a list."""
        parts = []
        if done := self.count("done"):
            parts.append(ngettext("%(count)d copied", "%(count)d copied", done) % {"count": done})
        if failed := self.count("failed"):
            parts.append(
                ngettext("%(count)d failed", "%(count)d failed", failed) % {"count": failed}
            )
        if deleted := self.count("deleted"):
            parts.append(
                ngettext("%(count)d deleted", "%(count)d deleted", deleted) % {"count": deleted}
            )
        if self.run.is_plan and self.to_do:
            parts.append(
                ngettext("%(count)d to copy", "%(count)d to copy", self.to_do)
                % {"count": self.to_do}
            )
        if same := self.count("same"):
            parts.append(
                ngettext("%(count)d the same", "%(count)d the same", same) % {"count": same}
            )
        return ", ".join(parts)

    @property
    def stamp(self) -> str:
        """Changes with whatever stands outside of the part that only numbers change in."""
        return f"{self.run.state}-{self.label}-{self.run.attempt}"


@dataclass
class Drift:
    """A rule's pairs together."""

    pairs: int = 0
    in_sync: int = 0
    behind: int = 0
    extra: int = 0
    troubled: int = 0


@dataclass
class MirrorNow:
    """One rule. `rate` is of its latest runs, in percent; None while none has ended."""

    mirror: Mirror
    active: RunNow | None = None
    rate: int | None = None
    rated: int = 0
    drift: Drift | None = None
    is_all_paused: bool = False

    @property
    def schedule_words(self) -> str:
        return in_words(self.mirror.schedule)

    @property
    def is_paused(self) -> bool:
        return self.mirror.paused or self.is_all_paused

    @property
    def next_run_at(self) -> datetime | None:
        return None if self.is_paused else self.mirror.next_run_at

    @property
    def is_waiting(self) -> bool:
        """Whether its time has come while its run before goes on."""
        due = self.next_run_at
        return self.active is not None and due is not None and due <= timezone.now()

    @cached_property
    def is_late(self) -> bool:
        """Whether it has not succeeded for longer than its schedule allows."""
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
        """As a badge has it."""
        if self.active is not None:
            return self.active.look
        return str(self.mirror.last_state or "unknown")

    @property
    def label(self) -> str:
        if self.active is not None:
            return self.active.label
        return (
            str(State(self.mirror.last_state).label) if self.mirror.last_state else _("Has not run")
        )


def situations(mirrors: Iterable[Mirror], *, is_all_paused: bool = False) -> list[MirrorNow]:
    """All of them with a handful of queries."""
    rows = list(mirrors)
    active = {
        run.mirror_id: run
        for run in MirrorRun.objects.active()
        .filter(mirror__in=rows, is_plan=False)
        .order_by("created_at")
    }
    rates, drifts = _rates(rows), _drifts(rows)
    return [
        MirrorNow(
            mirror,
            active=RunNow(active[mirror.pk]) if mirror.pk in active else None,
            rate=round(100 * rates[mirror.pk][0] / rates[mirror.pk][1])
            if rates[mirror.pk][1]
            else None,
            rated=rates[mirror.pk][1],
            drift=drifts.get(mirror.pk),
            is_all_paused=is_all_paused,
        )
        for mirror in rows
    ]


def situation_of(mirror: Mirror) -> MirrorNow:
    return situations([mirror], is_all_paused=hasattr(mirror.team, "mirror_pause"))[0]


def _rates(mirrors: Sequence[Mirror]) -> dict[Any, tuple[int, int]]:
    """Of each rule's latest runs, how many succeeded, of how many."""
    place = Window(RowNumber(), partition_by=F("mirror"), order_by=F("created_at").desc())
    ended = MirrorRun.objects.mirroring().filter(mirror__in=mirrors, state__in=_ENDED)
    found = {mirror.pk: (0, 0) for mirror in mirrors}
    for pk, state in (
        ended.order_by()
        .annotate(place=place)
        .filter(place__lte=_RATED_RUNS)
        .values_list("mirror", "state")
    ):
        succeeded, count = found[pk]
        found[pk] = (succeeded + (state == State.SUCCEEDED), count + 1)
    return found


def _drifts(mirrors: Sequence[Mirror]) -> dict[Any, Drift]:
    drifts: dict[Any, Drift] = {}
    for pair in MirrorPair.objects.filter(mirror__in=mirrors, looked_at__isnull=False):
        drift = drifts.setdefault(pair.mirror_id, Drift())
        drift.pairs += 1
        drift.in_sync += pair.is_in_sync
        drift.behind += pair.behind
        drift.extra += pair.extra
        drift.troubled += bool(pair.failed or pair.mismatched)
    return drifts


def coming_runs(mirror: Mirror, count: int = 5) -> list[datetime]:
    """In the viewer's time zone; none where it is paused or only runs when asked."""
    moments: list[datetime] = []
    after = timezone.now()
    while len(moments) < count and (moment := next_run(mirror, after=after)) is not None:
        moments.append(timezone.localtime(moment))
        after = moment
    return moments


def action_counts(run: MirrorRun) -> dict[str, int]:
    """How many of a run's items there are of each action, and how many failed."""
    rows = run.items.aggregate(
        **{
            name: Count("pk", filter=Q(action=name))
            for name in ("new", "changed", "same", "skipped", "extra")
        },
        failed=Count("pk", filter=Q(state="failed")),
        all=Count("pk"),
    )
    return {name: int(count) for name, count in rows.items()}
