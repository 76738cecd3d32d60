"""One tag or digest, now: from the index, else from its registry."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ManifestUnknown, OciError
from registry_ui.oci.reference import check_repository, check_tag
from registry_ui.oci.store import ImageStore

from ..models import Artifact, Registry, Repository, Tag
from ..using import Use
from .counting import count_repository
from .fetching import Fetched, fetch
from .gathering import Gathering, Whole, Wish
from .reading import AT_ONCE, Readers
from .saving import described, save_artifacts, stored, writing
from .tagging import Found, drop_tag, known_tag, write_tags

_LANES = 8
# How long a tag is believed of whose repository no run ever looks.
_TRUST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What a name on a registry stands for. `tag` is None where it was asked for by digest."""

    repository: Repository
    artifact: Artifact
    tag: Tag | None = None


def look_up(*, registry: Registry, repository: str, identifier: str | Digest) -> LookedUp:
    """A tag or digest from the index; where the index does not have it yet, from the registry, at once, and then from the index.

    Raises:
        RepositoryUnknown, ManifestUnknown: it is not there.
        OciError: the registry does not answer, or refuses.
    """
    name = (
        str(Digest.parse(str(identifier))) if ":" in str(identifier) else check_tag(str(identifier))
    )
    found = _in_index(registry, check_repository(repository), name)
    if found is not None and _is_fresh(found):
        return found
    try:
        return look_again(registry=registry, repository=repository, identifier=name)
    except ManifestUnknown:
        raise
    except OciError:
        if found is None:
            raise
        return found


def look_again(*, registry: Registry, repository: str, identifier: str, by: str = "") -> LookedUp:
    """A tag or digest from the registry, whatever the index says of it; kept in the index.

    Args:
        identifier: a tag, or a digest's text.
        by: whose work it belongs to, by name.

    Raises:
        OciError
    """
    use = Use(f"{registry.host}/{repository}{'@' if ':' in identifier else ':'}{identifier}", by=by)
    with Readers(registry, limits=AT_ONCE, use=use) as readers:
        store = readers.client(repository).store(repository)
        try:
            digest = _digest_of(store, identifier)
        except ManifestUnknown:
            drop_tag(registry, repository, identifier)
            raise
        whole = gather(registry, store, repository, digest)
    if whole.error is not None:
        raise whole.error
    return _save(registry, repository, identifier, whole)


def gather(registry: Registry, store: ImageStore, repository: str, digest: str) -> Whole:
    """What a digest names and all that is below it; what the index has is not fetched."""
    gathering = Gathering()
    gathering.want(digest, repository)
    with ThreadPoolExecutor(_LANES) as lanes:
        while True:
            while new := gathering.new():
                for known, fetched in stored(registry, new).items():
                    gathering.arrived(known, fetched)
            wishes = gathering.wishes()
            if not wishes:
                return gathering.whole()[0]
            for wish, result in zip(
                wishes, lanes.map(lambda wish: _fetched(store, wish), wishes), strict=True
            ):
                if isinstance(result, OciError):
                    gathering.failed(wish.digest, result)
                else:
                    gathering.arrived(wish.digest, result)


def _fetched(store: ImageStore, wish: Wish) -> Fetched | OciError:
    try:
        return fetch(store, Digest.parse(wish.digest), with_config=wish.with_config)
    except OciError as exc:
        return exc


def _digest_of(store: ImageStore, identifier: str) -> str:
    """
    Raises:
        ManifestUnknown, RepositoryUnknown
    """
    descriptor = store.head_manifest(identifier)
    # A HEAD says that something is missing, and not what: the GET does.
    return str(
        descriptor.digest if descriptor is not None else store.get_manifest(identifier).digest
    )


def _in_index(registry: Registry, repository: str, name: str) -> LookedUp | None:
    if ":" in name:
        return _digest_in_index(registry, repository, name)
    tags = Tag.objects.filter(
        repository__registry=registry,
        repository__name=repository,
        name=name,
        artifact__document__isnull=False,
    )
    tag = tags.select_related("repository", "artifact", "artifact__document").first()
    return (
        LookedUp(tag.repository, tag.artifact, tag)
        if tag is not None and tag.artifact is not None
        else None
    )


def _digest_in_index(registry: Registry, repository: str, digest: str) -> LookedUp | None:
    """A digest that a tag of the repository reaches, directly or as a child of an index."""
    artifact = (
        Artifact.objects.filter(registry=registry, digest=digest, document__isnull=False)
        .select_related("document")
        .first()
    )
    if artifact is None:
        return None
    parents: Iterable[int] = artifact.parent_links.values_list("parent_id", flat=True)
    reached = Tag.objects.filter(
        Q(artifact=artifact) | Q(artifact__in=parents),
        repository__registry=registry,
        repository__name=repository,
    )
    tag = reached.select_related("repository").first()
    return LookedUp(tag.repository, artifact) if tag is not None else None


def _is_fresh(found: LookedUp) -> bool:
    repository = found.repository
    if (
        found.tag is None
        or repository.is_listed
        or repository.is_pinned
        or repository.used_at is not None
    ):
        return True
    return found.tag.checked_at is not None and found.tag.checked_at > timezone.now() - _TRUST


def _save(registry: Registry, name: str, identifier: str, whole: Whole) -> LookedUp:
    now = timezone.now()
    rows = described(whole.members)
    with writing(registry):
        repository, _created = Repository.objects.get_or_create(
            registry=registry, name=name, defaults={"team_id": registry.team_id}
        )
        artifacts = save_artifacts(registry, rows)
        artifact = artifacts[whole.digest]
        tag = None
        if ":" not in identifier:
            known = known_tag(repository.pk, identifier)
            write_tags(
                registry, [Found(repository.pk, identifier, whole.digest, known)], artifacts, now
            )
            tag = Tag.objects.select_related("repository", "artifact").get(
                repository=repository, name=identifier
            )
            if known is None or known.digest != whole.digest or not known.has_artifact:
                # Its sizes are to be counted anew.
                Repository.objects.filter(pk=repository.pk).update(indexed_by=None)
    if repository.indexed_at is None and tag is not None:
        count_repository(repository)
        repository.refresh_from_db()
    return LookedUp(repository, artifact, tag)
