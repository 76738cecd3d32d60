"""The verbs of the index: look at a registry now or when it is due, pin, remember a use, open a tag that nobody has seen."""

import logging
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Action, ActorKind, Role, Team, User
from registry_ui.accounts.trail import current_origin, record
from registry_ui.jobs.queueing import worker_name
from registry_ui.oci.errors import InvalidReference, OciError
from registry_ui.oci.reference import Reference, check_repository

from ..choosing import registry_for
from ..models import IndexRun, Registry, Repository, Tag
from ..queueing import INDEX_RUNS
from .counting import count_repository
from .opening import LookedUp, look_again, look_up
from .running import run
from .saving import writing
from .scheduling import claim_due, keep_fresh, look_soon

__all__ = [
    "LookedUp",
    "cancel_index",
    "forget_tag",
    "latest_run",
    "look_soon",
    "look_up",
    "observe",
    "pin_repository",
    "repository_name",
    "run_index_here",
    "start_due",
    "start_index",
    "unpin_repository",
]

logger = logging.getLogger(__name__)


def start_index(
    *, registry: Registry, user: User | None, repository: str = "", enqueue: bool = True
) -> IndexRun:
    """Look at the registry, or at one of its repositories, in the background. Where that goes on already, the run that does it.

    Raises:
        PermissionDenied: the person is no operator of the registry's team.
        InvalidReference: no repository's name.
    """
    _need_operator(registry.team, user)
    if repository:
        check_repository(repository)
    with writing(registry):
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
        if current_origin().kind != ActorKind.SYSTEM:
            record(
                Action.INDEX_STARTED,
                user=user,
                obj=registry,
                host=registry.host,
                repository=repository or None,
            )
        if enqueue:
            transaction.on_commit(partial(INDEX_RUNS.enqueue, started))
    return started


def run_index_here(run_: IndexRun) -> IndexRun:
    """Run a queued look in this process, to its end, and return its row as it is then."""
    claimed = IndexRun.claim_for_run(run_.pk, worker_name())
    if claimed is not None:
        run(claimed)
    return IndexRun.objects.get(pk=run_.pk)


def cancel_index(run_: IndexRun, user: User | None) -> None:
    """Stop a look: at once while it is queued, within two seconds while it runs. What it has found stays.

    Raises:
        PermissionDenied
    """
    _need_operator(run_.team, user)
    INDEX_RUNS.cancel(run_)


def start_due() -> int:
    """Start a run for every registry whose time has come; safe from several schedulers at once."""
    for registry in (due := claim_due()):
        start_index(registry=registry, user=None)
    return len(due)


def latest_run(registry: Registry, repository: str = "") -> IndexRun | None:
    """The active run, else the newest, of the whole registry or of one repository."""
    # An active run is the newest: none is started beside it.
    return IndexRun.objects.filter(registry=registry, repository=repository).first()


def pin_repository(*, registry: Registry, user: User, name: str) -> Repository:
    """Keep a repository in the index although the registry does not list it; it is looked at at once, in the background.

    Raises:
        InvalidReference: no repository's name.
        PermissionDenied
    """
    _need_operator(registry.team, user)
    pinned = {"is_pinned": True}
    repository, _created = Repository.objects.update_or_create(
        registry=registry,
        name=repository_name(registry, name),
        defaults=pinned,
        create_defaults={"team": registry.team, **pinned},
    )
    keep_fresh(registry)
    record(
        Action.REPOSITORY_PINNED,
        user=user,
        obj=repository,
        name=f"{registry.host}/{repository.name}",
    )
    start_index(registry=registry, user=user, repository=repository.name)
    return repository


def unpin_repository(*, repository: Repository, user: User) -> None:
    """Keep it no longer. One that the registry does not list and that no transfer has used leaves the index.

    Raises:
        PermissionDenied
    """
    _need_operator(repository.team, user)
    rows = Repository.objects.filter(pk=repository.pk)
    with writing(repository.registry):
        rows.update(is_pinned=False)
        record(
            Action.REPOSITORY_UNPINNED,
            user=user,
            obj=repository,
            name=f"{repository.registry.host}/{repository.name}",
        )
        rows.filter(is_listed=False, used_at=None).delete()


def observe(*, team: Team, reference: Reference, user: User | None = None) -> None:
    """A transfer has used or changed this name: remember its repository, and look at the tag again. Raises nothing.

    For workers: it waits for the registry.
    """
    try:
        registry = registry_for(team, reference.registry)
        if registry is None or registry.is_this_server:
            return  # this server tells its index by itself
        _remember_use(registry, reference.repository)
        by = user.get_username() if user else ""
        found = look_again(
            registry=registry,
            repository=reference.repository,
            identifier=reference.tag or reference.identifier,
            by=by,
        )
        count_repository(found.repository)
    except OciError as exc:
        logger.info("After its use, %s was not looked at: %s", reference, exc.message)
    except Exception:
        # The one broad net: what calls this has succeeded already, and the next run sees what was missed here.
        logger.exception("After its use, %s could not be taken into the index.", reference)


def forget_tag(*, team: Team, reference: Reference) -> None:
    """A tag was deleted on its registry, or a digest with all of its tags: take it out of the index, and count its repository anew."""
    repository = Repository.objects.filter(
        registry__team=team, registry__host=reference.registry, name=reference.repository
    ).first()
    if repository is None:
        return
    gone = {"digest": str(reference.digest)} if reference.digest else {"name": reference.tag or ""}
    Tag.objects.filter(repository=repository, **gone).delete()
    count_repository(repository)


def _remember_use(registry: Registry, name: str) -> None:
    now = timezone.now()
    Repository.objects.update_or_create(
        registry=registry,
        name=name,
        defaults={"used_at": now},
        create_defaults={"team": registry.team, "used_at": now},
    )
    keep_fresh(registry)


def repository_name(registry: Registry, text: str) -> str:
    """A repository's name as a person writes it, completed as docker does: nginx on Docker Hub is library/nginx.

    Raises:
        InvalidReference
    """
    name = text.strip().removeprefix(f"{registry.host}/")
    if ":" in name or "@" in name:
        raise InvalidReference(
            _("“%(name)s” is more than a repository's name.") % {"name": name[:100]},
            advice=_("Leave out the tag and the digest."),
        )
    return Reference.parse(f"{registry.host}/{name}").repository


def _need_operator(team: Team, user: User | None) -> None:
    """The command line and the scheduler, which have no user, are trusted with everything."""
    if user is None:
        return
    role = user.role_in(team)
    if role is None or not role.allows(Role.OPERATOR):
        raise PermissionDenied(
            _("Only operators and admins of the team %(team)s may do this.") % {"team": team.name}
        )
