"""The end of a look at a repository, written: counted where something changed, and marked as done by the run."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from registry_ui.oci.errors import OciError, RepositoryUnknown

from ..models import IndexRun, Repository, Tag
from .counting import count_repositories
from .saving import chunks, writing


@dataclass(frozen=True, slots=True)
class Ended:
    """How a look at a repository went; `repository` is as it was before."""

    repository: Repository
    has_changed: bool
    error: OciError | None = None

    @property
    def wants_counting(self) -> bool:
        """Whether its tags have changed since it was last counted, by this run or before."""
        return self.has_changed or self.repository.indexed_by is None

    @property
    def is_gone(self) -> bool:
        """Nobody keeps it, and the registry does not know it."""
        row = self.repository
        is_kept = row.is_listed or row.is_pinned or row.used_at is not None
        return isinstance(self.error, RepositoryUnknown) and not is_kept


def write_ends(run: IndexRun, ended: Sequence[Ended]) -> None:
    """Only what has been counted is marked as done, so that a run that goes on after a crash counts the rest."""
    good = [each.repository.pk for each in ended if each.error is None]
    count_repositories(
        run.registry,
        [each.repository.pk for each in ended if each.error is None and each.wants_counting],
    )
    now = timezone.now()
    with writing(run.registry):
        for chunk in chunks(good):
            Tag.objects.filter(repository__in=chunk, problem="").update(checked_at=now)
            Repository.objects.filter(pk__in=chunk).update(
                indexed_at=now, indexed_by=run.pk, problem=""
            )
        for each in ended:
            if each.error is not None:
                _write_failure(run, each, each.error)


def _write_failure(run: IndexRun, ended: Ended, error: OciError) -> None:
    row = Repository.objects.filter(pk=ended.repository.pk)
    if ended.is_gone:
        row.delete()
        return
    done = {} if ended.wants_counting else {"indexed_by": run.pk}
    row.update(problem=problem_of(error), **done)


def problem_of(error: OciError) -> str:
    """A row's `problem`: what failed and what to do about it."""
    return f"{error.message} {error.advice}".strip()[:1000]
