"""The rows of a registry's repositories, updated to the registry's list."""

from collections.abc import Callable, Iterable, Iterator

from django.db.models import QuerySet

from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.name_lists import REPOSITORIES_LIMIT
from registry_ui.oci.reference import check_repository
from registry_ui.providers.repository_lists import ListingUnavailable
from registry_ui.registries.models import Registry

from ..models import Repository
from .artifact_rows import CHUNK, chunks, index_lock, insert

_NAME_LIMIT = 255


def update_repositories(
    registry: Registry, names: Iterable[str], on_progress: Callable[[int], None]
) -> None:
    """Insert the listed repositories, and delete the others when the list is complete.

    A repository that was added by name or that a transfer has used stays, marked as not listed:
    the list may hide what the login may still pull.

    Args:
        on_progress: called with the number of names so far.

    Raises:
        ListingUnavailable: a part is not listed; the listed names are saved, and nothing is
            deleted.
    """
    # Only names and flags: a registry may have 200,000 repositories.
    known = dict(Repository.objects.filter(registry=registry).values_list("name", "is_listed"))
    listed: set[str] = set()

    for batch in _batches(names):
        # Broken servers repeat names on the next page, or list names that no client can pull.
        fresh = [name for name in dict.fromkeys(batch) if name not in listed and _is_name(name)]
        listed.update(fresh)
        with index_lock(registry):
            _add(registry, [name for name in fresh if name not in known])
            _rows(registry, [name for name in fresh if known.get(name) is False]).update(
                is_listed=True
            )
        # After each batch, because a long list takes minutes.
        on_progress(len(listed))

    # At the limit the list was cut: a name that is missing from it may exist.
    if len(listed) >= REPOSITORIES_LIMIT:
        return

    for batch in chunks(name for name in known if name not in listed):
        with index_lock(registry):
            _rows(registry, batch).filter(is_added_by_name=False, used_at=None).delete()
            _rows(registry, batch).update(is_listed=False)


def delete_unlisted_repositories(registry: Registry) -> None:
    """Delete the repositories that are not listed, added by name or used.

    For a registry without a list: such a row is left from somebody who opened an image by name.
    """
    with index_lock(registry):
        Repository.objects.filter(
            registry=registry, is_listed=False, is_added_by_name=False, used_at=None
        ).delete()


def _add(registry: Registry, names: list[str]) -> None:
    insert(
        Repository,
        [
            Repository(registry=registry, team_id=registry.team_id, name=name, is_listed=True)
            for name in names
        ],
    )


def _rows(registry: Registry, names: list[str]) -> "QuerySet[Repository]":
    return Repository.objects.filter(registry=registry, name__in=names)


def _batches(names: Iterable[str]) -> Iterator[list[str]]:
    """Yield lists of names, and the names before a failed part before its error."""
    batch: list[str] = []
    try:
        for name in names:
            batch.append(name)
            if len(batch) == CHUNK:
                yield batch
                batch = []
    except ListingUnavailable:
        yield batch
        raise
    yield batch


def _is_name(name: str) -> bool:
    try:
        return len(check_repository(name)) <= _NAME_LIMIT
    except InvalidReference:
        return False
