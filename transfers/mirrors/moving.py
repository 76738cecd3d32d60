"""Moving the tags that are to be moved: each digest once, however many tags want it, and the tag last."""

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
from registry_ui.oci.copying import CopiedImage, copy_image
from registry_ui.oci.crews import Crew
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import Cancelled, InvalidReference, OciError, PlatformMissing
from registry_ui.oci.holdings import Holdings
from registry_ui.oci.listing import is_digest_tag
from registry_ui.oci.platforms import PlatformChoice
from registry_ui.oci.progress import Progress
from registry_ui.oci.reference import check_tag
from registry_ui.oci.store import Cancellation

from ..models import Existing, ItemAction, ItemState, MirrorItem
from .ends import Ends
from .ledger import Ledger, describe
from .parking import Budget
from .signatures import is_fallback, merged

_LOOK_SECONDS = 0.3


@dataclass(slots=True)
class Group:
    """The tags of one repository that name one digest of the source."""

    source: str
    target: str
    digest: Digest
    items: list[MirrorItem]
    progress: Progress = field(default_factory=Progress)


def grouped(items: Iterable[MirrorItem]) -> list[Group]:
    groups: dict[tuple[str, str, str], Group] = {}
    for item in items:
        key = (item.source_repository, item.target_repository, item.source_digest)
        if key not in groups:
            groups[key] = Group(
                item.source_repository, item.target_repository, Digest.parse(item.source_digest), []
            )
        groups[key].items.append(item)
    return list(groups.values())


class Mover:
    """Copies groups side by side, with one crew and one knowledge of the target."""

    def __init__(
        self,
        ends: Ends,
        ledger: Ledger,
        holdings: Holdings,
        crew: Crew,
        budget: Budget,
        cancellation: Cancellation,
        *,
        groups_at_once: int,
    ) -> None:
        self._ends = ends
        self._ledger = ledger
        self.holdings = holdings
        self._crew = crew
        self._budget = budget
        self._cancellation = cancellation
        self._groups_at_once = groups_at_once
        self._mirror = ends.mirror
        self._is_local = ledger.run.is_local
        self._existing = ledger.run.existing
        self._choice = PlatformChoice.keeping(self._mirror.platforms)
        self._lock = threading.Lock()
        self._active: list[Group] = []
        self._ended_bytes = [0, 0]
        self._given = self._begun = 0
        self.temporary: list[MirrorItem] = []
        self.manifests: dict[str, set[str]] = {}
        """Target repository → every manifest that was brought there: what signatures may be about."""

    def move(self, groups: Sequence[Group], tick: Callable[[], None]) -> None:
        """All of them; one that fails stops no other.

        Raises:
            Cancelled
            Parked: the source's limit is near; what had not begun waits.
        """
        self.temporary = []
        self._given += len(groups)
        with ThreadPoolExecutor(self._groups_at_once, "tag") as pool:
            running: set[Future[None]] = {pool.submit(self._move, group) for group in groups}
            try:
                while running:
                    done, running = wait(
                        running, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED
                    )
                    for future in done:
                        future.result()
                    self._note_bytes()
                    tick()
            except BaseException:
                for future in running:
                    future.cancel()
                raise
        self._budget.check()

    def totals(self) -> tuple[int, int]:
        """(bytes that have moved, bytes of all that has to) of what has begun."""
        with self._lock:
            moving = [group.progress.totals() for group in self._active]
            done, total = self._ended_bytes
        return done + sum(each[0] for each in moving), total + sum(each[1] for each in moving)

    def to_come(self) -> int:
        """Bytes of the images that nobody has looked at yet, guessed from the others."""
        _done, total = self.totals()
        with self._lock:
            known = self._begun - sum(group.progress.totals()[1] == 0 for group in self._active)
            return total * (self._given - known) // known if known else 0

    def layers(self) -> list[dict[str, Any]]:
        """What moves at this moment."""
        with self._lock:
            active = list(self._active)
        return [
            layer
            for group in active
            for layer in group.progress.snapshot()["layers"]
            if layer["state"] == "moving"
        ]

    def _note_bytes(self) -> None:
        """How far each tag is that moves now."""
        with self._lock:
            for group in self._active:
                for item in group.items:
                    if item.state == ItemState.MOVING and item.bytes_total != 0:
                        done, total = group.progress.totals()
                        item.bytes_done, item.bytes_total = done, total or None
                        self._ledger.touch(item)

    def _move(self, group: Group) -> None:
        if not self._budget.take(self._ends.source_client(group.source).rate_limit):
            return
        with self._lock:
            self._begun += 1
            self._active.append(group)
        try:
            self._move_group(group)
        finally:
            self._budget.give_back()
            self._close(group)

    def _close(self, group: Group) -> None:
        done, total = group.progress.totals()
        with self._lock:
            self._active.remove(group)
            # What failed is no longer to come.
            self._ended_bytes[0] += done
            self._ended_bytes[1] += (
                total if all(item.state == ItemState.DONE for item in group.items) else done
            )

    def _move_group(self, group: Group) -> None:
        copied: CopiedImage | None = None
        for item in group.items:
            if copied is not None:
                item.bytes_total = 0  # the first one has brought them
            item.state = ItemState.MOVING
            item.attempt += 1
            self._ledger.touch(item)
            try:
                self._keep_present(item)
                copied = self._put(group, item, copied)
            except Cancelled:
                item.state = ItemState.WAITING
                self._ledger.touch(item)
                raise
            except PlatformMissing as exc:
                item.action, item.reason, item.state = (
                    ItemAction.SKIPPED,
                    exc.message[:500],
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
            self._ledger.touch(item)

    def _put(self, group: Group, item: MirrorItem, copied: CopiedImage | None) -> CopiedImage:
        """The first of a group brings the image; each further tag is one manifest."""
        if copied is not None:
            return self._name(group, item, copied)
        copied = copy_image(
            self._ends.source(group.source),
            group.digest,
            self._ends.target(group.target),
            None if self._is_named_afterwards(item) else item.tag,
            platform=self._choice if not is_digest_tag(item.tag) else PlatformChoice.keeping(()),
            progress=group.progress,
            cancellation=self._cancellation,
            crew=self._crew,
            holdings=self.holdings,
            repository=group.target,
        )
        if self._is_named_afterwards(item):
            copied = self._name(group, item, copied)
        if not self._choice.is_all and copied.manifest.digest != copied.source_digest:
            item.reason = _(
                "Only the chosen platforms are there, so its digest is another one than at the source"
            )
        with self._lock:
            item.bytes_done, item.bytes_total = group.progress.totals()
            self.manifests.setdefault(group.target, set()).update(
                str(digest) for digest in copied.manifests
            )
        return copied

    def _is_named_afterwards(self, item: MirrorItem) -> bool:
        """The local store's names want to know of both digests; a list of referrers is joined with the target's; a digest is no tag."""
        return (
            self._is_local
            or ":" in item.tag
            or (is_fallback(item.tag) and bool(item.target_digest))
        )

    def _name(self, group: Group, item: MirrorItem, copied: CopiedImage) -> CopiedImage:
        """Point a tag at an image that is there, and return what it names then."""
        target = self._ends.target(group.target)
        if self._is_local:
            self._name_here(group, item, copied)
        elif is_fallback(item.tag) and item.target_digest:
            joined = merged(copied.manifest, target.get_manifest(Digest.parse(item.target_digest)))
            target.put_manifest(joined, item.tag)
            return replace(copied, manifest=joined)
        elif ":" not in item.tag:
            target.put_manifest(copied.manifest, item.tag)
        return copied

    def _name_here(self, group: Group, item: MirrorItem, copied: CopiedImage) -> None:
        name = self._ends.local_name(group.target).with_tag(item.tag)
        origin = f"{self._mirror.source_registry.host}/{item.source}"
        with own_connection():
            name_image(
                team=self._mirror.team,
                user=None,
                name=name,
                digest=copied.manifest.digest,
                source_digest=copied.source_digest,
                origin=origin,
            )

    def _keep_present(self, item: MirrorItem) -> None:
        """Give what the target's tag names another name, where the rule says so. Nothing is lost of a list that is joined."""
        if (
            item.action != ItemAction.CHANGED
            or self._existing != Existing.BACKUP
            or not item.target_digest
        ):
            return
        if is_digest_tag(item.tag):
            return
        name = backup_name(item.tag)
        store = self._ends.target(item.target_repository)
        store.put_manifest(store.get_manifest(Digest.parse(item.target_digest)), name)
        item.reason = _("What was there is kept as %(name)s") % {"name": name}

    def _fail(self, item: MirrorItem, exc: OciError) -> None:
        item.state, item.error = ItemState.FAILED, describe(exc)
        item.bytes_done = 0
        if exc.temporary:
            with self._lock:
                self.temporary.append(item)
        self._budget.consider(exc)


def backup_name(tag: str) -> str:
    """
    Raises:
        InvalidReference: the tag is too long to carry the moment too.
    """
    name = f"{tag}.backup-{timezone.now():%Y%m%d%H%M}"
    try:
        return check_tag(name)
    except InvalidReference as exc:
        raise InvalidReference(
            _("%(tag)s is too long to be kept under a name with the moment.") % {"tag": tag},
            advice=_("Keep it by hand under another name."),
        ) from exc


def is_backup(tag: str) -> bool:
    stem, mark, moment = tag.rpartition(".backup-")
    return bool(stem and mark) and len(moment) == 12 and moment.isdigit()


@contextmanager
def own_connection() -> Iterator[None]:
    """For a thread of a copy: it gives its connection back at once."""
    try:
        yield
    finally:
        if not connection.in_atomic_block:
            connection.close()
