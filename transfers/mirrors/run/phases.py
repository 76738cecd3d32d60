"""The phases of a run: list, select, compare, copy, verify, delete."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.oci.blob_presence import BlobPresence
from registry_ui.oci.image_copy import CopySession
from registry_ui.oci.worker_pools import WorkerPools
from registry_ui.web.errors import describe

from ..models import ItemAction, ItemState, MirrorItem
from ..selection import Selection
from .build_dates import build_date_lookup
from .comparison import Comparer
from .context import CONCURRENT_COMPARISONS, RunContext
from .drift import update_pairs
from .endpoints import Endpoints
from .extra_tags import delete_extras, keep_reason, record_extras
from .plan_size import measure_plan
from .pull_budget import Postponed, PullBudget
from .referrers import find_referrers_by_api, find_referrers_by_tag, write_fallback_tags
from .repository_pairs import RepositoryPair, candidate_tags, list_pairs, list_tags, read_local_tags
from .tag_copies import TagCopier, TagGroup, group_by_digest
from .verification import verify

_RETRY_SECONDS = (2, 8)
_GROUPS, _SMALL, _METADATA = 24, 24, 16
_LOCAL = 4
_COPIED_ACTIONS = (ItemAction.NEW, ItemAction.CHANGED)


def execute(context: RunContext) -> None:
    """Run all phases of a claimed run.

    Raises:
        Postponed, Cancelled
        OciError: a failure of the whole run before it copied; a tag's failure is in its item.
    """
    with (
        Endpoints(
            context.run, cancellation=context.cancellation, on_pause=context.record_pause
        ) as endpoints,
        ThreadPoolExecutor(CONCURRENT_COMPARISONS, "question") as pool,
    ):
        context.endpoints = endpoints
        _RunPhases(context, endpoints, pool).run()


class _RunPhases:
    """One execution of the phases."""

    def __init__(self, context: RunContext, endpoints: Endpoints, pool: ThreadPoolExecutor) -> None:
        self._context = context
        self._endpoints = endpoints
        self._pool = pool
        self._item_store = context.item_store
        self._mirror = context.mirror
        self._is_local = context.run.is_local

        # A later worker cannot know which blobs the earlier one has sent.
        self._was_begun = bool(context.item_store.items) or context.run.attempt > 1
        self._selection = Selection.parse(self._mirror.selection)
        self._comparer = Comparer(context.run, endpoints, context.item_store, pool)
        self._pairs: dict[tuple[str, str], RepositoryPair] = {}

    def run(self) -> None:
        # Names and rights first: a naming collision must stop the run before any copy.
        pairs = list_pairs(self._context.run, self._endpoints)
        self._pairs = {(pair.source, pair.target): pair for pair in pairs}
        self._list(pairs)
        self._item_store.counts.update(
            repositories=len(pairs), new_repositories=len(self._new_repositories(pairs))
        )
        tags = [(pair, tag) for pair in pairs for tag in self._select_tags(pair)]
        self._context.phase = "comparing"
        self._compare(tags)
        self._compare_signatures(pairs)

        # After the comparison, whose failures decide whether extras are deleted.
        extras = record_extras(pairs, self._selection, self._item_store)

        if self._context.run.is_plan:
            self._context.phase = "measuring"
            measure_plan(
                self._context,
                self._endpoints,
                self._blob_presence(pairs),
                self._new_repositories(pairs),
            )
        else:
            self._copy(pairs)
            self._delete(pairs, extras)

        self._item_store.flush(force=True)
        update_pairs(self._context.run, pairs, self._item_store.items)

    def _list(self, pairs: Sequence[RepositoryPair], *, always: bool = False) -> None:
        # An extra is a tag that the complete list of the source lacks.
        always = always or self._mirror.delete_extras
        futures = [
            self._pool.submit(list_tags, pair, self._endpoints, self._selection, always=always)
            for pair in pairs
        ]
        for future in futures:
            future.result()

        self._context.cancellation.check()
        for pair in pairs:
            if self._is_local:
                read_local_tags(pair, self._endpoints)
            if pair.error is not None:
                self._record_unlisted(pair)

    def _record_unlisted(self, pair: RepositoryPair) -> None:
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
            pair.error.stored(),
        )
        self._item_store.save([item])

    def _select_tags(self, pair: RepositoryPair) -> Iterable[str]:
        if pair.error is not None:
            return []

        names = candidate_tags(pair, self._selection)
        if pair.tags or pair.source_tags is None:
            return names

        if not names:
            self._context.add_note(_("%(name)s has no tags at the source.") % {"name": pair.source})

        # Dates may cost requests, so they are looked up only where the selection needs them.
        dates = (
            build_date_lookup(self._mirror, pair.source, self._endpoints, self._pool)
            if self._selection.needs_dates
            else None
        )
        choices = self._selection.select(dict.fromkeys((*self._literal_tags(), *names)), dates)
        skipped = [choice for choice in choices if not choice.is_selected]
        self._item_store.counts["unselected"] += len(skipped)

        # A run does not store a row for each skipped tag: there may be thousands.
        if self._context.run.is_plan:
            rows = [self._skipped_item(pair, choice.tag, choice.reason) for choice in skipped]
            self._item_store.save(rows)

        return [choice.tag for choice in choices if choice.is_selected]

    def _literal_tags(self) -> Sequence[str]:
        """Return the tags of a mirror that names all in full.

        One that the source lacks is a failure there, and not an unselected tag.
        """
        return self._selection.tags if self._selection.is_literal else ()

    def _skipped_item(self, pair: RepositoryPair, tag: str, reason: str) -> MirrorItem:
        return MirrorItem(
            source_repository=pair.source,
            target_repository=pair.target,
            tag=tag,
            action=ItemAction.SKIPPED,
            reason=reason[:500],
            state=ItemState.DONE,
        )

    def _compare(self, tags: Iterable[tuple[RepositoryPair, str]]) -> list[MirrorItem]:
        return self._comparer.compare(tags, self._context.checkpoint)

    def _compare_signatures(self, pairs: Sequence[RepositoryPair]) -> None:
        """Compare signatures and SBOMs of the tags as further items."""
        if not self._mirror.referrers or self._is_local:
            return
        by_pair = self._subjects()
        unlisted = [pair for pair in pairs if pair.source_tags is None and pair.error is None]
        self._list_for_signatures(
            [pair for pair in unlisted if by_pair.get((pair.source, pair.target))]
        )

        # cosign tags and fallback tags first: the list of tags shows them for free.
        self._compare(find_referrers_by_tag(pairs, by_pair))
        self._referrers = find_referrers_by_api(pairs, by_pair, self._endpoints, self._pool)
        self._compare(self._referrers.tags())

    def _list_for_signatures(self, pairs: Sequence[RepositoryPair]) -> None:
        """List the tags of repositories whose tags are named in full.

        Signatures may be newer than the mirror, and only the list shows them.
        """
        futures = [
            self._pool.submit(list_tags, pair, self._endpoints, self._selection, always=True)
            for pair in pairs
        ]
        for future in futures:
            future.result()

        self._context.cancellation.check()
        for pair in pairs:
            if pair.error is not None:
                params = {"name": pair.source, "why": describe(pair.error).sentence}
                self._context.add_note(
                    _("Signatures of %(name)s by tag could not be looked for: %(why)s") % params
                )
                pair.error = None

    def _subjects(self) -> dict[tuple[str, str], set[str]]:
        subjects: dict[tuple[str, str], set[str]] = defaultdict(set)
        for item in self._item_store.items:
            if item.source_digest and item.action in (*_COPIED_ACTIONS, ItemAction.UP_TO_DATE):
                subjects[item.source_repository, item.target_repository].add(item.source_digest)
        return subjects

    def _items_to_copy(self) -> list[MirrorItem]:
        return [
            item
            for item in self._item_store.items
            if item.action in _COPIED_ACTIONS
            and item.state in (ItemState.WAITING, ItemState.COPYING)
        ]

    def _blob_presence(self, pairs: Sequence[RepositoryPair]) -> BlobPresence:
        # Blobs known from earlier runs need no HEAD request, or can be mounted (distribution spec,
        # "Mounting a blob from another repository").
        known = self._item_store.known_blobs([pair.target for pair in pairs])

        # After a worker died, a repository without tags may have blobs nevertheless.
        empty = (
            set()
            if self._was_begun
            else self._new_repositories(pairs) - {repository for repository, _digest in known}
        )
        return BlobPresence(known, empty)

    def _new_repositories(self, pairs: Sequence[RepositoryPair]) -> frozenset[str]:
        return frozenset(pair.target for pair in pairs if pair.is_new)

    def _copy(self, pairs: Sequence[RepositoryPair]) -> None:
        groups = group_by_digest(self._items_to_copy())
        if not groups:
            return

        self._context.phase = "copying"
        pools = self._worker_pools()
        try:
            copier = TagCopier(
                self._endpoints,
                self._item_store,
                CopySession(
                    cancellation=self._context.cancellation,
                    pools=pools,
                    presence=self._blob_presence(pairs),
                ),
                PullBudget(self._mirror.source_registry.host),
                groups_at_once=_LOCAL if self._is_local else _GROUPS,
            )
            self._context.copier = copier
            self._copy_groups(copier, groups)
            self._copy_child_signatures(copier, pairs)
        finally:
            pools.close()
            # Also after a failure, so that the next run need not ask for these blobs.
            if self._context.copier is not None:
                self._item_store.record_blobs(*self._context.copier.presence.drain())

        self._verify()

    def _worker_pools(self) -> WorkerPools:
        if self._is_local:
            return WorkerPools.create(metadata=_LOCAL, small=_LOCAL, large=settings.BLOB_WORKERS)
        return WorkerPools.create(metadata=_METADATA, small=_SMALL, large=settings.BLOB_WORKERS)

    def _copy_groups(self, copier: TagCopier, groups: Sequence[TagGroup]) -> None:
        try:
            copier.copy(groups, self._context.checkpoint)

            # Failures that may pass are retried in the run, after all other tags.
            for seconds in _RETRY_SECONDS:
                failed = [*copier.temporary_failures, *self._comparer.temporary_failures]
                if not failed:
                    return

                self._context.cancellation.wait(seconds)
                self._comparer.temporary_failures = []
                retried = [
                    (self._pairs[item.source_repository, item.target_repository], item.tag)
                    for item in failed
                ]
                items = self._compare(retried)
                copier.copy(
                    group_by_digest(item for item in items if item.state == ItemState.WAITING),
                    self._context.checkpoint,
                )
        except Postponed:
            # A postponed run continues later, so these have not failed for good.
            for item in copier.temporary_failures:
                item.state, item.error = ItemState.WAITING, None
                self._item_store.mark_changed(item)
            raise

    def _copy_child_signatures(self, copier: TagCopier, pairs: Sequence[RepositoryPair]) -> None:
        """Copy the signatures of an index's images, which are known only after its copy.

        Write the lists of referrers too, where the target needs them.
        """
        if not self._mirror.referrers or self._is_local:
            return
        by_pair = {
            (pair.source, pair.target): copier.manifests.get(pair.target, set()) for pair in pairs
        }
        items = self._compare(find_referrers_by_tag(pairs, by_pair))
        self._copy_groups(
            copier, group_by_digest(item for item in items if item.state == ItemState.WAITING)
        )
        write_fallback_tags(self._referrers, self._item_store.items, self._endpoints)

    def _verify(self) -> None:
        if not self._mirror.verify:
            return
        self._context.phase = "verifying"

        # Up-to-date tags were compared just now; only copied ones are verified.
        copied = [
            item
            for item in self._item_store.items
            if item.action in _COPIED_ACTIONS
            and item.state == ItemState.DONE
            and not item.verification
        ]
        verify(copied, self._endpoints, self._item_store, self._pool, self._context.checkpoint)

    def _delete(self, pairs: Sequence[RepositoryPair], extras: Sequence[MirrorItem]) -> None:
        if not extras:
            return

        reason = keep_reason(
            extras, pairs, cap=self._mirror.delete_cap, is_enabled=self._mirror.delete_extras
        )

        # The extras stay, each with the reason.
        if reason:
            for item in extras:
                item.reason = f"{item.reason}. {reason}"[:500]
                self._item_store.mark_changed(item)
            if self._mirror.delete_extras:
                self._context.add_note(reason)
            return

        self._context.phase = "deleting"
        deleted = delete_extras(extras, self._endpoints, self._item_store, self._context.checkpoint)
        self._item_store.counts["deleted"] += deleted
        self._context.add_note(
            ngettext("%(count)d tag was deleted.", "%(count)d tags were deleted.", deleted)
            % {"count": deleted}
        )
