"""The comparison of tags: one HEAD request on each side, many tags at once."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed

from django.utils.translation import gettext as _

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import Cancelled, ManifestUnknown, OciError, PlatformMissing
from registry_ui.oci.manifest import Descriptor
from registry_ui.oci.platform_choice import PlatformChoice, reduced_index
from registry_ui.oci.store import ImageStore

from ..models import (
    ConflictPolicy,
    ItemAction,
    ItemState,
    MirrorItem,
    MirrorRun,
    VerificationResult,
)
from .endpoints import Endpoints
from .item_store import ItemStore
from .repository_pairs import RepositoryPair
from .signatures import includes_all, is_fallback_tag

_BATCH = 200
_MAX_EARLIER_DIGESTS = 50_000


class Comparer:
    """A comparison of a run's tags on both sides. Its threads do not use the database."""

    def __init__(
        self, run: MirrorRun, endpoints: Endpoints, item_store: ItemStore, pool: ThreadPoolExecutor
    ) -> None:
        self._run = run
        self._endpoints = endpoints
        self._item_store = item_store
        self._pool = pool
        self._choice = PlatformChoice.any_of(run.mirror.platforms)
        self._reduced_digests = self._earlier_digests() if run.mirror.platforms else {}

        # A plan is run at the digests that it showed; other tags are skipped.
        self._planned = self._planned_digests() if run.based_on else None
        self.temporary_failures: list[MirrorItem] = []

    def compare(
        self, tags: Iterable[tuple[RepositoryPair, str]], checkpoint: Callable[[], None]
    ) -> list[MirrorItem]:
        """Compare tags and save an item for each.

        Items that an earlier worker of this run has finished stay as they are.

        Raises:
            Cancelled
        """
        pending = [
            (pair, tag)
            for pair, tag in tags
            if not self._item_store.is_done(pair.source, pair.target, tag)
        ]

        # Threads only ask the registries; this thread writes to the database.
        futures = [self._pool.submit(self._compare_tag, pair, tag) for pair, tag in pending]
        items: list[MirrorItem] = []
        batch: list[MirrorItem] = []

        try:
            for future in as_completed(futures):
                batch.append(future.result())

                # A run of 10,000 tags shows its progress, and a new worker continues from it.
                if len(batch) >= _BATCH:
                    items += self._item_store.save(batch)
                    batch = []
                    checkpoint()
        except BaseException:
            # Without this, closing the pool would wait for every queued request.
            for future in futures:
                future.cancel()
            raise

        return items + self._item_store.save(batch)

    def _compare_tag(self, pair: RepositoryPair, tag: str) -> MirrorItem:
        item = MirrorItem(
            source_repository=pair.source,
            target_repository=pair.target,
            tag=tag,
            action=ItemAction.NEW,
        )

        try:
            self._classify(item, pair)
        except Cancelled:
            raise
        except PlatformMissing as exc:
            # An image without any selected platform has nothing to copy; it is no failure.
            _complete(item, ItemAction.SKIPPED, "")
            item.error = exc.stored()
        except OciError as exc:
            item.state, item.error = ItemState.FAILED, exc.stored()

            # `_RunPhases` retries these at the end of the copy.
            if exc.temporary:
                self.temporary_failures.append(item)

        return item

    def _classify(self, item: MirrorItem, pair: RepositoryPair) -> None:
        source = self._endpoints.source(pair.source)
        descriptor = source.head_manifest(item.tag)
        if descriptor is None:
            self._record_missing(item, pair)
            return

        item.source_digest = str(descriptor.digest)
        if (
            self._planned is not None
            and self._planned.get((pair.source, item.tag)) != item.source_digest
        ):
            _complete(item, ItemAction.SKIPPED, _("It has moved on since the plan was made"))
            return

        # The built-in registry serves the local images: what it has is up to date there.
        expected = (
            descriptor.digest
            if self._run.source_is_builtin
            else self._expected_digest(source, descriptor)
        )
        present = (
            descriptor.digest
            if self._run.source_is_builtin
            else self._target_digest(pair, item.tag)
        )
        item.target_digest = str(present or "")

        if present is None:
            return

        if present == expected or (
            is_fallback_tag(item.tag) and self._has_all_referrers(pair, item)
        ):
            _complete(item, ItemAction.UP_TO_DATE, "")
            item.copied_digest = str(present)
            # Both sides were compared just now, so the verification has nothing to add.
            item.verification = VerificationResult.EQUAL if self._run.mirror.verify else ""
        elif self._run.conflict_policy == ConflictPolicy.KEEP:
            # The mirror keeps what others pushed to the target.
            _complete(item, ItemAction.SKIPPED, _("The target names something else, and keeps it"))
        else:
            item.action = ItemAction.CHANGED

    def _target_digest(self, pair: RepositoryPair, tag: str) -> Digest | None:
        # The local images were read at once, so no request per tag is needed.
        if pair.local is not None:
            return Digest.parse(pair.local[tag]) if tag in pair.local else None
        descriptor = (
            self._endpoints.target(pair.target).head_manifest(tag)
            if pair.may_have_tag(tag)
            else None
        )
        return descriptor.digest if descriptor is not None else None

    def _has_all_referrers(self, pair: RepositoryPair, item: MirrorItem) -> bool:
        """Return whether the target's list of referrers includes all of the source's.

        Other clients may have added to it, so the two digests may differ.
        """
        source, target = self._endpoints.source(pair.source), self._endpoints.target(pair.target)
        return includes_all(
            target.get_manifest(item.target_digest), source.get_manifest(item.source_digest)
        )

    def _record_missing(self, item: MirrorItem, pair: RepositoryPair) -> None:
        # The tag was in the list, so it was deleted between the list and this request.
        if pair.source_tags is not None and not pair.tags:
            _complete(item, ItemAction.SKIPPED, _("It went away while the source was looked at"))
            return
        item.state = ItemState.FAILED
        item.error = ManifestUnknown(
            "source_tag_gone", repository=pair.source, tag=item.tag
        ).stored()

    def _expected_digest(self, source: ImageStore, descriptor: Descriptor) -> Digest:
        """Return the digest that an up-to-date target has.

        It differs from the source's where platforms are selected.
        """
        if self._choice.is_all or not descriptor.is_index:
            return descriptor.digest

        # Reducing an index takes a GET of its manifest; earlier runs know the result.
        reduced = self._reduced_digests.get(str(descriptor.digest))
        if reduced is None:
            reduced = str(
                reduced_index(source.get_manifest(descriptor.digest), self._choice).digest
            )
            self._reduced_digests[str(descriptor.digest)] = reduced
        return Digest.parse(reduced)

    def _earlier_digests(self) -> dict[str, str]:
        """Return source digest → target digest, as earlier runs of the mirror copied them."""
        mirror = self._run.mirror
        runs = MirrorRun.objects.filter(
            # A change of the platforms changes the digests, so older runs do not count.
            mirror=mirror,
            is_local_pull=False,
            created_at__gte=mirror.updated_at,
        )
        rows = MirrorItem.objects.filter(run__in=runs, state=ItemState.DONE)
        rows = rows.exclude(copied_digest="").exclude(source_digest="")
        return dict(
            rows.order_by("pk").values_list("source_digest", "copied_digest")[:_MAX_EARLIER_DIGESTS]
        )

    def _planned_digests(self) -> dict[tuple[str, str], str]:
        assert self._run.based_on is not None
        rows = self._run.based_on.items.values_list("source_repository", "tag", "source_digest")
        return {(repository, tag): digest for repository, tag, digest in rows}


def _complete(item: MirrorItem, action: ItemAction, reason: str) -> None:
    """Mark an item as done without a copy."""
    item.action, item.reason, item.state = action, reason[:500], ItemState.DONE
