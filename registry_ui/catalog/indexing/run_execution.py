"""The execution of one index run."""

from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.credentials.login_test import is_unreachable
from registry_ui.credentials.usage import CredentialUse
from registry_ui.jobs.kinds import JobKind
from registry_ui.jobs.models import State
from registry_ui.jobs.runner import JobRun
from registry_ui.oci.errors import OciError, RateLimited, StoredError
from registry_ui.oci.store import Cancellation
from registry_ui.providers.repository_lists import ListingUnavailable
from registry_ui.registries.index_schedule import next_time
from registry_ui.registries.models import Health, Listing, Registry

from ..models import IndexRun, Repository
from ..repository_lists import open_listing
from .index_progress import IndexProgress
from .indexer import Indexer
from .registry_clients import RegistryClients
from .repository_rows import delete_unlisted_repositories, update_repositories
from .request_pool import RequestPool
from .sizes import count_registry


class IndexJobRun(JobRun[IndexRun]):
    """The run of an index run."""

    title = "Index run"

    def __init__(self, job: IndexRun, kind: JobKind[IndexRun]) -> None:
        super().__init__(job, kind)
        self._progress = IndexProgress()

    def values(self) -> dict[str, Any]:
        return {"progress": self._progress.snapshot()}

    def execute(self) -> tuple[State, dict[str, Any]]:
        _index(self.job, self._progress, self.cancellation)
        return State.SUCCEEDED, {"error": None}

    def error_of(self, error: OciError) -> StoredError:
        # A rate limit is an answer: the registry is healthy.
        if is_unreachable(error) and not isinstance(error, RateLimited):
            self.job.registry.mark_health(Health.FAILING, error.stored())
        return super().error_of(error)

    def finish(self, state: State, values: dict[str, Any]) -> bool:
        _plan_next(self.job, state)
        return super().finish(state, values)


def _index(run: IndexRun, progress: IndexProgress, cancellation: Cancellation) -> None:
    registry = run.registry
    subject = (
        f"{registry.host}/{run.repository}"
        if run.repository
        else _("the index of %(host)s") % {"host": registry.host}
    )
    use = CredentialUse(
        subject, person=run.user, by=run.requested_by, operation="index", is_recorded=True
    )
    with RegistryClients(
        registry, cancellation=cancellation, on_pause=progress.pause, use=use
    ) as clients:
        progress.requests = lambda: clients.requests
        # A run of one repository does not need the list.
        refusal = None if run.repository else _list(registry, clients, progress)

        progress.phase = "indexing"
        keys = _keys(run)
        # A 401 without a single known repository: the credential is wrong, or one is missing.
        if refusal is not None and refusal.status == 401 and not keys:
            raise refusal

        # A run that goes on after a crash has finished some repositories already.
        if not run.repository:
            progress.repositories_done = _indexable(registry).filter(indexed_by=run.pk).count()
        progress.repositories = progress.repositories_done + len(keys)
        with RequestPool(cancellation) as pool:
            indexer = Indexer(run, clients, pool, progress)
            indexer.index(keys)

    progress.phase = "counting"
    # After the repositories: shared sizes depend on all of them.
    count_registry(registry)
    _check_answers(run, indexer, is_listed=not run.repository and refusal is None)


def _list(
    registry: Registry, clients: RegistryClients, progress: IndexProgress
) -> ListingUnavailable | None:
    """Update the repositories to the registry's list; return why it is incomplete."""

    def count(repositories: int) -> None:
        progress.repositories = repositories

    refusal = None
    try:
        listing, names = open_listing(registry, clients.client(), clients.login())
    except ListingUnavailable as exc:
        listing, refusal = Listing.NONE, exc
        delete_unlisted_repositories(registry)
    else:
        try:
            update_repositories(registry, names, count)
        except ListingUnavailable as exc:
            refusal = exc

    Registry.objects.filter(pk=registry.pk).update(
        listing=listing, listing_error=refusal.stored() if refusal else None
    )
    return refusal


def _indexable(registry: Registry) -> Any:
    """Return the repositories that runs index: listed, added by name or used."""
    rows = Repository.objects.filter(registry=registry)
    return (
        rows.filter(is_listed=True)
        | rows.filter(is_added_by_name=True)
        | rows.filter(used_at__isnull=False)
    )


def _keys(run: IndexRun) -> list[int]:
    """Return the keys of the repositories to index: those added by name and lately used first."""
    if run.repository:
        repository, _created = Repository.objects.get_or_create(
            registry=run.registry, name=run.repository, defaults={"team_id": run.registry.team_id}
        )
        return [repository.pk]

    rows = _indexable(run.registry).exclude(indexed_by=run.pk)
    return list(
        rows.order_by("-is_added_by_name", F("used_at").desc(nulls_last=True), "name").values_list(
            "pk", flat=True
        )
    )


def _check_answers(run: IndexRun, indexer: Indexer, *, is_listed: bool) -> None:
    """Mark the registry as healthy, or fail the run if no request had an answer.

    Raises:
        OciError: the first error of the run.
    """
    error = indexer.first_error
    if error is not None and not indexer.has_answers and (is_unreachable(error) or not is_listed):
        raise error

    if run.registry.health != Health.HEALTHY:
        run.registry.mark_health(Health.HEALTHY)


def _plan_next(run: IndexRun, state: State) -> None:
    """Schedule the next run of the whole registry."""
    if run.repository:
        return

    now = timezone.now()
    # A cancelled or failed run has not indexed everything.
    values = {"indexed_at": now} if state is State.SUCCEEDED else {}
    next_index_at = next_time(run.registry, after=now, failed=state is State.FAILED)
    Registry.objects.filter(pk=run.registry_id).update(next_index_at=next_index_at, **values)
