"""The copy of tags: each digest once, however many tags name it, and the tag last."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.images.services import name_image
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import Cancelled, InvalidReference, OciError, PlatformMissing
from registry_ui.oci.image_copy import CopiedImage, CopySession, copy_image
from registry_ui.oci.name_lists import is_digest_tag
from registry_ui.oci.platform_choice import PlatformChoice
from registry_ui.oci.progress import Progress
from registry_ui.oci.reference import check_tag

from ..models import ConflictPolicy, ItemAction, ItemState, MirrorItem
from .endpoints import Endpoints
from .item_store import ItemStore
from .pull_budget import PullBudget
from .signatures import is_fallback_tag, merge_indexes

_POLL_SECONDS = 0.3


@dataclass(slots=True)
class TagGroup:
    """The tags of one repository that name one digest of the source."""

    source: str
    target: str
    digest: Digest
    items: list[MirrorItem]
    progress: Progress = field(default_factory=Progress)


def group_by_digest(items: Iterable[MirrorItem]) -> list[TagGroup]:
    groups: dict[tuple[str, str, str], TagGroup] = {}
    for item in items:
        key = (item.source_repository, item.target_repository, item.source_digest)
        if key not in groups:
            groups[key] = TagGroup(
                item.source_repository, item.target_repository, Digest.parse(item.source_digest), []
            )
        groups[key].items.append(item)
    return list(groups.values())


class TagCopier:
    """A concurrent copy of groups, which share workers and the known blobs of the target."""

    def __init__(
        self,
        endpoints: Endpoints,
        item_store: ItemStore,
        session: CopySession,
        budget: PullBudget,
        *,
        groups_at_once: int,
    ) -> None:
        self._endpoints = endpoints
        self._item_store = item_store
        self.presence = session.presence
        self._session = session
        self._budget = budget
        self._groups_at_once = groups_at_once
        self._mirror = endpoints.mirror
        self._is_local = item_store.run.is_local
        self._conflict_policy = item_store.run.conflict_policy
        self._choice = PlatformChoice.any_of(self._mirror.platforms)
        self._lock = threading.Lock()
        self._active: list[TagGroup] = []

        # (transferred, total) of the groups that have ended.
        self._finished_bytes = [0, 0]

        # Counts of groups, for the estimate of the rest.
        self._submitted = self._started = 0
        self.temporary_failures: list[MirrorItem] = []
        self.manifests: dict[str, set[str]] = {}
        """Target repository → every copied manifest, any of which may have signatures."""

    def copy(self, groups: Sequence[TagGroup], checkpoint: Callable[[], None]) -> None:
        """Copy all groups; a failed group does not stop the others.

        Raises:
            Cancelled
            Postponed: the source's limit is near; the groups that had not begun wait.
        """
        self.temporary_failures = []
        self._submitted += len(groups)

        # Groups only coordinate; the worker pools limit the transfers.
        with ThreadPoolExecutor(self._groups_at_once, "tag") as pool:
            running: set[Future[None]] = {pool.submit(self._run_group, group) for group in groups}
            try:
                while running:
                    # A bounded wait, so that progress is written while a large image is copied.
                    done, running = wait(
                        running, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED
                    )
                    for future in done:
                        future.result()
                    self._record_bytes()
                    checkpoint()
            except BaseException:
                # Groups that have not begun are dropped; the others notice the cancellation.
                for future in running:
                    future.cancel()
                raise

        self._budget.check()

    def totals(self) -> tuple[int, int]:
        """Return (transferred bytes, all bytes) of the groups that have begun."""
        with self._lock:
            copying = [group.progress.totals() for group in self._active]
            done, total = self._finished_bytes
        copying_done = sum(progress_done for progress_done, _total in copying)
        copying_total = sum(progress_total for _done, progress_total in copying)
        return done + copying_done, total + copying_total

    def estimated_bytes(self) -> int:
        """Return the bytes of the groups that have not begun, estimated from the others."""
        _done, total = self.totals()
        with self._lock:
            # A group whose manifests are not read yet has no total.
            known = self._started - sum(group.progress.totals()[1] == 0 for group in self._active)
            return total * (self._submitted - known) // known if known else 0

    def layers(self) -> list[dict[str, Any]]:
        """Return the layers in transfer."""
        with self._lock:
            active = list(self._active)
        return [
            layer
            for group in active
            for layer in group.progress.snapshot()["layers"]
            if layer["state"] == "transferring"
        ]

    def _record_bytes(self) -> None:
        """Record the progress of each tag in transfer."""
        with self._lock:
            for group in self._active:
                # All tags of a group name the same digest, so the image is copied once.
                for item in group.items:
                    if item.state == ItemState.COPYING and item.bytes_total != 0:
                        done, total = group.progress.totals()
                        item.bytes_done, item.bytes_total = done, total or None
                        self._item_store.mark_changed(item)

    def _run_group(self, group: TagGroup) -> None:
        # Without a pull left the group keeps its state `waiting` for the postponed run.
        if not self._budget.acquire(self._endpoints.source_client(group.source).rate_limit):
            return
        with self._lock:
            self._started += 1
            self._active.append(group)
        try:
            self._copy_group(group)
        finally:
            self._budget.release()
            self._close(group)

    def _close(self, group: TagGroup) -> None:
        done, total = group.progress.totals()
        with self._lock:
            self._active.remove(group)
            # Bytes of a failed image are not expected any more.
            self._finished_bytes[0] += done
            self._finished_bytes[1] += (
                total if all(item.state == ItemState.DONE for item in group.items) else done
            )

    def _copy_group(self, group: TagGroup) -> None:
        copied: CopiedImage | None = None
        for item in group.items:
            if copied is not None:
                # The first tag of the group has transferred them.
                item.bytes_total = 0

            item.state = ItemState.COPYING
            item.attempt += 1
            self._item_store.mark_changed(item)
            try:
                self._back_up_target(item)
                copied = self._copy_image(group, item, copied)
            except Cancelled:
                # The tag continues with the next worker, or with a retry.
                item.state = ItemState.WAITING
                self._item_store.mark_changed(item)
                raise
            except PlatformMissing as exc:
                # A skipped tag, not a failed one: the image has no selected platform.
                item.action, item.error, item.state = (
                    ItemAction.SKIPPED,
                    exc.stored(),
                    ItemState.DONE,
                )
            except OciError as exc:
                self._fail(item, exc)
            else:
                item.state, item.error, item.copied_digest = (
                    ItemState.DONE,
                    None,
                    str(copied.manifest.digest),
                )

            self._item_store.mark_changed(item)

    def _copy_image(
        self, group: TagGroup, item: MirrorItem, copied: CopiedImage | None
    ) -> CopiedImage:
        """Copy the image for the first tag of a group; later tags cost one manifest."""
        if copied is not None:
            return self._tag_image(group, item, copied)

        # By digest, so that a tag which moves meanwhile does not mix two images.
        copied = copy_image(
            self._endpoints.source(group.source),
            group.digest,
            self._endpoints.target(group.target),
            None if self._is_tagged_separately(item) else item.tag,
            replace(self._session, progress=group.progress, repository=group.target),
            platform=self._choice if not is_digest_tag(item.tag) else PlatformChoice.any_of(()),
        )

        if self._is_tagged_separately(item):
            copied = self._tag_image(group, item, copied)

        # The page explains why the digests of both sides differ.
        if not self._choice.is_all and copied.manifest.digest != copied.source_digest:
            item.reason = _(
                "Only the chosen platforms are there, so its digest is another one than at the "
                "source"
            )

        with self._lock:
            item.bytes_done, item.bytes_total = group.progress.totals()
            self.manifests.setdefault(group.target, set()).update(
                str(digest) for digest in copied.manifests
            )

        return copied

    def _is_tagged_separately(self, item: MirrorItem) -> bool:
        """Return whether the tag is not part of the copy.

        The local images store both digests with a tag; a list of referrers is merged with the
        target's; a digest is no tag.
        """
        return (
            self._is_local
            or ":" in item.tag
            or (is_fallback_tag(item.tag) and bool(item.target_digest))
        )

    def _tag_image(self, group: TagGroup, item: MirrorItem, copied: CopiedImage) -> CopiedImage:
        """Point a tag at a copied image and return what the tag names."""
        target = self._endpoints.target(group.target)
        if self._is_local:
            self._tag_locally(group, item, copied)
        elif is_fallback_tag(item.tag) and item.target_digest:
            # Other clients may have added referrers at the target, which must not be lost.
            merged = merge_indexes(
                copied.manifest, target.get_manifest(Digest.parse(item.target_digest))
            )
            target.put_manifest(merged, item.tag)
            return replace(copied, manifest=merged)
        elif ":" not in item.tag:
            target.put_manifest(copied.manifest, item.tag)

        return copied

    def _tag_locally(self, group: TagGroup, item: MirrorItem, copied: CopiedImage) -> None:
        name = self._endpoints.local_name(group.target).with_tag(item.tag)
        origin = f"{self._mirror.source_registry.host}/{item.source}"

        # Threads of a pool would keep their database connections open.
        with closing_connection():
            name_image(
                team=self._mirror.team,
                user=None,
                name=name,
                digest=copied.manifest.digest,
                source_digest=copied.source_digest,
                origin=origin,
            )

    def _back_up_target(self, item: MirrorItem) -> None:
        """Keep the target's image under a backup tag, where the mirror says so.

        A list of referrers is merged, so nothing of it is lost.
        """
        if (
            item.action != ItemAction.CHANGED
            or self._conflict_policy != ConflictPolicy.BACKUP
            or not item.target_digest
        ):
            return

        # Its content is merged, so there is nothing to keep.
        if is_digest_tag(item.tag):
            return

        name = backup_tag(item.tag)
        store = self._endpoints.target(item.target_repository)
        store.put_manifest(store.get_manifest(Digest.parse(item.target_digest)), name)
        item.reason = _("What was there is kept as %(name)s") % {"name": name}

    def _fail(self, item: MirrorItem, exc: OciError) -> None:
        item.state, item.error = ItemState.FAILED, exc.stored()

        # A retry counts the image anew; blobs that arrived are not sent again.
        item.bytes_done = 0
        if exc.temporary:
            with self._lock:
                self.temporary_failures.append(item)
        self._budget.record_failure(exc)


def backup_tag(tag: str) -> str:
    """Return the backup tag for this minute.

    Raises:
        InvalidReference: the tag is too long for the suffix.
    """
    name = f"{tag}.backup-{timezone.now():%Y%m%d%H%M}"
    try:
        return check_tag(name)
    except InvalidReference as exc:
        raise InvalidReference("kept_tag_too_long", tag=tag) from exc


def is_backup_tag(tag: str) -> bool:
    stem, mark, timestamp = tag.rpartition(".backup-")

    # The suffix that `backup_tag` adds: a date and a time of twelve digits.
    return bool(stem and mark) and len(timestamp) == 12 and timestamp.isdigit()


@contextmanager
def closing_connection() -> Iterator[None]:
    """Close the thread's database connection afterwards."""
    try:
        yield
    finally:
        # A connection inside a transaction must stay open.
        if not connection.in_atomic_block:
            connection.close()
