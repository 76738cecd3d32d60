"""The numbers of a run, read from its row."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from registry_ui.jobs.models import State

from .models import MirrorRun

_ACTIONS = ("new", "changed", "up_to_date", "skipped", "extra")
_COUNTS = (
    *_ACTIONS,
    "waiting",
    "copying",
    "done",
    "failed",
    "deleted",
    "repositories",
    "new_repositories",
    "unselected",
    "unmeasured",
    "pulls",
)


@dataclass
class RunProgress:
    """The counts, bytes and times of one run or plan."""

    run: MirrorRun

    def count(self, name: str) -> int:
        return int(self.run.totals.get(name) or 0)

    @property
    def counts(self) -> dict[str, int]:
        return {name: self.count(name) for name in _COUNTS}

    @property
    def to_copy(self) -> int:
        """The number of tags that are new or changed at the source."""
        return self.count("new") + self.count("changed")

    @property
    def percent(self) -> int | None:
        """The share of the bytes, or of the tags without any; None while the total is unknown."""
        run = self.run
        if run.state == State.SUCCEEDED:
            return 100
        # Until the comparison has ended, the number of tags to copy still grows.
        if run.progress.get("phase") in (None, "listing", "comparing"):
            return None

        # Bytes describe the remaining time better than tags.
        if run.bytes_total:
            return min(100, int(run.bytes_done * 100 / self.expected_bytes))
        return int(self.count("done") * 100 / self.to_copy) if self.to_copy else None

    @property
    def is_estimated(self) -> bool:
        """Return whether the total includes images whose manifests were not read yet."""
        return bool(self.run.progress.get("estimated_bytes"))

    @property
    def expected_bytes(self) -> int:
        return self.run.bytes_total + int(self.run.progress.get("estimated_bytes") or 0)

    @property
    def speed(self) -> float | None:
        """The bytes per second; None unless the run is at work."""
        return self.run.progress.get("speed") if self.run.state == State.RUNNING else None

    @property
    def seconds_left(self) -> int | None:
        return self.run.progress.get("seconds_left") if self.run.state == State.RUNNING else None

    @property
    def pause(self) -> dict[str, Any] | None:
        """The seconds and the reason for which a registry delays all requests."""
        return self.run.progress.get("pause") if self.run.state == State.RUNNING else None

    @property
    def layers(self) -> list[dict[str, Any]]:
        """The layers in transfer, with a shortened digest each."""
        if self.run.state != State.RUNNING:
            return []
        return [
            {**layer, "short": str(layer.get("digest", "")).partition(":")[2][:12]}
            for layer in self.run.progress.get("layers") or []
        ]

    @property
    def duration(self) -> timedelta | None:
        if self.run.started_at is None:
            return None
        return (self.run.finished_at or timezone.now()) - self.run.started_at


def action_counts(run: MirrorRun) -> dict[str, int]:
    """Return the number of a run's items by action, of the failed ones, and of all."""
    by_action = {name: Count("pk", filter=Q(action=name)) for name in _ACTIONS}
    counts = run.items.aggregate(
        **by_action,
        failed=Count("pk", filter=Q(state="failed")),
        all=Count("pk"),
    )
    return {name: int(count) for name, count in counts.items()}
