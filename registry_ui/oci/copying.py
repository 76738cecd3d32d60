"""The one algorithm: an image from any store to any other.

Resolve the tag to a manifest; choose the platforms; ask the target which blobs it has; mount what it can take from a
neighbour; move the rest, large ones first, on a few lanes; then the manifests: children, index, and the tag last, so that
a tag is never half-written. Questions of a few bytes run on a lane of their own and never wait behind gigabytes.
"""

import io
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar

from .crews import Crew
from .digest import Digest
from .errors import BlobUnknown, Cancelled, InvalidManifest, ManifestUnknown, PlatformMissing
from .holdings import Holdings
from .manifest import CHILDREN_LIMIT, Descriptor, Manifest, Platform, parse_config
from .platforms import PlatformChoice, best_child, reduced_index
from .progress import BlobState, Progress
from .store import BlobReader, Cancellation, ImageStore, OpenSource, read_blob

__all__ = ["CopiedImage", "PlatformChoice", "SurveyedImage", "copy_image", "survey_image"]

_METADATA_LANES = 8
_LOOK_SECONDS = 0.25
_INDEX_DEPTH = 4
_CONFIG_LIMIT = 8 * 1024 * 1024
_MANIFESTS_LIMIT = 32 * 1024 * 1024
_BLOBS_LIMIT = 10_000

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class CopiedImage:
    """What arrived: `manifest` as it stands in the target; `source_digest` is what the source's tag pointed at, the
    index even where one platform of it was moved; `moved` bytes passed, those sent twice counted twice. `manifests` are all that
    were put, those that an index names among them."""

    manifest: Manifest
    source_digest: Digest
    moved: int
    manifests: tuple[Digest, ...] = ()


@dataclass(slots=True)
class _Tree:
    """What one copy moves. `children` are in the order in which they must be put: an index after what it names."""

    root: Manifest
    children: list[Manifest] = field(default_factory=list)
    blobs: dict[Digest, Descriptor] = field(default_factory=dict)


def copy_image(
    source: ImageStore,
    source_reference: str | Digest,
    target: ImageStore,
    target_reference: str | Digest | None,
    *,
    platform: PlatformChoice,
    progress: Progress,
    cancellation: Cancellation,
    lanes: int = 3,
    mount_from: Callable[[Digest], Sequence[str]] = lambda digest: (),
    crew: Crew | None = None,
    holdings: Holdings | None = None,
    repository: str = "",
) -> CopiedImage:
    """Move one image, or every image of an index.

    Args:
        source_reference: a tag or a digest.
        target_reference: the tag to point at it; None names it by its digest only.
        lanes: blobs that move at the same time.
        mount_from: the target's repositories known to hold a blob, likeliest first.
        crew: threads that several copies share; `lanes` then does not count, and whoever made it closes it.
        holdings: what is known of the target, where several copies go there.
        repository: the target's name in `holdings`.

    Raises:
        OciError: any of them; whatever arrived stays, so a retry moves only the rest, and the target's tag is untouched.
    """
    own_crew = Crew.of(metadata=_METADATA_LANES, large=lanes) if crew is None else None
    place = _Place(repository, Holdings() if holdings is None else holdings, mount_from)
    copy = _Copy(source, target, progress, cancellation, place, crew or own_crew, own_crew)  # type: ignore[arg-type]
    with closing(copy):
        progress.enter("resolving")
        found = source.get_manifest(source_reference)
        tree = copy.read_tree(copy.choose(found, platform))
        progress.enter("moving")
        copy.move_blobs(tree.blobs.values())
        progress.enter("finishing")
        copy.put_tree(tree, tree.root.digest if target_reference is None else target_reference)
    return CopiedImage(
        tree.root,
        found.digest,
        progress.moved,
        (tree.root.digest, *(child.digest for child in tree.children)),
    )


@dataclass(frozen=True, slots=True)
class SurveyedImage:
    """What an image consists of: its blobs, each once, and how many manifests were fetched to know them."""

    blobs: tuple[Descriptor, ...]
    manifests: int


def survey_image(
    source: ImageStore,
    reference: str | Digest,
    *,
    platform: PlatformChoice,
    cancellation: Cancellation,
    crew: Crew,
) -> SurveyedImage:
    """Find out what a copy would have to move at most; nothing but manifests is fetched.

    Raises:
        OciError
    """
    copy = _Copy(
        source,
        source,
        Progress(),
        cancellation,
        _Place("", Holdings(), lambda digest: ()),
        crew,
        None,
    )
    found = source.get_manifest(reference)
    tree = copy.read_tree(copy.choose(found, platform))
    return SurveyedImage(tuple(tree.blobs.values()), 1 + len(tree.children))


@dataclass(frozen=True, slots=True)
class _Place:
    """What is known of where a copy goes."""

    repository: str
    holdings: Holdings
    mount_from: Callable[[Digest], Sequence[str]]

    def neighbours(self, digest: Digest) -> Iterable[str]:
        return dict.fromkeys(
            (*self.holdings.neighbours(self.repository, digest), *self.mount_from(digest))
        )


class _Copy:
    """The threads and the peers of one copy."""

    def __init__(
        self,
        source: ImageStore,
        target: ImageStore,
        progress: Progress,
        cancellation: Cancellation,
        place: _Place,
        crew: Crew,
        own_crew: Crew | None,
    ) -> None:
        self._source = source
        self._target = target
        self._progress = progress
        self._cancellation = cancellation
        self._place = place
        self._holdings = place.holdings
        self._failed = threading.Event()
        self._counting = threading.Lock()
        self._manifests = self._manifest_bytes = 0
        self._crew = crew
        self._own_crew = own_crew

    def close(self) -> None:
        self._failed.set()
        if self._own_crew is not None:
            self._own_crew.close()

    def choose(
        self, found: Manifest, choice: PlatformChoice, depth: int = _INDEX_DEPTH
    ) -> Manifest:
        """The manifest to move: the index itself, or the one image of it that was asked for."""
        if choice.is_all:
            return found
        if not found.is_index:
            if choice.insists:
                self._check_platform(found, choice)
            return found
        if choice.wanted is None:
            return reduced_index(found, choice)
        _check_depth(depth)
        child = best_child(found, choice.wanted)
        fetched = self._source.get_manifest(child.digest)
        return self.choose(fetched, choice, depth - 1) if child.is_index else fetched

    def _check_platform(self, manifest: Manifest, choice: PlatformChoice) -> None:
        if manifest.config is None:
            return
        actual = Platform.from_document(
            parse_config(read_blob(self._source, manifest.config, limit=_CONFIG_LIMIT))
        )
        if actual is not None and not choice.accepts(actual):
            raise PlatformMissing(
                f"The image is for {actual} only, not for {choice.words()}.",
                advice=f"Choose {actual}, or a tag that is built for {choice.words()}.",
            )

    def read_tree(self, root: Manifest) -> _Tree:
        """Fetch every manifest below `root` and announce every blob."""
        tree = _Tree(root)
        self._descend(
            root, root.config.platform if root.config else None, tree, set(), _INDEX_DEPTH
        )
        return tree

    def _descend(
        self,
        manifest: Manifest,
        platform: Platform | None,
        tree: _Tree,
        seen: set[Digest],
        depth: int,
    ) -> None:
        _check_depth(depth)
        for blob in manifest.blobs:
            kind = "config" if blob is manifest.config else "layer"
            self._expect(tree, blob, kind, platform)
        children = [child for child in manifest.children if child.digest not in seen]
        seen.update(child.digest for child in children)
        for loose in (child for child in children if not (child.is_index or child.is_manifest)):
            self._expect(tree, loose, "layer", loose.platform)
        nested = [child for child in children if child.is_index or child.is_manifest]
        for child, fetched in zip(
            nested, self._each(self._crew.metadata, self._fetch, nested), strict=True
        ):
            self._descend(fetched, child.platform, tree, seen, depth - 1)
            tree.children.append(fetched)

    def _fetch(self, child: Descriptor) -> Manifest:
        """A manifest below the root. All of them together have a limit, because an index of indexes can name any number."""
        with self._counting:
            self._manifests += 1
        if self._manifests > CHILDREN_LIMIT:
            raise InvalidManifest(
                f"The image consists of more than {CHILDREN_LIMIT} manifests.",
                advice="Such an image is not moved.",
            )
        manifest = self._source.get_manifest(child.digest)
        with self._counting:
            self._manifest_bytes += manifest.size
        if self._manifest_bytes > _MANIFESTS_LIMIT:
            limit = _MANIFESTS_LIMIT // 1024 // 1024
            raise InvalidManifest(
                f"The image's manifests have more than {limit} MiB together.",
                advice="Such an image is not moved.",
            )
        return manifest

    def _expect(self, tree: _Tree, blob: Descriptor, kind: str, platform: Platform | None) -> None:
        tree.blobs.setdefault(blob.digest, blob)
        if len(tree.blobs) > _BLOBS_LIMIT:
            raise InvalidManifest(
                f"The image consists of more than {_BLOBS_LIMIT} blobs.",
                advice="Such an image is not moved.",
            )
        self._progress.expect(
            blob, kind=kind, platform=str(platform) if platform and platform.is_known else ""
        )

    def move_blobs(self, blobs: Iterable[Descriptor]) -> None:
        """Bring every blob that the target lacks; what another copy is bringing is waited for, and then looked for again."""
        wanted = self._unknown(blobs)
        while wanted:
            moving = {blob: self._holdings.begin(blob.digest) for blob in wanted}
            self._bring([blob for blob, other in moving.items() if other is None])
            others = [other for other in moving.values() if other is not None]
            while others and wait(others, timeout=_LOOK_SECONDS).not_done:
                self._check()
            wanted = self._unknown(blob for blob, other in moving.items() if other is not None)

    def _unknown(self, blobs: Iterable[Descriptor]) -> list[Descriptor]:
        """Those that the target is not known to hold."""
        unknown = []
        for blob in blobs:
            if self._holdings.holds(self._place.repository, blob.digest):
                self._progress.mark(blob.digest, BlobState.EXISTS)
            else:
                unknown.append(blob)
        return unknown

    def _bring(self, blobs: Sequence[Descriptor]) -> None:
        """Look for blobs that are this copy's to bring, and move those that are not there."""
        mine = {blob.digest for blob in blobs}

        def end(blob: Descriptor) -> None:
            mine.discard(blob.digest)
            self._holdings.end(blob.digest)

        def move(blob: Descriptor) -> None:
            self._move(blob)
            end(blob)

        try:
            asked = [blob for blob in blobs if not self._is_missing(blob)]
            there = {
                blob
                for blob, found in zip(
                    asked, self._each(self._crew.metadata, self._is_there, asked), strict=True
                )
                if found
            }
            for blob in there:
                end(blob)
            self._each(
                None, move, sorted({*blobs} - there, key=lambda blob: blob.size, reverse=True)
            )
        finally:
            for digest in mine:
                self._holdings.end(digest)

    def _is_missing(self, blob: Descriptor) -> bool:
        return self._holdings.lacks(
            self._place.repository, blob.digest
        ) and not self._place.neighbours(blob.digest)

    def _is_there(self, blob: Descriptor) -> bool:
        repository = self._place.repository
        if not self._holdings.lacks(repository, blob.digest) and self._target.has_blob(blob):
            self._progress.mark(blob.digest, BlobState.EXISTS)
            self._holdings.add(repository, blob.digest)
            return True
        for neighbour in self._place.neighbours(blob.digest):
            if self._target.mount_blob(blob, neighbour):
                self._progress.mark(blob.digest, BlobState.MOUNTED, origin=neighbour)
                self._holdings.add(repository, blob.digest)
                return True
        return False

    def _move(self, blob: Descriptor) -> None:
        self._check()
        self._target.write_blob(blob, self._tracked(blob))
        self._progress.mark(blob.digest, BlobState.DONE)
        self._holdings.add(self._place.repository, blob.digest)

    def _tracked(self, blob: Descriptor) -> OpenSource:
        def open_source(offset: int) -> BlobReader:
            self._check()
            reader = (
                _InlineReader(blob.data[offset:])
                if blob.data is not None
                else self._source.open_blob(blob, offset)
            )
            self._progress.begin(blob.digest, offset)
            return _TrackedReader(reader, blob.digest, self._progress, self._check)

        return open_source

    def put_tree(self, tree: _Tree, reference: str | Digest) -> None:
        """Store every manifest, the root last; if a child went missing meanwhile, all of them again, once."""
        self.put_children(tree.children)
        try:
            self.put(tree.root, reference)
        except ManifestUnknown:
            self.put_children(tree.children)
            self.put(tree.root, reference)

    def put_children(self, children: Sequence[Manifest]) -> None:
        """Store what an index names: images side by side, then the indexes, each after what it names."""
        images = [child for child in children if not child.is_index]
        arrived = self._each(self._crew.metadata, self._try_put, images)
        incomplete = [image for image, there in zip(images, arrived, strict=True) if not there]
        for child in (*incomplete, *(child for child in children if child.is_index)):
            self.put(child, child.digest)

    def put(self, manifest: Manifest, reference: str | Digest) -> None:
        """Store a manifest; if a blob went missing meanwhile, bring it again, once."""
        self._check()
        try:
            self._target.put_manifest(manifest, reference)
        except BlobUnknown:
            self._holdings.forget(self._place.repository, (blob.digest for blob in manifest.blobs))
            self.move_blobs(manifest.blobs)
            self._target.put_manifest(manifest, reference)

    def _try_put(self, manifest: Manifest) -> bool:
        self._check()
        try:
            self._target.put_manifest(manifest, manifest.digest)
        except BlobUnknown:
            return False
        return True

    def _check(self) -> None:
        self._cancellation.check()
        if self._failed.is_set():
            raise Cancelled("Another part of the transfer failed.")

    def _each(
        self,
        pool: ThreadPoolExecutor | None,
        act: Callable[[_Item], _Result],
        items: Sequence[_Item],
    ) -> list[_Result]:
        """The act's results in order. The first real failure stops this copy's other threads and is raised.

        Args:
            pool: None chooses a lane for each blob by its size.
        """
        futures = [(pool or self._crew.lane_for(item)).submit(act, item) for item in items]  # type: ignore[arg-type]
        done, running = wait(futures, return_when=FIRST_EXCEPTION)
        if running or any(future.exception() for future in done):
            self._failed.set()
            for future in running:
                future.cancel()
            wait(futures)
            raise _cause(futures)
        return [future.result() for future in futures]


def _cause(futures: Iterable[Future[_Result]]) -> BaseException:
    """The failure that stopped the others, not the echo of it in them."""
    failures = [
        failure
        for future in futures
        if not future.cancelled() and (failure := future.exception()) is not None
    ]
    return next(
        (failure for failure in failures if not isinstance(failure, Cancelled)), failures[0]
    )


def _check_depth(left: int) -> None:
    if left == 0:
        raise InvalidManifest(
            "The index holds indexes more than four deep.", advice="Such an index is not moved."
        )


class _InlineReader(io.BytesIO):
    """Content that the manifest itself carried."""


class _TrackedReader:
    """A reader that tells how far it is and stops when the transfer does."""

    def __init__(
        self, reader: BlobReader, digest: Digest, progress: Progress, check: Callable[[], None]
    ) -> None:
        self._reader = reader
        self._digest = digest
        self._progress = progress
        self._check = check

    def readinto(self, buffer: memoryview, /) -> int:
        self._check()
        count = self._reader.readinto(buffer)
        self._progress.advance(self._digest, count)
        return count

    def close(self) -> None:
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
