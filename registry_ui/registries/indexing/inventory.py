"""Which repositories there are: the rows brought to what the registry lists."""

from collections.abc import Callable, Iterable, Iterator

from django.db.models import QuerySet

from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.listing import REPOSITORIES_LIMIT
from registry_ui.oci.reference import check_repository

from ..catalogs import NoListing
from ..models import Registry, Repository
from .saving import CHUNK, chunks, insert, writing

_NAME_LIMIT = 255


def take_inventory(
    registry: Registry, names: Iterable[str], on_progress: Callable[[int], None]
) -> None:
    """Bring the rows to a list that is whole when it ends; what the list does not name any more leaves the index.

    A repository that somebody pinned or that a transfer has used stays, marked as not listed: it may be hidden from the
    list only, and looking at it tells what has become of it.

    Args:
        on_progress: told how many names have come.

    Raises:
        NoListing: a part is not listed; what was listed is in the rows, and nothing has left them.
    """
    known = dict(Repository.objects.filter(registry=registry).values_list("name", "is_listed"))
    listed: set[str] = set()
    for batch in _batches(names):
        fresh = [name for name in dict.fromkeys(batch) if name not in listed and _is_name(name)]
        listed.update(fresh)
        with writing(registry):
            _add(registry, [name for name in fresh if name not in known])
            _rows(registry, [name for name in fresh if known.get(name) is False]).update(
                is_listed=True
            )
        on_progress(len(listed))
    if len(listed) >= REPOSITORIES_LIMIT:
        return  # the list was cut
    for batch in chunks(name for name in known if name not in listed):
        with writing(registry):
            _rows(registry, batch).filter(is_pinned=False, used_at=None).delete()
            _rows(registry, batch).update(is_listed=False)


def drop_passers_by(registry: Registry) -> None:
    """Where nothing is listed: forget the repositories that are neither pinned nor used, and were never listed."""
    with writing(registry):
        Repository.objects.filter(
            registry=registry, is_listed=False, is_pinned=False, used_at=None
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
    """Lists of names; what came before a part that is not listed counts."""
    batch: list[str] = []
    try:
        for name in names:
            batch.append(name)
            if len(batch) == CHUNK:
                yield batch
                batch = []
    except NoListing:
        yield batch
        raise
    yield batch


def _is_name(name: str) -> bool:
    try:
        return len(check_repository(name)) <= _NAME_LIMIT
    except InvalidReference:
        return False
