"""Looks at many repositories at once: lanes ask, one thread decides and writes, in batches whose cost does not grow with tags.

A repository's names are listed, each name is asked for its digest by HEAD, and only digests that the index lacks are
fetched. What answers is written with the next batch; a repository is finished when nothing of it is open any more.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.oci.client import RegistryStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import (
    Cancelled,
    InvalidManifest,
    ManifestUnknown,
    OciError,
    RateLimited,
)

from ..checking import is_unreachable
from ..models import Artifact, IndexRun, Repository
from .budget import Budget, Spared
from .fetching import Fetched, fetch
from .finishing import Ended, problem_of, write_ends
from .gathering import Gathering, Whole, Wish
from .lanes import Answered, Lanes
from .planning import KnownTag, plan_names
from .progress import LookProgress
from .reading import Readers
from .saving import (
    Described,
    artifacts_by_digest,
    chunks,
    described,
    save_artifacts,
    stored,
    writing,
)
from .tagging import Found, known_tags, remove_tags, write_tags

_BATCH = 250
_BATCH_SECONDS = 1.5
# How much is asked and in memory at a time.
_MOST_QUESTIONS = 1000
_MOST_LOOKS = 200
_MOST_KNOWN_TAGS = 20_000
# So many failures one after another are not about single repositories any more.
_MOST_FAILURES = 40


@dataclass(slots=True)
class _Look:
    """One repository that is being looked at. `open` counts what is still to be answered or written."""

    repository: Repository
    known: dict[str, KnownTag]
    store: RegistryStore | None = None
    open: int = 0
    has_changed: bool = False
    error: OciError | None = None


@dataclass(frozen=True, slots=True)
class _Names:
    """The question for a repository's tags."""

    look: _Look


@dataclass(frozen=True, slots=True)
class _Head:
    """The question for the digest that a tag names. `place` is how many tags of its repository are wanted more."""

    look: _Look
    name: str
    place: int


@dataclass(slots=True)
class _Batch:
    """What the answers of one round have to change."""

    touched: list[_Look] = field(default_factory=list)
    vanished: list[int] = field(default_factory=list)
    named: list[tuple[_Look, Found]] = field(default_factory=list)
    unanswered: list[tuple[_Look, Found]] = field(default_factory=list)


class Looker:
    """
    Args:
        readers: their clients are used from the lanes.
    """

    def __init__(
        self, run: IndexRun, readers: Readers, lanes: Lanes, progress: LookProgress
    ) -> None:
        self._run = run
        self._registry = run.registry
        self._readers = readers
        self._lanes = lanes
        self._progress = progress
        self._budget = Budget()
        self._gathering = Gathering()
        self._looks: dict[int, _Look] = {}
        self._heads: deque[_Head] = deque()
        # The tags that wait for a digest to be fetched, and the digests that a repository cannot give.
        self._waiting: dict[str, list[tuple[_Look, Found]]] = {}
        self._failed: dict[tuple[str, str], OciError] = {}
        self._failures = 0
        self.first_error: OciError | None = None
        self.has_answers = False

    def look_at(self, keys: Iterable[int]) -> None:
        """Look at repositories, given by their keys.

        Raises:
            Cancelled
            OciError: the registry does not answer any more.
        """
        repositories = self._load(keys)
        while True:
            self._begin(repositories)
            self._ask_heads()
            answers = self._lanes.collect(most=_BATCH, seconds=_BATCH_SECONDS)
            if not answers and not self._looks:
                return
            self._write(self._sort(answers))
            is_over = self._finish()
            if not (answers or is_over or self._lanes.open):
                raise RuntimeError("A repository waits for an answer that nobody was asked for.")

    def _load(self, keys: Iterable[int]) -> Iterator[tuple[Repository, dict[str, KnownTag]]]:
        for chunk in chunks(keys, _MOST_LOOKS // 2):
            rows = Repository.objects.in_bulk(chunk)
            portion: list[Repository] = []
            for repository in (rows[key] for key in chunk if key in rows):
                repository.registry = self._registry
                portion.append(repository)
                if sum(each.tag_count for each in portion) >= _MOST_KNOWN_TAGS:
                    yield from self._with_tags(portion)
                    portion = []
            yield from self._with_tags(portion)

    def _with_tags(
        self, portion: list[Repository]
    ) -> Iterator[tuple[Repository, dict[str, KnownTag]]]:
        known = known_tags(repository.pk for repository in portion)
        return ((repository, known.pop(repository.pk)) for repository in portion)

    def _begin(self, repositories: Iterator[tuple[Repository, dict[str, KnownTag]]]) -> None:
        while (
            len(self._looks) < _MOST_LOOKS and self._lanes.open + len(self._heads) < _MOST_QUESTIONS
        ):
            loaded = next(repositories, None)
            if loaded is None:
                return
            look = _Look(*loaded)
            self._looks[look.repository.pk] = look
            try:
                look.store = self._readers.client(look.repository.name).store(look.repository.name)
            except OciError as exc:
                look.error = exc
            else:
                look.open = 1
                self._lanes.ask(
                    _Names(look), partial(look.store.client.list_tags, look.repository.name)
                )

    def _ask_heads(self) -> None:
        while self._heads and self._lanes.open < _MOST_QUESTIONS:
            head = self._heads.popleft()
            assert head.look.store is not None
            self._lanes.ask(head, partial(head.look.store.head_manifest, head.name))

    def _sort(self, answers: list[Answered]) -> _Batch:
        batch = _Batch()
        for answer in sorted(answers, key=_place):
            self._note(answer)
            match answer.question:
                case _Names():
                    self._take_names(answer, batch)
                case _Head():
                    self._take_digest(answer, batch)
                case Wish():
                    self._take_manifest(answer)
        return batch

    def _note(self, answer: Answered) -> None:
        """
        Raises:
            Cancelled
            OciError: nothing has been answered for too long.
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
            if self._failures >= _MOST_FAILURES:
                raise error

    def _take_names(self, answer: Answered, batch: _Batch) -> None:
        look: _Look = answer.question.look
        look.open -= 1
        if answer.error is not None:
            look.error = answer.error
            return
        plan = plan_names(look.known, answer.result)
        if plan.vanished:
            batch.vanished += plan.vanished
            batch.touched.append(look)
        look.open += len(plan.names)
        self._progress.tags += len(plan.names)
        self._heads.extend(_Head(look, name, place) for place, name in enumerate(plan.names))

    def _take_digest(self, answer: Answered, batch: _Batch) -> None:
        look, name = answer.question.look, answer.question.name
        known = look.known.get(name)
        error = answer.error
        if error is None and answer.result is None:
            error = ManifestUnknown(
                _("The registry lists this tag, but has no manifest for it."),
                advice=_("Push it again, or delete it there."),
            )
        if error is not None:
            problem = problem_of(error)
            if known is not None and known.problem == problem:
                self._done(look)
            else:
                batch.unanswered.append(
                    (look, Found(look.repository.pk, name, known=known, problem=problem))
                )
                batch.touched.append(look)
            self._progress.tag_problems += 1
            return
        digest = str(answer.result.digest)
        if known is not None and known.is_settled_at(digest):
            self._done(look)
        else:
            batch.named.append((look, Found(look.repository.pk, name, digest, known)))
            batch.touched.append(look)

    def _take_manifest(self, answer: Answered) -> None:
        self._budget.give_back()
        digest = answer.question.digest
        if answer.error is None:
            self._progress.fetched += 1
            self._gathering.arrived(digest, answer.result)
            return
        if isinstance(answer.error, RateLimited):
            self._budget.spend()
        self._gathering.failed(digest, answer.error)

    def _write(self, batch: _Batch) -> None:
        """Bring the rows to what the answers of one round say, and ask for the manifests that are missing."""
        if not (batch.touched or self._waiting):
            return
        now = timezone.now()
        with writing(self._registry):
            self._mark_uncounted(batch)
            remove_tags(batch.vanished)
            artifacts = artifacts_by_digest(
                self._registry, (found.digest for _look, found in batch.named)
            )
            ready = [each for each in batch.named if each[1].digest in artifacts]
            for each in batch.named:
                if each[1].digest not in artifacts:
                    ready += self._wait(*each)
            self._fetch_missing()
            arrived, saved = self._take_whole()
            self._write_tags([*ready, *arrived, *batch.unanswered], artifacts | saved, now)

    def _write_tags(
        self, answered: list[tuple[_Look, Found]], artifacts: dict[str, Artifact], now: datetime
    ) -> None:
        write_tags(self._registry, [found for _look, found in answered], artifacts, now)
        for look, _found in answered:
            self._done(look)

    def _wait(self, look: _Look, found: Found) -> list[tuple[_Look, Found]]:
        """A tag whose digest is not in the index waits for it; returned where that is known to be in vain."""
        failure = self._failed.get((look.repository.name, found.digest))
        if failure is not None:
            return [self._with_problem(look, found, failure)]
        self._waiting.setdefault(found.digest, []).append((look, found))
        self._gathering.want(found.digest, look.repository.name)
        return []

    def _fetch_missing(self) -> None:
        while new := self._gathering.new():
            for digest, fetched in stored(self._registry, new).items():
                self._gathering.arrived(digest, fetched)
        for wish in self._gathering.wishes():
            client = self._readers.client(wish.repository)
            try:
                self._budget.take(client.rate_limit, is_child=wish.digest not in self._waiting)
            except Spared as exc:
                self._gathering.failed(wish.digest, exc)
                continue
            self._lanes.ask(wish, partial(_fetch, client.store(wish.repository), wish))

    def _take_whole(self) -> tuple[list[tuple[_Look, Found]], dict[str, Artifact]]:
        """The tags whose wait is over, and the artifacts that were saved for them."""
        over: list[tuple[_Look, Found]] = []
        rows: dict[str, Described] = {}
        for whole in self._gathering.whole():
            waited = self._waiting.pop(whole.digest, [])
            error = whole.error or self._describe(whole, rows)
            if error is None:
                over += waited
            elif isinstance(error, Spared | RateLimited):
                self._progress.spared += len(waited)
                over += waited
            else:
                self._failed[whole.repository, whole.digest] = error
                # Another repository may give what this one does not.
                over += [each for look, found in waited for each in self._wait(look, found)]
        return over, save_artifacts(self._registry, rows)

    def _describe(self, whole: Whole, rows: dict[str, Described]) -> OciError | None:
        try:
            rows |= described(whole.members)
        except InvalidManifest as exc:
            return exc
        return None

    def _with_problem(self, look: _Look, found: Found, error: OciError) -> tuple[_Look, Found]:
        self._progress.tag_problems += 1
        return look, Found(
            found.repository_id, found.name, found.digest, found.known, problem_of(error)
        )

    def _mark_uncounted(self, batch: _Batch) -> None:
        """From here to its end a repository's sizes are not what its tags say: a run that goes on after a crash counts it."""
        fresh = {look.repository.pk: look for look in batch.touched if not look.has_changed}
        for chunk in chunks(fresh):
            Repository.objects.filter(pk__in=chunk).update(indexed_by=None)
        for look in fresh.values():
            look.has_changed = True

    def _done(self, look: _Look) -> None:
        look.open -= 1
        self._progress.tags_done += 1

    def _finish(self) -> bool:
        """Count and close the repositories of which nothing is open; False where there were none."""
        over = [look for look in self._looks.values() if look.open == 0]
        if not over:
            return False
        write_ends(
            self._run, [Ended(look.repository, look.has_changed, look.error) for look in over]
        )
        for look in over:
            del self._looks[look.repository.pk]
            self._progress.repositories_done += 1
            self._progress.problems += look.error is not None
        return True


def _place(answer: Answered) -> int:
    return answer.question.place if isinstance(answer.question, _Head) else -1


def _fetch(store: RegistryStore, wish: Wish) -> Fetched:
    return fetch(store, Digest.parse(wish.digest), with_config=wish.with_config)
