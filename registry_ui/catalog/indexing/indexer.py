"""The indexer of many repositories at once.

The tags of a repository are listed, each tag is resolved to its digest by HEAD, and only digests
that the index lacks are fetched. Requests run on threads; one thread writes the answers in batches,
whose cost does not grow with the number of tags. A repository is finished when none of its requests
is open.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.utils import timezone

from registry_ui.credentials.login_test import is_unreachable
from registry_ui.oci.errors import Cancelled, ManifestUnknown, OciError

from ..models import Artifact, IndexRun, Repository
from .artifact_rows import artifacts_by_digest, chunks, index_lock
from .index_progress import IndexProgress
from .manifest_collector import ManifestRequest
from .manifest_queue import ManifestQueue, PendingTag, RepositoryTask
from .registry_clients import RegistryClients
from .request_pool import Answer, RequestPool
from .results import RepositoryResult, save_results
from .tag_plan import KnownTag, plan_names
from .tag_rows import TagResult, delete_tags, known_tags, write_tags

_BATCH = 250
_BATCH_SECONDS = 1.5
# Bounds of what is requested and kept in memory at a time.
_MAX_PENDING = 1000
_MAX_TASKS = 200
_MAX_KNOWN_TAGS = 20_000
# So many failures in a row are the registry's, not those of single repositories.
_MAX_FAILURES = 40


@dataclass(frozen=True, slots=True)
class _TagsRequest:
    """A request for a repository's tags."""

    task: RepositoryTask


@dataclass(frozen=True, slots=True)
class _DigestRequest:
    """A request for a tag's digest; `position` is the tag's place in the order of importance."""

    task: RepositoryTask
    name: str
    position: int


@dataclass(slots=True)
class _Batch:
    """The changes that one round of answers makes."""

    changed: list[RepositoryTask] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    resolved: list[PendingTag] = field(default_factory=list)
    failed: list[PendingTag] = field(default_factory=list)


class Indexer:
    """An indexer for one run.

    Args:
        clients: they are used from the threads of the pool.
    """

    def __init__(
        self,
        run: IndexRun,
        clients: RegistryClients,
        pool: RequestPool,
        progress: IndexProgress,
    ) -> None:
        self._run = run
        self._registry = run.registry
        self._clients = clients
        self._pool = pool
        self._progress = progress

        self._manifests = ManifestQueue(run.registry, clients, pool, progress)
        self._tasks: dict[int, RepositoryTask] = {}
        self._digest_requests: deque[_DigestRequest] = deque()

        self._failures = 0
        self.first_error: OciError | None = None
        self.has_answers = False

    def index(self, keys: Iterable[int]) -> None:
        """Index repositories, given by their keys.

        Raises:
            Cancelled
            OciError: the registry does not answer any more.
        """
        repositories = self._load(keys)
        while True:
            self._start_tasks(repositories)
            self._submit_digest_requests()
            answers = self._pool.collect(most=_BATCH, seconds=_BATCH_SECONDS)
            if not answers and not self._tasks:
                return

            self._write(self._sort(answers))
            has_finished = self._finish_tasks()
            # A task without an open request could never finish: fail instead of looping for ever.
            if not (answers or has_finished or self._pool.pending):
                raise RuntimeError("A repository waits for an answer that was not requested.")

    # --- starting repositories

    def _load(self, keys: Iterable[int]) -> Iterator[tuple[Repository, dict[str, KnownTag]]]:
        for chunk in chunks(keys, _MAX_TASKS // 2):
            rows = Repository.objects.in_bulk(chunk)
            portion: list[Repository] = []
            for repository in (rows[key] for key in chunk if key in rows):
                repository.registry = self._registry
                portion.append(repository)
                if sum(row.tag_count for row in portion) >= _MAX_KNOWN_TAGS:
                    yield from self._with_tags(portion)
                    portion = []
            yield from self._with_tags(portion)

    def _with_tags(
        self, portion: list[Repository]
    ) -> Iterator[tuple[Repository, dict[str, KnownTag]]]:
        known = known_tags(repository.pk for repository in portion)
        return ((repository, known.pop(repository.pk)) for repository in portion)

    def _start_tasks(self, repositories: Iterator[tuple[Repository, dict[str, KnownTag]]]) -> None:
        while (
            len(self._tasks) < _MAX_TASKS
            and self._pool.pending + len(self._digest_requests) < _MAX_PENDING
        ):
            loaded = next(repositories, None)
            if loaded is None:
                return

            task = RepositoryTask(*loaded)
            name = task.repository.name
            self._tasks[task.repository.pk] = task
            try:
                client = self._clients.client(name)
                task.store = client.store(name)
            except OciError as exc:
                # Its credential cannot be decrypted: the other repositories may have another one.
                task.error = exc
            else:
                task.pending = 1
                self._pool.submit(_TagsRequest(task), partial(client.list_tags, name))

    def _submit_digest_requests(self) -> None:
        while self._digest_requests and self._pool.pending < _MAX_PENDING:
            request = self._digest_requests.popleft()
            assert request.task.store is not None
            # HEAD, not GET: Docker Hub counts a GET as a pull (PROTOCOL.md, "Providers").
            self._pool.submit(request, partial(request.task.store.head_manifest, request.name))

    # --- sorting answers

    def _sort(self, answers: list[Answer]) -> _Batch:
        batch = _Batch()
        # By importance, so that the most important manifests are requested first.
        for answer in sorted(answers, key=_position):
            self._check_answer(answer)
            match answer.request:
                case _TagsRequest():
                    self._receive_tags(answer, batch)
                case _DigestRequest():
                    self._receive_digest(answer, batch)
                case ManifestRequest():
                    self._manifests.receive(answer)
        return batch

    def _check_answer(self, answer: Answer) -> None:
        """Count the answer as a success or failure.

        Raises:
            Cancelled
            OciError: too many requests in a row have failed.
        """
        error = answer.error
        if isinstance(error, Cancelled):
            raise error
        if error is None or not is_unreachable(error):
            self._failures = 0
            self.has_answers = self.has_answers or error is None
        else:
            self._failures += 1

        if error is not None:
            self.first_error = self.first_error or error
            if self._failures >= _MAX_FAILURES:
                raise error

    def _receive_tags(self, answer: Answer, batch: _Batch) -> None:
        task: RepositoryTask = answer.request.task
        task.pending -= 1
        if answer.error is not None:
            task.error = answer.error
            return

        plan = plan_names(task.known, answer.result)
        if plan.deleted:
            batch.deleted += plan.deleted
            batch.changed.append(task)

        task.pending += len(plan.names)
        self._progress.tags += len(plan.names)
        self._digest_requests.extend(
            _DigestRequest(task, name, position) for position, name in enumerate(plan.names)
        )

    def _receive_digest(self, answer: Answer, batch: _Batch) -> None:
        task, name = answer.request.task, answer.request.name
        known = task.known.get(name)
        error = answer.error
        if error is None and answer.result is None:
            error = ManifestUnknown("listed_tag_missing")

        if error is not None:
            problem = error.stored()
            if known is not None and known.problem == problem:
                self._finish_tag(task)
            else:
                result = TagResult(task.repository.pk, name, known=known, problem=problem)
                batch.failed.append((task, result))
                batch.changed.append(task)
            self._progress.tag_problems += 1
            return

        digest = str(answer.result.digest)
        if known is not None and known.is_current(digest):
            self._finish_tag(task)
        else:
            batch.resolved.append((task, TagResult(task.repository.pk, name, digest, known)))
            batch.changed.append(task)

    # --- writing

    def _write(self, batch: _Batch) -> None:
        """Write the answers of one round, and request the manifests that are missing."""
        if not (batch.changed or self._manifests):
            return
        now = timezone.now()

        # One transaction: artifacts that are found here must not be deleted before their tags
        # refer to them.
        with index_lock(self._registry):
            self._mark_uncounted(batch)
            delete_tags(batch.deleted)

            artifacts = artifacts_by_digest(
                self._registry, (result.digest for _task, result in batch.resolved)
            )
            ready = [tag for tag in batch.resolved if tag[1].digest in artifacts]
            for task, result in batch.resolved:
                if result.digest not in artifacts:
                    ready += self._manifests.add(task, result)

            self._manifests.request_missing()
            complete, saved = self._manifests.pop_complete()
            self._write_tags([*ready, *complete, *batch.failed], artifacts | saved, now)

    def _write_tags(
        self, tags: list[PendingTag], artifacts: dict[str, Artifact], now: datetime
    ) -> None:
        write_tags(self._registry, [result for _task, result in tags], artifacts, now)
        for task, _result in tags:
            self._finish_tag(task)

    def _mark_uncounted(self, batch: _Batch) -> None:
        """Mark changed repositories as not counted until they are finished.

        A run that resumes after a crash counts them: their sizes do not match their tags.
        """
        changed = {task.repository.pk: task for task in batch.changed if not task.has_changed}
        for chunk in chunks(changed):
            Repository.objects.filter(pk__in=chunk).update(indexed_by=None)
        for task in changed.values():
            task.has_changed = True

    def _finish_tag(self, task: RepositoryTask) -> None:
        task.pending -= 1
        self._progress.tags_done += 1

    def _finish_tasks(self) -> bool:
        """Count and close the repositories without pending work; return whether there were any."""
        finished = [task for task in self._tasks.values() if task.pending == 0]
        if not finished:
            return False

        save_results(
            self._run,
            [RepositoryResult(task.repository, task.has_changed, task.error) for task in finished],
        )
        for task in finished:
            del self._tasks[task.repository.pk]
            self._progress.repositories_done += 1
            self._progress.problems += task.error is not None
        return True


def _position(answer: Answer) -> int:
    return answer.request.position if isinstance(answer.request, _DigestRequest) else -1
