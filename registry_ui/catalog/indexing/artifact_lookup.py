"""One tag or digest: from the index, else from its registry."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from registry_ui.credentials.usage import CredentialUse
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ManifestUnknown, OciError
from registry_ui.oci.reference import check_repository, check_tag
from registry_ui.oci.store import ImageStore
from registry_ui.registries.models import Registry

from ..models import Artifact, Repository, Tag
from .artifact_rows import describe_artifacts, index_lock, save_artifacts, stored_manifests
from .manifest_collector import CompleteArtifact, ManifestCollector, ManifestRequest
from .manifests import Fetched, fetch
from .registry_clients import INTERACTIVE_LIMITS, RegistryClients
from .sizes import count_repository
from .tag_rows import TagResult, delete_tag, known_tag, write_tags

_THREADS = 8
# No run indexes a repository that is neither listed, added by name nor used: its tags expire.
_MAX_AGE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ResolvedArtifact:
    """The artifact that a tag or digest names; `tag` is None for a digest."""

    repository: Repository
    artifact: Artifact
    tag: Tag | None = None


def resolve_artifact(
    *, registry: Registry, repository: str, identifier: str | Digest
) -> ResolvedArtifact:
    """Return a tag or digest from the index; fetch it from the registry if it is not there.

    Raises:
        RepositoryUnknown, ManifestUnknown: the registry does not have it.
        OciError: the registry does not answer, or refuses.
    """
    name = (
        str(Digest.parse(str(identifier))) if ":" in str(identifier) else check_tag(str(identifier))
    )
    indexed = _in_index(registry, check_repository(repository), name)
    if indexed is not None and _is_fresh(indexed):
        return indexed

    try:
        return fetch_artifact(registry=registry, repository=repository, identifier=name)
    except ManifestUnknown:
        raise
    except OciError:
        # An old answer is better than none while the registry is unreachable.
        if indexed is None:
            raise
        return indexed


def fetch_artifact(
    *, registry: Registry, repository: str, identifier: str, by: str = ""
) -> ResolvedArtifact:
    """Fetch a tag or digest from the registry and save it to the index.

    Args:
        identifier: a tag, or a digest's text.
        by: the name of the person whose work needs it.

    Raises:
        OciError
    """
    use = CredentialUse(
        f"{registry.host}/{repository}{'@' if ':' in identifier else ':'}{identifier}", by=by
    )
    with RegistryClients(registry, limits=INTERACTIVE_LIMITS, use=use) as clients:
        store = clients.client(repository).store(repository)
        try:
            digest = _digest_of(store, identifier)
        except ManifestUnknown:
            delete_tag(registry, repository, identifier)
            raise
        artifact = _collect(registry, store, repository, digest)

    if artifact.error is not None:
        raise artifact.error
    return _save(registry, repository, identifier, artifact)


def _collect(
    registry: Registry, store: ImageStore, repository: str, digest: str
) -> CompleteArtifact:
    """Return a digest with all below it; fetch only the manifests that the index does not have."""
    collector = ManifestCollector()
    collector.request(digest, repository)

    with ThreadPoolExecutor(_THREADS) as executor:
        while True:
            while new := collector.pop_new():
                for known, fetched in stored_manifests(registry, new).items():
                    collector.add(known, fetched)

            requests = collector.pop_requests()
            if not requests:
                return collector.pop_complete()[0]

            results = executor.map(lambda request: _fetched(store, request), requests)
            for request, result in zip(requests, results, strict=True):
                if isinstance(result, OciError):
                    collector.fail(request.digest, result)
                else:
                    collector.add(request.digest, result)


def _fetched(store: ImageStore, request: ManifestRequest) -> Fetched | OciError:
    try:
        return fetch(store, Digest.parse(request.digest), with_config=request.with_config)
    except OciError as exc:
        return exc


def _digest_of(store: ImageStore, identifier: str) -> str:
    """Return the digest that the registry has for a tag or digest.

    Raises:
        ManifestUnknown, RepositoryUnknown
    """
    descriptor = store.head_manifest(identifier)
    if descriptor is not None:
        return str(descriptor.digest)
    # The answer to a HEAD has no body, so only a GET says whether the repository or the manifest
    # is unknown.
    return str(store.get_manifest(identifier).digest)


def _in_index(registry: Registry, repository: str, name: str) -> ResolvedArtifact | None:
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
        ResolvedArtifact(tag.repository, tag.artifact, tag)
        if tag is not None and tag.artifact is not None
        else None
    )


def _digest_in_index(registry: Registry, repository: str, digest: str) -> ResolvedArtifact | None:
    """Return a digest that a tag of the repository names, directly or through an index."""
    artifact = (
        Artifact.objects.filter(registry=registry, digest=digest, document__isnull=False)
        .select_related("document")
        .first()
    )
    if artifact is None:
        return None

    # Credentials differ by repository, so a digest that only another repository's tag reaches is
    # not known here.
    parents: Iterable[int] = artifact.parent_links.values_list("parent_id", flat=True)
    tags = Tag.objects.filter(
        Q(artifact=artifact) | Q(artifact__in=parents),
        repository__registry=registry,
        repository__name=repository,
    )
    tag = tags.select_related("repository").first()
    return ResolvedArtifact(tag.repository, artifact) if tag is not None else None


def _is_fresh(resolved: ResolvedArtifact) -> bool:
    repository, tag = resolved.repository, resolved.tag
    # A digest never changes its contents, and runs keep the tags of the others up to date.
    if (
        tag is None
        or repository.is_listed
        or repository.is_added_by_name
        or repository.used_at is not None
    ):
        return True
    return tag.checked_at is not None and tag.checked_at > timezone.now() - _MAX_AGE


def _save(
    registry: Registry, name: str, identifier: str, complete: CompleteArtifact
) -> ResolvedArtifact:
    now = timezone.now()
    rows = describe_artifacts(complete.members)

    with index_lock(registry):
        repository, _created = Repository.objects.get_or_create(
            registry=registry, name=name, defaults={"team_id": registry.team_id}
        )
        artifacts = save_artifacts(registry, rows)
        artifact = artifacts[complete.digest]
        tag = None

        if ":" not in identifier:
            known = known_tag(repository.pk, identifier)
            result = TagResult(repository.pk, identifier, complete.digest, known)
            write_tags(registry, [result], artifacts, now)
            tag = Tag.objects.select_related("repository", "artifact").get(
                repository=repository, name=identifier
            )
            if known is None or known.digest != complete.digest or not known.has_artifact:
                # The next run counts its sizes, which no longer match its tags.
                Repository.objects.filter(pk=repository.pk).update(indexed_by=None)

    # A repository that no run has indexed would show no size until one does.
    if repository.indexed_at is None and tag is not None:
        count_repository(repository)
        repository.refresh_from_db()
    return ResolvedArtifact(repository, artifact, tag)
