"""How well the index knows a registry or a repository, in a person's words: when it was looked at, and what goes on now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.jobs.models import ACTIVE_STATES, State

from ..indexing import services
from ..models import IndexRun, Registry, Repository
from ..queueing import INDEX_RUNS


@dataclass(frozen=True, slots=True)
class Bar:
    """How much of something is done; `total` is None while nobody knows."""

    label: str
    words: str
    done: int
    total: int | None


class Look:
    """The latest look at a registry, or at one repository of it. Nothing is asked of the registry."""

    def __init__(
        self, registry: Registry, repository: Repository | None, run: IndexRun | None
    ) -> None:
        self.registry = registry
        self.repository = repository
        self.run = run

    @classmethod
    def latest(cls, registry: Registry, repository: Repository | None = None) -> "Look":
        return cls(
            registry,
            repository,
            services.latest_run(registry, repository.name if repository else ""),
        )

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
    def looked_at(self) -> datetime | None:
        """When the index was brought up to date."""
        return (self.repository or self.registry).indexed_at

    @cached_property
    def by_run(self) -> IndexRun | None:
        """The latest run, where it is the one that did so."""
        run, moment = self.run, self.looked_at
        if run is None or moment is None or run.started_at is None or run.state != State.SUCCEEDED:
            return None
        return run if run.started_at <= moment <= (run.finished_at or moment) else None

    @property
    def duration(self) -> timedelta | None:
        run = self.by_run
        return (
            run.finished_at - run.started_at if run and run.finished_at and run.started_at else None
        )

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
    def words(self) -> str:
        """One phrase for what goes on or what came of it, for a status line and for who listens."""
        if self.run is None:
            return ""
        if self.is_stopping:
            return _("Stopping")
        return self._phase_words() if self.run.state == State.RUNNING else self._state_words()

    @property
    def stamp(self) -> str:
        """Changes when there is something to say; not with every number."""
        return f"{self.run.pk}-{self.run.state}-{self.phase}-{self.is_stopping}" if self.run else ""

    @property
    def trouble(self) -> str:
        """Why a run that waits will not start for now."""
        return (
            INDEX_RUNS.trouble() if self.run is not None and self.run.state == State.QUEUED else ""
        )

    @property
    def bars(self) -> list[Bar]:
        if self.phase == "listing":
            return [Bar(_("Repositories found"), _number(self._count("repositories")), 0, None)]
        tags = self._bar(_("Tags"), "tags")
        return [tags] if self.repository else [self._bar(_("Repositories"), "repositories"), tags]

    @property
    def fetched(self) -> int:
        return self._count("fetched")

    @property
    def problems(self) -> int:
        """Repositories that could not be looked at in the latest run."""
        return self._count("problems")

    @property
    def spared_words(self) -> str:
        count = self._count("spared")
        if not count:
            return ""
        left = ngettext(
            "%(count)d tag was left for later", "%(count)d tags were left for later", count
        ) % {"count": count}
        return _(
            "%(left)s: the registry counts pulls, and few are left. Opening a tag fetches it at once."
        ) % {"left": left}

    @property
    def pause_reason(self) -> str:
        return str(self._pause.get("reason") or "")

    @property
    def pause_seconds(self) -> int:
        return int(self._pause.get("seconds") or 0)

    @property
    def _progress(self) -> dict[str, Any]:
        return self.run.progress if self.run is not None else {}

    @property
    def _pause(self) -> dict[str, Any]:
        return (self._progress.get("pause") or {}) if self.is_active else {}

    def _count(self, name: str) -> int:
        return int(self._progress.get(name) or 0)

    def _bar(self, label: str, name: str) -> Bar:
        done, total = self._count(f"{name}_done"), self._count(name)
        if not total:
            return Bar(label, _("counting"), 0, None)
        return Bar(
            label,
            _("%(done)s of %(total)s") % {"done": _number(done), "total": _number(total)},
            done,
            total,
        )

    def _phase_words(self) -> str:
        return {
            "listing": _("Reading the list of repositories"),
            "looking": _("Looking at the tags"),
            "counting": _("Adding up sizes"),
        }.get(self.phase, _("Starting"))

    def _state_words(self) -> str:
        assert self.run is not None
        return {
            State.QUEUED: _("Waiting for a worker"),
            State.FAILED: _("The last look failed"),
            State.CANCELLED: _("The last look was stopped"),
        }.get(State(self.run.state), _("Up to date"))


def _number(count: int) -> str:
    return number_format(count, force_grouping=True)
