"""Services of the index: start and cancel runs, add repositories, record the use of an image."""

import logging
from functools import partial

from django.db import transaction
from django.utils import timezone

from registry_ui.accounts.audit.log import current_origin, record
from registry_ui.accounts.models import Action, ActorKind, Role, Team, User
from registry_ui.accounts.permissions import check_role
from registry_ui.jobs.runner import run_in_process
from registry_ui.jobs.scheduled_tasks import run_for_each
from registry_ui.oci.errors import InvalidReference, OciError
from registry_ui.oci.reference import Reference, check_repository
from registry_ui.registries.index_schedule import claim_due, ensure_scheduled, schedule_index
from registry_ui.registries.models import Registry
from registry_ui.registries.services import find_registry

from ..index_queue import INDEX_RUNS
from ..models import IndexRun, Repository, Tag
from .artifact_lookup import ResolvedArtifact, fetch_artifact, resolve_artifact
from .artifact_rows import index_lock
from .sizes import count_repository

__all__ = [
    "ResolvedArtifact",
    "add_repository",
    "cancel_index",
    "latest_run",
    "record_image_use",
    "remove_repository",
    "repository_name",
    "resolve_artifact",
    "run_index_inline",
    "schedule_index",
    "start_due_index_runs",
    "start_index",
    "unindex_tag",
]

logger = logging.getLogger(__name__)


def start_index(
    *, registry: Registry, user: User | None, repository: str = "", enqueue: bool = True
) -> IndexRun:
    """Index the registry, or one of its repositories, in the background.

    Returns:
        The run; an active run for the same is returned instead of a second one.

    Raises:
        PermissionDenied: the person is no operator of the registry's team.
        InvalidReference: the name of the repository is invalid.
    """
    check_role(registry.team, user, Role.OPERATOR)
    if repository:
        check_repository(repository)

    # Locked, so that two requests at once start one run.
    with index_lock(registry):
        active = IndexRun.objects.active().filter(registry=registry, repository=repository).first()
        if active is not None:
            return active

        started = IndexRun(
            team=registry.team,
            registry=registry,
            repository=repository,
            user=user,
            requested_by=user.get_username() if user else "",
        )
        started.save(force_insert=True)
        # A scheduled run is no event: it would fill the audit log.
        if current_origin().kind != ActorKind.SYSTEM:
            record(
                Action.INDEX_STARTED,
                user=user,
                obj=registry,
                host=registry.host,
                repository=repository or None,
            )
        # After the commit: a worker must find the row.
        if enqueue:
            transaction.on_commit(partial(INDEX_RUNS.enqueue, started))
    return started


def run_index_inline(run_: IndexRun) -> IndexRun:
    """Run a queued index run in this process, and return its row in its end state."""
    return run_in_process(INDEX_RUNS, run_)


def cancel_index(run_: IndexRun, user: User | None) -> None:
    """Cancel a run: at once while it is queued, within two seconds while it runs.

    What it has indexed stays.

    Raises:
        PermissionDenied
    """
    check_role(run_.team, user, Role.OPERATOR)
    INDEX_RUNS.cancel(run_)


def start_due_index_runs() -> int:
    """Start a run for every registry that is due; safe from several schedulers at once."""
    return run_for_each(claim_due(), _start_due)


def _start_due(registry: Registry) -> int:
    start_index(registry=registry, user=None)
    return 1


def latest_run(registry: Registry, repository: str = "") -> IndexRun | None:
    """Return the active run, else the newest, of the whole registry or of one repository."""
    # An active run is the newest: none is started beside it.
    return IndexRun.objects.filter(registry=registry, repository=repository).first()


def add_repository(*, registry: Registry, user: User, name: str) -> Repository:
    """Keep a repository in the index although the registry does not list it, and index it now.

    Raises:
        InvalidReference: the name is invalid.
        PermissionDenied
    """
    check_role(registry.team, user, Role.OPERATOR)
    added = {"is_added_by_name": True}
    # Not an error for an existing row: it may be listed, or left from opening an image.
    repository, _created = Repository.objects.update_or_create(
        registry=registry,
        name=repository_name(registry, name),
        defaults=added,
        create_defaults={"team": registry.team, **added},
    )
    ensure_scheduled(registry)
    record(
        Action.REPOSITORY_ADDED,
        user=user,
        obj=repository,
        name=f"{registry.host}/{repository.name}",
    )
    start_index(registry=registry, user=user, repository=repository.name)
    return repository


def remove_repository(*, repository: Repository, user: User) -> None:
    """Remove a repository that was added by name.

    It is deleted unless the registry lists it or a transfer has used it.

    Raises:
        PermissionDenied
    """
    check_role(repository.team, user, Role.OPERATOR)
    rows = Repository.objects.filter(pk=repository.pk)
    with index_lock(repository.registry):
        rows.update(is_added_by_name=False)
        record(
            Action.REPOSITORY_REMOVED,
            user=user,
            obj=repository,
            name=f"{repository.registry.host}/{repository.name}",
        )
        rows.filter(is_listed=False, used_at=None).delete()


def record_image_use(*, team: Team, reference: Reference, user: User | None = None) -> None:
    """Record that a transfer has used or changed an image, and fetch its tag again.

    Raises nothing. It waits for the registry, so call it from a worker.
    """
    try:
        registry = find_registry(team, reference.registry)
        if registry is None or registry.is_builtin:
            # The built-in registry updates the index itself.
            return

        _mark_used(registry, reference.repository)
        by = user.get_username() if user else ""
        resolved = fetch_artifact(
            registry=registry,
            repository=reference.repository,
            identifier=reference.tag or reference.identifier,
            by=by,
        )
        count_repository(resolved.repository)
    except OciError as exc:
        logger.info("After its use, %s was not looked at: %s", reference, exc)
    except Exception:
        # Everything is caught: the transfer has succeeded already, and the next run indexes what
        # was missed.
        logger.exception("After its use, %s could not be taken into the index.", reference)


def unindex_tag(*, team: Team, reference: Reference) -> None:
    """Delete a tag from the index, or all tags of a digest, and count its repository.

    Call it when the registry has deleted them.
    """
    repository = Repository.objects.filter(
        registry__team=team, registry__host=reference.registry, name=reference.repository
    ).first()
    if repository is None:
        return

    if reference.digest:
        deleted = Tag.objects.filter(repository=repository, digest=str(reference.digest))
    else:
        deleted = Tag.objects.filter(repository=repository, name=reference.tag or "")
    deleted.delete()
    count_repository(repository)


def _mark_used(registry: Registry, name: str) -> None:
    now = timezone.now()
    Repository.objects.update_or_create(
        registry=registry,
        name=name,
        defaults={"used_at": now},
        create_defaults={"team": registry.team, "used_at": now},
    )
    ensure_scheduled(registry)


def repository_name(registry: Registry, text: str) -> str:
    """Return the full name of a repository: nginx on Docker Hub is library/nginx.

    Raises:
        InvalidReference
    """
    name = text.strip().removeprefix(f"{registry.host}/")
    if ":" in name or "@" in name:
        raise InvalidReference("repository_has_tag", name=name[:100])
    return Reference.parse(f"{registry.host}/{name}").repository
