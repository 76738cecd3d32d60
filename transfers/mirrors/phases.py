"""The phases of a run in their order: list, choose, compare, move, verify, delete."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.oci.crews import Crew
from registry_ui.oci.holdings import Holdings

from ..models import ItemAction, ItemState, MirrorItem
from .comparing import Comparer
from .dates import dates_of
from .drift import keep_pairs
from .ends import Ends
from .extras import delete_extras, note_extras, why_kept
from .ledger import describe
from .listing import Pair, list_pair, look_at_local, pairs_of, wanted_tags
from .measuring import measure
from .moving import Group, Mover, grouped
from .parking import Budget, Parked
from .referring import referrers_by_api, referrers_by_tag, write_lists
from .selection import Selection
from .verifying import verify
from .work import QUESTIONS, Work

_RETRY_SECONDS = (2, 8)
_GROUPS, _SMALL, _METADATA = 24, 24, 16
_LOCAL = 4
_MOVABLE = (ItemAction.NEW, ItemAction.CHANGED)


def execute(work: Work) -> None:
    """Bring a claimed run to its end.

    Raises:
        Parked, Cancelled
        OciError: what concerns all of it, before anything moved; what concerns one tag is with its item.
    """
    with (
        Ends(work.run, cancellation=work.cancellation, on_pause=work.pause) as ends,
        ThreadPoolExecutor(QUESTIONS, "question") as pool,
    ):
        work.ends = ends
        _Phases(work, ends, pool).run()


class _Phases:
    def __init__(self, work: Work, ends: Ends, pool: ThreadPoolExecutor) -> None:
        self._work = work
        self._ends = ends
        self._pool = pool
        self._ledger = work.ledger
        self._mirror = work.mirror
        self._is_local = work.run.is_local
        self._was_begun = bool(work.ledger.items) or work.run.attempt > 1
        self._selection = Selection.parse(self._mirror.selection)
        self._comparer = Comparer(work.run, ends, work.ledger, pool)
        self._pairs: dict[tuple[str, str], Pair] = {}

    def run(self) -> None:
        pairs = pairs_of(self._work.run, self._ends)
        self._pairs = {(pair.source, pair.target): pair for pair in pairs}
        self._list(pairs)
        self._ledger.counts.update(
            repositories=len(pairs), new_repositories=len(self._new_repositories(pairs))
        )
        asked = [(pair, tag) for pair in pairs for tag in self._choose(pair)]
        self._work.phase = "comparing"
        self._compare(asked)
        self._compare_signatures(pairs)
        extras = note_extras(pairs, self._selection, self._ledger)
        if self._work.run.is_plan:
            self._work.phase = "measuring"
            measure(self._work, self._ends, self._holdings(pairs), self._new_repositories(pairs))
        else:
            self._move(pairs)
            self._delete(pairs, extras)
        self._ledger.flush(force=True)
        keep_pairs(self._work.run, pairs, self._ledger.items)

    def _list(self, pairs: Sequence[Pair], *, always: bool = False) -> None:
        always = always or self._mirror.delete_extras
        for listed in [
            self._pool.submit(list_pair, pair, self._ends, self._selection, always=always)
            for pair in pairs
        ]:
            listed.result()
        self._work.cancellation.check()
        for pair in pairs:
            if self._is_local:
                look_at_local(pair, self._ends)
            if pair.error is not None:
                self._note_unlisted(pair)

    def _note_unlisted(self, pair: Pair) -> None:
        assert pair.error is not None
        item = MirrorItem(
            source_repository=pair.source,
            target_repository=pair.target,
            tag="",
            action=ItemAction.SKIPPED,
        )
        item.reason, item.state, item.error = (
            _("It could not be looked at"),
            ItemState.FAILED,
            describe(pair.error),
        )
        self._ledger.put([item])

    def _choose(self, pair: Pair) -> Iterable[str]:
        if pair.error is not None:
            return []
        names = wanted_tags(pair, self._selection)
        if pair.tags or pair.source_tags is None:
            return names
        if not names:
            self._work.note(_("%(name)s has no tags at the source.") % {"name": pair.source})
        dates = (
            dates_of(self._mirror, pair.source, self._ends, self._pool)
            if self._selection.needs_dates
            else None
        )
        choices = self._selection.select(dict.fromkeys((*self._literal(), *names)), dates)
        left_out = [choice for choice in choices if not choice.is_chosen]
        self._ledger.counts["unselected"] += len(left_out)
        if self._work.run.is_plan:
            rows = [self._skipped(pair, choice.tag, choice.reason) for choice in left_out]
            self._ledger.put(rows)
        return [choice.tag for choice in choices if choice.is_chosen]

    def _literal(self) -> Sequence[str]:
        """Where each tag is named in full, one that the source lacks is a failure and not a tag that nobody asked for."""
        return self._selection.tags if self._selection.is_literal else ()

    def _skipped(self, pair: Pair, tag: str, reason: str) -> MirrorItem:
        return MirrorItem(
            source_repository=pair.source,
            target_repository=pair.target,
            tag=tag,
            action=ItemAction.SKIPPED,
            reason=reason[:500],
            state=ItemState.DONE,
        )

    def _compare(self, asked: Iterable[tuple[Pair, str]]) -> list[MirrorItem]:
        return self._comparer.compare(asked, self._work.tick)

    def _compare_signatures(self, pairs: Sequence[Pair]) -> None:
        """What is about the tags, as more items: it is copied and compared as they are."""
        if not self._mirror.referrers or self._is_local:
            return
        by_pair = self._subjects()
        unlisted = [pair for pair in pairs if pair.source_tags is None and pair.error is None]
        self._list_for_signatures(
            [pair for pair in unlisted if by_pair.get((pair.source, pair.target))]
        )
        self._compare(referrers_by_tag(pairs, by_pair))
        self._referring = referrers_by_api(pairs, by_pair, self._ends, self._pool)
        self._compare(self._referring.asked())

    def _list_for_signatures(self, pairs: Sequence[Pair]) -> None:
        """Named tags were asked for one by one; what is about them may have come later, and only the list shows it."""
        for listed in [
            self._pool.submit(list_pair, pair, self._ends, self._selection, always=True)
            for pair in pairs
        ]:
            listed.result()
        self._work.cancellation.check()
        for pair in pairs:
            if pair.error is not None:
                words = {"name": pair.source, "why": pair.error.message}
                self._work.note(
                    _("Signatures of %(name)s by tag could not be looked for: %(why)s") % words
                )
                pair.error = None

    def _subjects(self) -> dict[tuple[str, str], set[str]]:
        subjects: dict[tuple[str, str], set[str]] = defaultdict(set)
        for item in self._ledger.items:
            if item.source_digest and item.action in (*_MOVABLE, ItemAction.SAME):
                subjects[item.source_repository, item.target_repository].add(item.source_digest)
        return subjects

    def _movable(self) -> list[MirrorItem]:
        return [
            item
            for item in self._ledger.items
            if item.action in _MOVABLE and item.state in (ItemState.WAITING, ItemState.MOVING)
        ]

    def _holdings(self, pairs: Sequence[Pair]) -> Holdings:
        known = self._ledger.known_blobs([pair.target for pair in pairs])
        # After a worker died, a repository without a tag may hold blobs all the same.
        empty = (
            set()
            if self._was_begun
            else self._new_repositories(pairs) - {repository for repository, _digest in known}
        )
        return Holdings(known, empty)

    def _new_repositories(self, pairs: Sequence[Pair]) -> frozenset[str]:
        return frozenset(pair.target for pair in pairs if pair.is_new)

    def _move(self, pairs: Sequence[Pair]) -> None:
        groups = grouped(self._movable())
        if not groups:
            return
        self._work.phase = "moving"
        crew = self._crew()
        try:
            mover = Mover(
                self._ends,
                self._ledger,
                self._holdings(pairs),
                crew,
                Budget(self._mirror.source_registry.host),
                self._work.cancellation,
                groups_at_once=_LOCAL if self._is_local else _GROUPS,
            )
            self._work.mover = mover
            self._move_groups(mover, groups)
            self._bring_children_signatures(mover, pairs)
        finally:
            crew.close()
            self._ledger.remember_blobs(
                *self._work.mover.holdings.drain() if self._work.mover else ([], [])
            )
        self._verify()

    def _crew(self) -> Crew:
        if self._is_local:
            return Crew.of(metadata=_LOCAL, small=_LOCAL, large=settings.BLOB_LANES)
        return Crew.of(metadata=_METADATA, small=_SMALL, large=settings.BLOB_LANES)

    def _move_groups(self, mover: Mover, groups: Sequence[Group]) -> None:
        try:
            mover.move(groups, self._work.tick)
            for seconds in _RETRY_SECONDS:
                failed = [*mover.temporary, *self._comparer.temporary]
                if not failed:
                    return
                self._work.cancellation.wait(seconds)
                self._comparer.temporary = []
                again = [
                    (self._pairs[item.source_repository, item.target_repository], item.tag)
                    for item in failed
                ]
                items = self._compare(again)
                mover.move(
                    grouped(item for item in items if item.state == ItemState.WAITING),
                    self._work.tick,
                )
        except Parked:
            for item in mover.temporary:
                item.state, item.error = ItemState.WAITING, None
                self._ledger.touch(item)
            raise

    def _bring_children_signatures(self, mover: Mover, pairs: Sequence[Pair]) -> None:
        """Signatures of the images that an index names, known only now, and the lists of referrers where the target needs them."""
        if not self._mirror.referrers or self._is_local:
            return
        by_pair = {
            (pair.source, pair.target): mover.manifests.get(pair.target, set()) for pair in pairs
        }
        items = self._compare(referrers_by_tag(pairs, by_pair))
        self._move_groups(mover, grouped(item for item in items if item.state == ItemState.WAITING))
        write_lists(self._referring, self._ledger.items, self._ends)

    def _verify(self) -> None:
        if not self._mirror.verify:
            return
        self._work.phase = "verifying"
        moved = [
            item
            for item in self._ledger.items
            if item.action in _MOVABLE and item.state == ItemState.DONE and not item.verified
        ]
        verify(moved, self._ends, self._ledger, self._pool, self._work.tick)

    def _delete(self, pairs: Sequence[Pair], extras: Sequence[MirrorItem]) -> None:
        if not extras:
            return
        kept = why_kept(
            extras, pairs, cap=self._mirror.delete_cap, asked=self._mirror.delete_extras
        )
        if kept:
            for item in extras:
                item.reason = f"{item.reason}. {kept}"[:500]
                self._ledger.touch(item)
            if self._mirror.delete_extras:
                self._work.note(kept)
            return
        self._work.phase = "deleting"
        deleted = delete_extras(extras, self._ends, self._ledger, self._work.tick)
        self._ledger.counts["deleted"] += deleted
        self._work.note(
            ngettext("%(count)d tag was deleted.", "%(count)d tags were deleted.", deleted)
            % {"count": deleted}
        )
