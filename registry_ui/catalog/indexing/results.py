"""The results of indexed repositories: counted where a tag changed, then marked as done."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from registry_ui.oci.errors import OciError, RepositoryUnknown

from ..models import IndexRun, Repository, Tag
from .artifact_rows import chunks, index_lock
from .sizes import count_repositories


@dataclass(frozen=True, slots=True)
class RepositoryResult:
    """The outcome of indexing one repository; `repository` is the row as it was before."""

    repository: Repository
    has_changed: bool
    error: OciError | None = None

    @property
    def needs_counting(self) -> bool:
        """Return whether its tags have changed since it was last counted, by any run."""
        return self.has_changed or self.repository.indexed_by is None

    @property
    def is_gone(self) -> bool:
        """Return whether the registry does not know it and nothing keeps it in the index."""
        row = self.repository
        is_kept = row.is_listed or row.is_added_by_name or row.used_at is not None
        return isinstance(self.error, RepositoryUnknown) and not is_kept


def save_results(run: IndexRun, results: Sequence[RepositoryResult]) -> None:
    """Count the repositories that changed and mark them as done by the run, or as failed.

    Only a counted repository is marked as done, so a run that goes on after a crash counts others.
    """
    succeeded = [result for result in results if result.error is None]
    count_repositories(
        run.registry, [result.repository.pk for result in succeeded if result.needs_counting]
    )

    now = timezone.now()
    with index_lock(run.registry):
        for chunk in chunks(result.repository.pk for result in succeeded):
            # A tag with a problem was not resolved, so its time of the last check stays.
            Tag.objects.filter(repository__in=chunk, problem__isnull=True).update(checked_at=now)
            Repository.objects.filter(pk__in=chunk).update(
                indexed_at=now, indexed_by=run.pk, problem=None
            )
        for result in results:
            if result.error is not None:
                _save_failure(run, result, result.error)


def _save_failure(run: IndexRun, result: RepositoryResult, error: OciError) -> None:
    row = Repository.objects.filter(pk=result.repository.pk)
    if result.is_gone:
        # It was opened by name only, so without the registry's copy nothing is worth keeping.
        row.delete()
        return

    # A repository whose tags changed before the failure stays open: the next run counts it.
    done = {} if result.needs_counting else {"indexed_by": run.pk}
    row.update(problem=error.stored(), **done)
