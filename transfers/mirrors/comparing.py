"""HEAD on both sides, many tags at once: what is new, changed, the same, or to be left alone."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed

from django.utils.translation import gettext as _

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import Cancelled, OciError, PlatformMissing
from registry_ui.oci.manifest import Descriptor
from registry_ui.oci.platforms import PlatformChoice, reduced_index
from registry_ui.oci.store import ImageStore

from ..models import Existing, ItemAction, ItemState, MirrorItem, MirrorRun, Verdict
from .ends import Ends
from .ledger import Ledger, describe
from .listing import Pair
from .signatures import includes, is_fallback

_BATCH = 200
_MOST_REMEMBERED = 50_000


class Comparer:
    """Looks at tags on both sides. Its threads touch no database."""

    def __init__(
        self, run: MirrorRun, ends: Ends, ledger: Ledger, pool: ThreadPoolExecutor
    ) -> None:
        self._run = run
        self._ends = ends
        self._ledger = ledger
        self._pool = pool
        self._choice = PlatformChoice.keeping(run.mirror.platforms)
        self._reduced = self._remembered() if run.mirror.platforms else {}
        self._planned = self._planned_digests() if run.based_on else None
        self.temporary: list[MirrorItem] = []

    def compare(
        self, asked: Iterable[tuple[Pair, str]], tick: Callable[[], None]
    ) -> list[MirrorItem]:
        """The items of some tags, written down; those that an earlier worker of this run has finished are left as they are.

        Raises:
            Cancelled
        """
        left = [
            (pair, tag)
            for pair, tag in asked
            if not self._ledger.is_done(pair.source, pair.target, tag)
        ]
        futures = [self._pool.submit(self._compared, pair, tag) for pair, tag in left]
        found: list[MirrorItem] = []
        batch: list[MirrorItem] = []
        try:
            for future in as_completed(futures):
                batch.append(future.result())
                if len(batch) >= _BATCH:
                    found += self._ledger.put(batch)
                    batch = []
                    tick()
        except BaseException:
            for future in futures:
                future.cancel()
            raise
        return found + self._ledger.put(batch)

    def _compared(self, pair: Pair, tag: str) -> MirrorItem:
        item = MirrorItem(
            source_repository=pair.source,
            target_repository=pair.target,
            tag=tag,
            action=ItemAction.NEW,
        )
        try:
            self._look(item, pair)
        except Cancelled:
            raise
        except PlatformMissing as exc:
            _leave(item, ItemAction.SKIPPED, exc.message)
        except OciError as exc:
            item.state, item.error = ItemState.FAILED, describe(exc)
            if exc.temporary:
                self.temporary.append(item)
        return item

    def _look(self, item: MirrorItem, pair: Pair) -> None:
        source = self._ends.source(pair.source)
        found = source.head_manifest(item.tag)
        if found is None:
            self._note_missing(item, pair)
            return
        item.source_digest = str(found.digest)
        if (
            self._planned is not None
            and self._planned.get((pair.source, item.tag)) != item.source_digest
        ):
            _leave(item, ItemAction.SKIPPED, _("It has moved on since the plan was made"))
            return
        wanted = found.digest if self._run.is_here_already else self._expected(source, found)
        present = found.digest if self._run.is_here_already else self._target_digest(pair, item.tag)
        item.target_digest = str(present or "")
        if present is None:
            return
        if present == wanted or (is_fallback(item.tag) and self._has_all(pair, item)):
            _leave(item, ItemAction.SAME, "")
            item.copied_digest = str(present)
            # Both sides were asked just now: nothing is left to compare.
            item.verified = Verdict.EQUAL if self._run.mirror.verify else ""
        elif self._run.existing == Existing.KEEP:
            _leave(item, ItemAction.SKIPPED, _("The target names something else, and keeps it"))
        else:
            item.action = ItemAction.CHANGED

    def _target_digest(self, pair: Pair, tag: str) -> Digest | None:
        if pair.local is not None:
            return Digest.parse(pair.local[tag]) if tag in pair.local else None
        found = self._ends.target(pair.target).head_manifest(tag) if pair.may_have(tag) else None
        return found.digest if found is not None else None

    def _has_all(self, pair: Pair, item: MirrorItem) -> bool:
        """Whether the target's list of referrers names all of the source's: others may have added to it."""
        source, target = self._ends.source(pair.source), self._ends.target(pair.target)
        return includes(
            target.get_manifest(item.target_digest), source.get_manifest(item.source_digest)
        )

    def _note_missing(self, item: MirrorItem, pair: Pair) -> None:
        if pair.source_tags is not None and not pair.tags:
            _leave(item, ItemAction.SKIPPED, _("It went away while the source was looked at"))
            return
        item.state = ItemState.FAILED
        words = {"repository": pair.source, "tag": item.tag}
        item.error = {
            "kind": "ManifestUnknown",
            "message": _("The source has no tag %(tag)s in %(repository)s.") % words,
            "advice": _("Check the mirror's tags."),
        }

    def _expected(self, source: ImageStore, found: Descriptor) -> Digest:
        """The digest at the target once it is alike: another one where platforms were chosen."""
        if self._choice.is_all or not found.is_index:
            return found.digest
        known = self._reduced.get(str(found.digest))
        if known is None:
            known = str(reduced_index(source.get_manifest(found.digest), self._choice).digest)
            self._reduced[str(found.digest)] = known
        return Digest.parse(known)

    def _remembered(self) -> dict[str, str]:
        """The source's digest → the target's, as earlier runs of the same rule made them."""
        mirror = self._run.mirror
        runs = MirrorRun.objects.filter(
            mirror=mirror, is_staging=False, created_at__gte=mirror.changed_at
        )
        rows = MirrorItem.objects.filter(run__in=runs, state=ItemState.DONE)
        rows = rows.exclude(copied_digest="").exclude(source_digest="")
        return dict(
            rows.order_by("pk").values_list("source_digest", "copied_digest")[:_MOST_REMEMBERED]
        )

    def _planned_digests(self) -> dict[tuple[str, str], str]:
        assert self._run.based_on is not None
        rows = self._run.based_on.items.values_list("source_repository", "tag", "source_digest")
        return {(repository, tag): digest for repository, tag, digest in rows}


def _leave(item: MirrorItem, action: ItemAction, reason: str) -> None:
    """Nothing is to be moved for it."""
    item.action, item.reason, item.state = action, reason[:500], ItemState.DONE
