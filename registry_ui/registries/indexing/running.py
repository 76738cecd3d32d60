"""One index run from claimed to an end state."""

import logging
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.jobs.models import State
from registry_ui.jobs.reporting import Reporter
from registry_ui.jobs.rights import check_person
from registry_ui.oci.errors import Cancelled, OciError, RateLimited
from registry_ui.oci.store import Cancellation

from ..catalogs import NoListing, open_listing
from ..checking import is_unreachable
from ..models import Health, IndexRun, Listing, Registry, Repository
from ..using import Use
from .counting import count_registry
from .finishing import problem_of
from .inventory import drop_passers_by, take_inventory
from .lanes import Lanes
from .looking import Looker
from .progress import LookProgress
from .reading import Readers
from .scheduling import next_time

logger = logging.getLogger(__name__)


def run(claimed: IndexRun) -> None:
    """Run a claimed look at a registry; whatever happens, the row ends in an end state, or is another run's by then."""
    progress, cancellation = LookProgress(), Cancellation()
    reporter = Reporter(claimed, lambda: {"progress": progress.snapshot()}, cancellation)
    logger.info("Index run %s: %s begins (attempt %d).", claimed.pk, claimed, claimed.attempt)
    with reporter:
        state, values = _attempt(claimed, progress, cancellation)
    logger.info("Index run %s: %s.", claimed.pk, state.value)
    if reporter.lost:
        logger.warning("Index run %s was taken over by another worker.", claimed.pk)
        return
    try:
        _plan_next(claimed, state)
        claimed.finish(state, progress=progress.snapshot(), **values)
    except DatabaseError:
        # The row stays “running” without a heartbeat, and the reconciler brings it to its end.
        logger.exception("Index run %s: its end could not be written.", claimed.pk)


def _attempt(
    run: IndexRun, progress: LookProgress, cancellation: Cancellation
) -> tuple[State, dict[str, Any]]:
    try:
        check_person(run)
        _look(run, progress, cancellation)
    except Cancelled:
        return State.CANCELLED, {}
    except OciError as exc:
        logger.info("Index run %s failed: %s", run.pk, exc.message)
        if is_unreachable(exc) and not isinstance(exc, RateLimited):
            run.registry.mark_health(Health.FAILING, exc.message)
        return State.FAILED, {
            "error": {"kind": type(exc).__name__, "message": exc.message, "advice": exc.advice}
        }
    except (OperationalError, InterfaceError):
        logger.exception("Index run %s failed: the database does not answer.", run.pk)
        return State.FAILED, {"error": _without_database(run)}
    except Exception:
        # The one broad net: a row must never stay “running” because of a fault of ours. RQ's time-outs are off here.
        logger.exception("Index run %s failed unexpectedly.", run.pk)
        return State.FAILED, {"error": _unexpected(run)}
    return State.SUCCEEDED, {"error": None}


def _look(run: IndexRun, progress: LookProgress, cancellation: Cancellation) -> None:
    registry = run.registry
    what = (
        f"{registry.host}/{run.repository}"
        if run.repository
        else _("the index of %(host)s") % {"host": registry.host}
    )
    use = Use(what, person=run.user, by=run.requested_by, act="index", is_recorded=True)
    with Readers(registry, cancellation=cancellation, on_pause=progress.pause, use=use) as readers:
        progress.requests = lambda: readers.requests
        refusal = None if run.repository else _list(registry, readers, progress)
        progress.phase = "looking"
        keys = _keys(run)
        if refusal is not None and refusal.status == 401 and not keys:
            raise refusal
        progress.repositories_done = (
            0 if run.repository else _kept(registry).filter(indexed_by=run.pk).count()
        )
        progress.repositories = progress.repositories_done + len(keys)
        with Lanes(cancellation) as lanes:
            looker = Looker(run, readers, lanes, progress)
            looker.look_at(keys)
    progress.phase = "counting"
    count_registry(registry)
    _check_answers(run, looker, is_listed=not run.repository and refusal is None)


def _list(registry: Registry, readers: Readers, progress: LookProgress) -> NoListing | None:
    """Bring the rows to what the registry lists; why it does not list, or not all."""

    def count(repositories: int) -> None:
        progress.repositories = repositories

    refusal = None
    try:
        listing, names = open_listing(registry, readers.client(), readers.login())
    except NoListing as exc:
        listing, refusal = Listing.NONE, exc
        drop_passers_by(registry)
    else:
        try:
            take_inventory(registry, names, count)
        except NoListing as exc:
            refusal = exc
    Registry.objects.filter(pk=registry.pk).update(
        listing=listing, listing_message=problem_of(refusal) if refusal else ""
    )
    return refusal


def _kept(registry: Registry) -> Any:
    """The repositories that runs look at: listed, pinned or used."""
    rows = Repository.objects.filter(registry=registry)
    return (
        rows.filter(is_listed=True)
        | rows.filter(is_pinned=True)
        | rows.filter(used_at__isnull=False)
    )


def _keys(run: IndexRun) -> list[int]:
    """The repositories that are still to be looked at, those first that people care for."""
    if run.repository:
        repository, _created = Repository.objects.get_or_create(
            registry=run.registry, name=run.repository, defaults={"team_id": run.registry.team_id}
        )
        return [repository.pk]
    rows = _kept(run.registry).exclude(indexed_by=run.pk)
    return list(
        rows.order_by("-is_pinned", F("used_at").desc(nulls_last=True), "name").values_list(
            "pk", flat=True
        )
    )


def _check_answers(run: IndexRun, looker: Looker, *, is_listed: bool) -> None:
    """
    Raises:
        OciError: the one repository could not be looked at, or not one of many.
    """
    error = looker.first_error
    if error is not None and not looker.has_answers and (is_unreachable(error) or not is_listed):
        raise error
    if run.registry.health != Health.HEALTHY:
        run.registry.mark_health(Health.HEALTHY)


def _plan_next(run: IndexRun, state: State) -> None:
    """When the whole registry is looked at again by itself."""
    if run.repository:
        return
    now = timezone.now()
    values = {"indexed_at": now} if state is State.SUCCEEDED else {}
    when = next_time(run.registry, after=now, failed=state is State.FAILED)
    Registry.objects.filter(pk=run.registry_id).update(next_index_at=when, **values)


def _without_database(run: IndexRun) -> dict[str, str]:
    return {
        "kind": "DatabaseFailed",
        "message": _("The database of Registry UI did not answer in time."),
        "advice": _(
            "Refresh again: what was found stays. If it happens again, look for %(id)s in the worker's log."
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
