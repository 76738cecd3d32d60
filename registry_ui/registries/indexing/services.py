"""The verbs of the index: look at a registry now or when it is due, pin, remember a use, open a tag that nobody has seen."""

from dataclasses import dataclass

from registry_ui.accounts.models import Team, User
from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference

from ..models import Artifact, IndexRun, Registry, Repository, Tag


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What a name on a registry stands for. `tag` is None where it was asked for by digest."""

    repository: Repository
    artifact: Artifact
    tag: Tag | None = None


def start_index(*, registry: Registry, user: User | None, repository: str = "", enqueue: bool = True) -> IndexRun:
    """Look at the registry, or at one of its repositories, in the background. Where that goes on already, the run that does it.

    Raises:
        PermissionDenied: the person is no operator of the registry's team.
    """
    raise NotImplementedError


def run_index_here(run: IndexRun) -> IndexRun:
    """Run a queued look in this process, to its end, and return its row as it is then."""
    raise NotImplementedError


def cancel_index(run: IndexRun, user: User | None) -> None:
    """
    Raises:
        PermissionDenied
    """
    raise NotImplementedError


def start_due() -> int:
    """Start a run for every registry whose time has come; safe from several schedulers at once."""
    raise NotImplementedError


def latest_run(registry: Registry, repository: str = "") -> IndexRun | None:
    """The active run, else the newest, of the whole registry or of one repository."""
    raise NotImplementedError


def pin_repository(*, registry: Registry, user: User, name: str) -> Repository:
    """Keep a repository in the index although the registry does not list it; it is looked at at once, in the background.

    Raises:
        InvalidReference: no repository's name.
        PermissionDenied
    """
    raise NotImplementedError


def unpin_repository(*, repository: Repository, user: User) -> None:
    """
    Raises:
        PermissionDenied
    """
    raise NotImplementedError


def look_up(*, registry: Registry, repository: str, identifier: str | Digest) -> LookedUp:
    """A tag or digest from the index; where the index does not have it yet, from the registry, at once, and then from the index.

    Raises:
        RepositoryUnknown, ManifestUnknown: it is not there.
        OciError: the registry does not answer, or refuses.
    """
    raise NotImplementedError


def observe(*, team: Team, reference: Reference, user: User | None = None) -> None:
    """A transfer has used or changed this name: remember its repository, and look at the tag again. Raises nothing.

    For workers: it waits for the registry.
    """
    raise NotImplementedError


def forget_tag(*, team: Team, reference: Reference) -> None:
    """A tag was deleted on its registry: take it out of the index, and count its repository anew."""
    raise NotImplementedError
