"""The execution of one index run, from claimed to an end state."""

import logging
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.credentials.login_test import is_unreachable
from registry_ui.credentials.usage import CredentialUse
from registry_ui.jobs.models import State
from registry_ui.jobs.reporter import Reporter
from registry_ui.jobs.rights import check_requester
from registry_ui.oci.errors import Cancelled, OciError, RateLimited
from registry_ui.oci.store import Cancellation
from registry_ui.registries.index_schedule import next_time
from registry_ui.registries.models import Health, Listing, Registry

from ..models import IndexRun, Repository
from ..repository_lists import ListingUnavailable, open_listing
from .index_progress import IndexProgress
from .indexer import Indexer
from .registry_clients import RegistryClients
from .repository_rows import delete_unlisted_repositories, update_repositories
from .request_pool import RequestPool
from .results import problem_of
from .sizes import count_registry

logger = logging.getLogger(__name__)


def run(claimed: IndexRun) -> None:
    """Run a claimed index run and save its end state, whatever happens.

    If another worker has taken the row over meanwhile, it is left alone.
    """
    progress, cancellation = IndexProgress(), Cancellation()
    reporter = Reporter(claimed, lambda: {"progress": progress.snapshot()}, cancellation)
    logger.info("Index run %s: %s begins (attempt %d).", claimed.pk, claimed, claimed.attempt)

    # It writes heartbeats and progress, and notices a cancellation.
    with reporter:
        state, values = _attempt(claimed, progress, cancellation)
    logger.info("Index run %s: %s.", claimed.pk, state.value)
    if reporter.has_lost_claim:
        logger.warning("Index run %s was taken over by another worker.", claimed.pk)
        return
    try:
        _plan_next(claimed, state)
        claimed.finish(state, progress=progress.snapshot(), **values)
    except DatabaseError:
        # The row stays “running” without a heartbeat, and the reconciler finishes it.
        logger.exception("Index run %s: its end could not be written.", claimed.pk)


def _attempt(
    run: IndexRun, progress: IndexProgress, cancellation: Cancellation
) -> tuple[State, dict[str, Any]]:
    try:
        check_requester(run)
        _index(run, progress, cancellation)
    except Cancelled:
        return State.CANCELLED, {}
    except OciError as exc:
        logger.info("Index run %s failed: %s", run.pk, exc.message)
        # A rate limit is an answer: the registry is healthy.
        if is_unreachable(exc) and not isinstance(exc, RateLimited):
            run.registry.mark_health(Health.FAILING, exc.message)
        return State.FAILED, {
            "error": {"kind": type(exc).__name__, "message": exc.message, "advice": exc.advice}
        }
    except (OperationalError, InterfaceError):
        logger.exception("Index run %s failed: the database does not answer.", run.pk)
        return State.FAILED, {"error": _without_database(run)}
    except Exception:
        # Everything is caught: a row must never stay “running” because of a bug, and RQ's time-outs
        # are off for this queue.
        logger.exception("Index run %s failed unexpectedly.", run.pk)
        return State.FAILED, {"error": _unexpected(run)}

    return State.SUCCEEDED, {"error": None}


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
        listing=listing, listing_message=problem_of(refusal) if refusal else ""
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


def _without_database(run: IndexRun) -> dict[str, str]:
    return {
        "kind": "DatabaseFailed",
        "message": _("The database of Registry UI did not answer in time."),
        "advice": _(
            "Refresh again: what was found stays. If it happens again, "
            "look for %(id)s in the worker's log."
        )
        % {"id": run.pk},
    }


def _unexpected(run: IndexRun) -> dict[str, str]:
    return {
        "kind": "Unexpected",
        "message": _("Something went wrong inside Registry UI itself."),
        "advice": _("Refresh again; if it happens again, look for %(id)s in the worker's log.")
        % {"id": run.pk},
    }
