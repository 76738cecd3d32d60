"""A queue of tags that wait until the manifest of their digest is in the index."""

from dataclasses import dataclass
from functools import partial

from registry_ui.oci.client import RegistryStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import InvalidManifest, OciError, RateLimited
from registry_ui.registries.models import Registry

from ..models import Artifact, Repository
from .artifact_rows import ArtifactData, describe_artifacts, save_artifacts, stored_manifests
from .budget import Budget, FetchSkipped
from .index_progress import IndexProgress
from .manifest_collector import CompleteArtifact, ManifestCollector, ManifestRequest
from .manifests import Fetched, fetch
from .registry_clients import RegistryClients
from .request_pool import Answer, RequestPool
from .tag_plan import KnownTag
from .tag_rows import TagResult


@dataclass(slots=True)
class RepositoryTask:
    """A repository that is being indexed; `pending` counts requests and unsaved answers."""

    repository: Repository
    known: dict[str, KnownTag]
    store: RegistryStore | None = None
    pending: int = 0
    has_changed: bool = False
    error: OciError | None = None


PendingTag = tuple[RepositoryTask, TagResult]


class ManifestQueue:
    """The tags whose digests are not indexed yet, and the requests for their manifests.

    A digest is fetched once, however many tags and repositories name it.
    """

    def __init__(
        self,
        registry: Registry,
        clients: RegistryClients,
        pool: RequestPool,
        progress: IndexProgress,
    ) -> None:
        self._registry = registry
        self._clients = clients
        self._pool = pool
        self._progress = progress

        self._budget = Budget()
        self._collector = ManifestCollector()
        self._waiting: dict[str, list[PendingTag]] = {}
        # By repository and digest: the digests that a repository did not give in this run.
        self._failed: dict[tuple[str, str], OciError] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, task: RepositoryTask, result: TagResult) -> list[PendingTag]:
        """Queue a tag; return it with its problem if this run has failed to fetch its digest."""
        # Another repository may have failed for the same digest; that counts for its own tags only.
        failure = self._failed.get((task.repository.name, result.digest))
        if failure is not None:
            return [self._with_problem(task, result, failure)]

        self._waiting.setdefault(result.digest, []).append((task, result))
        self._collector.request(result.digest, task.repository.name)
        return []

    def request_missing(self) -> None:
        """Request the manifests that the index does not have."""
        # A stored index names children, which are new in turn.
        while new := self._collector.pop_new():
            for digest, fetched in stored_manifests(self._registry, new).items():
                self._collector.add(digest, fetched)

        for request in self._collector.pop_requests():
            client = self._clients.client(request.repository)
            try:
                self._budget.acquire(
                    client.rate_limit, is_child=request.digest not in self._waiting
                )
            except FetchSkipped as exc:
                self._collector.fail(request.digest, exc)
                continue
            self._pool.submit(request, partial(_fetch, client.store(request.repository), request))

    def receive(self, answer: Answer) -> None:
        """Take the answer of a manifest request."""
        # An answer updates the limit itself, so the reservation is over.
        self._budget.release()
        digest = answer.request.digest
        if answer.error is None:
            self._progress.fetched += 1
            self._collector.add(digest, answer.result)
            return

        if isinstance(answer.error, RateLimited):
            self._budget.exhaust()
        self._collector.fail(digest, answer.error)

    def pop_complete(self) -> tuple[list[PendingTag], dict[str, Artifact]]:
        """Return the tags that no longer wait, and the artifacts that were saved for them."""
        ready: list[PendingTag] = []
        rows: dict[str, ArtifactData] = {}

        for artifact in self._collector.pop_complete():
            tags = self._waiting.pop(artifact.digest, [])
            error = artifact.error or self._describe(artifact, rows)
            if error is None:
                ready += tags
            elif isinstance(error, FetchSkipped | RateLimited):
                # Saved without an artifact: a later run, or opening the tag, fetches it.
                self._progress.skipped += len(tags)
                ready += tags
            else:
                self._failed[artifact.repository, artifact.digest] = error
                # Access may differ by repository, so the others that have the digest are asked too.
                for task, result in tags:
                    ready += self.add(task, result)

        return ready, save_artifacts(self._registry, rows)

    def _describe(
        self, artifact: CompleteArtifact, rows: dict[str, ArtifactData]
    ) -> OciError | None:
        try:
            # Only here it is known whether a hostile index is nested too deep.
            rows |= describe_artifacts(artifact.members)
        except InvalidManifest as exc:
            return exc
        return None

    def _with_problem(self, task: RepositoryTask, result: TagResult, error: OciError) -> PendingTag:
        self._progress.tag_problems += 1
        return task, TagResult(
            result.repository_id, result.name, result.digest, result.known, error.stored()
        )


def _fetch(store: RegistryStore, request: ManifestRequest) -> Fetched:
    return fetch(store, Digest.parse(request.digest), with_config=request.with_config)
