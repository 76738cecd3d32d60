"""The index status of a registry or repository: its last run, and the progress of a running one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.jobs.models import ACTIVE_STATES, State
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe

from ..index_queue import INDEX_RUNS
from ..indexing import index_services
from ..models import IndexRun, Repository


@dataclass(frozen=True, slots=True)
class ProgressBar:
    """The progress of one kind of work; `total` is None while it is unknown."""

    label: str
    text: str
    done: int
    total: int | None


class IndexStatus:
    """The latest index run of a registry or of one repository, as the page shows it."""

    def __init__(
        self, registry: Registry, repository: Repository | None, run: IndexRun | None
    ) -> None:
        self.registry = registry
        self.repository = repository
        self.run = run

    @classmethod
    def latest(cls, registry: Registry, repository: Repository | None = None) -> "IndexStatus":
        run = index_services.latest_run(registry, repository.name if repository else "")
        return cls(registry, repository, run)

    @property
    def is_active(self) -> bool:
        return self.run is not None and self.run.state in ACTIVE_STATES

    @property
    def is_stopping(self) -> bool:
        return (
            self.run is not None
            and self.run.state == State.RUNNING
            and self.run.cancel_requested_at is not None
        )

    @property
    def indexed_at(self) -> datetime | None:
        """The time of the last success."""
        return (self.repository or self.registry).indexed_at

    @cached_property
    def latest_success(self) -> IndexRun | None:
        """The latest run, if the last success is its own."""
        run, indexed_at = self.run, self.indexed_at
        if run is None or indexed_at is None or run.started_at is None:
            return None
        if run.state != State.SUCCEEDED:
            return None

        # A run of the whole registry updates a repository too, outside the span of this run.
        is_own = run.started_at <= indexed_at <= (run.finished_at or indexed_at)
        return run if is_own else None

    @property
    def duration(self) -> timedelta | None:
        run = self.latest_success
        if run is None or run.finished_at is None or run.started_at is None:
            return None
        return run.finished_at - run.started_at

    @property
    def has_failed(self) -> bool:
        return self.run is not None and self.run.state == State.FAILED

    @property
    def was_cancelled(self) -> bool:
        return self.run is not None and self.run.state == State.CANCELLED

    @property
    def phase(self) -> str:
        return str(self._progress.get("phase") or "")

    @property
    def label(self) -> str:
        """A phrase for the status line and for screen readers."""
        if self.run is None:
            return ""
        if self.is_stopping:
            return _("Stopping")
        return self._phase_label() if self.run.state == State.RUNNING else self._state_label()

    @property
    def announcement_key(self) -> str:
        """A key that changes with the label, and not with the counters.

        A screen reader announces a change of the live region, so the page must not renew it often.
        """
        return f"{self.run.pk}-{self.run.state}-{self.phase}-{self.is_stopping}" if self.run else ""

    @property
    def queue_problem(self) -> str:
        """The reason for which a queued run does not start; empty if there is none."""
        if self.run is None or self.run.state != State.QUEUED:
            return ""
        return INDEX_RUNS.problem()

    @property
    def bars(self) -> list[ProgressBar]:
        if self.phase == "listing":
            # The length of the list is unknown until its last page.
            count = _formatted(self._count("repositories"))
            return [ProgressBar(_("Repositories found"), count, 0, None)]

        # A run of one repository has one repository, so a bar for it says nothing.
        tags = self._bar(_("Tags"), "tags")
        return [tags] if self.repository else [self._bar(_("Repositories"), "repositories"), tags]

    @property
    def fetched(self) -> int:
        return self._count("fetched")

    @property
    def problems(self) -> int:
        """The number of repositories that the latest run could not index."""
        return self._count("problems")

    @property
    def skipped_message(self) -> str:
        """A sentence about tags that were left out to save pulls; empty if there are none."""
        count = self._count("skipped")
        if not count:
            return ""

        # Two sentences: the first one needs a plural.
        left = ngettext(
            "%(count)d tag was left for later", "%(count)d tags were left for later", count
        ) % {"count": count}
        return _(
            "%(left)s: the registry counts pulls, and few are left. "
            "Opening a tag fetches it at once."
        ) % {"left": left}

    @property
    def pause_reason(self) -> str:
        return describe(self._pause.get("reason")).sentence

    @property
    def pause_seconds(self) -> int:
        return int(self._pause.get("seconds") or 0)

    @property
    def _progress(self) -> dict[str, Any]:
        return self.run.progress if self.run is not None else {}

    @property
    def _pause(self) -> dict[str, Any]:
        # The row of a finished run may keep the pause of its last heartbeat.
        return (self._progress.get("pause") or {}) if self.is_active else {}

    def _count(self, name: str) -> int:
        return int(self._progress.get(name) or 0)

    def _bar(self, label: str, name: str) -> ProgressBar:
        done, total = self._count(f"{name}_done"), self._count(name)
        # The first list of tags has not arrived yet.
        if not total:
            return ProgressBar(label, _("counting"), 0, None)
        text = _("%(done)s of %(total)s") % {"done": _formatted(done), "total": _formatted(total)}
        return ProgressBar(label, text, done, total)

    def _phase_label(self) -> str:
        return {
            "listing": _("Reading the list of repositories"),
            "indexing": _("Looking at the tags"),
            "counting": _("Adding up sizes"),
        }.get(self.phase, _("Starting"))

    def _state_label(self) -> str:
        assert self.run is not None
        return {
            State.QUEUED: _("Waiting for a worker"),
            State.FAILED: _("The last look failed"),
            State.CANCELLED: _("The last look was stopped"),
        }.get(State(self.run.state), _("Up to date"))


def _formatted(count: int) -> str:
    return number_format(count, force_grouping=True)
