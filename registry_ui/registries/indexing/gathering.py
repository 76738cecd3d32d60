"""Which manifests are still to be fetched until everything below some digests is at hand. No network, no database."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from registry_ui.oci.errors import InvalidManifest, ManifestUnknown, OciError
from registry_ui.oci.manifest import Descriptor

from .fetching import Fetched

MEMBERS_LIMIT = 2000
DEPTH_LIMIT = 4


@dataclass(frozen=True, slots=True)
class Wish:
    """A manifest to be fetched from a repository."""

    digest: str
    repository: str
    with_config: bool = True


@dataclass(frozen=True, slots=True)
class Whole:
    """A digest that was wanted, with itself and all that is below it, by digest; or why the repository does not give it."""

    digest: str
    repository: str
    members: Mapping[str, Fetched] = field(default_factory=dict)
    error: OciError | None = None


@dataclass(slots=True)
class _Node:
    wish: Wish
    # How many manifests were met below the digest that was wanted first; shared by all of them.
    met: list[int]
    is_wanted: bool = False
    fetched: Fetched | None = None
    error: OciError | None = None
    missing: set[str] = field(default_factory=set)
    parents: set[str] = field(default_factory=set)

    @property
    def is_settled(self) -> bool:
        return self.error is not None or (self.fetched is not None and not self.missing)


class Gathering:
    """Wanted digests and their children, each asked for once however many indexes name it.

    A digest is new until somebody has looked whether it is at hand: `new()` hands out those; what is not `arrived` after
    that is to be fetched: `wishes()`. A child that the registry does not have is left out, as in an index that was copied
    for some platforms only.
    """

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        self._new: list[str] = []
        self._unfetched: dict[str, None] = {}
        self._settled: list[str] = []

    def __len__(self) -> int:
        return len(self._nodes)

    def want(self, digest: str, repository: str) -> None:
        """Everything below a digest is wanted."""
        node = self._nodes.get(digest)
        if node is None:
            node = self._add(Wish(digest, repository), [1])
        if not node.is_wanted:
            node.is_wanted = True
            if node.is_settled:
                self._settled.append(digest)

    def new(self) -> list[str]:
        """Digests that were met since the last call."""
        found, self._new = self._new, []
        self._unfetched.update(dict.fromkeys(found))
        return found

    def wishes(self) -> list[Wish]:
        """What is to be fetched, each handed out once."""
        found = [self._nodes[digest].wish for digest in self._unfetched if digest in self._nodes]
        self._unfetched.clear()
        return found

    def arrived(self, digest: str, fetched: Fetched) -> None:
        node = self._nodes.get(digest)
        if node is None or node.is_settled:
            return
        children = {
            str(child.digest): child
            for child in fetched.manifest.children
            if child.is_index or child.is_manifest
        }
        node.met[0] += len(children)
        if node.met[0] > MEMBERS_LIMIT:
            self.failed(
                digest,
                InvalidManifest(
                    _("The index names more than %(most)d manifests.") % {"most": MEMBERS_LIMIT}
                ),
            )
            return
        self._unfetched.pop(digest, None)
        node.fetched = fetched
        for child in children.values():
            self._link(node, child)
        if node.is_settled:
            self._settle(digest)

    def failed(self, digest: str, error: OciError) -> None:
        node = self._nodes.get(digest)
        if node is not None and not node.is_settled:
            self._unfetched.pop(digest, None)
            node.error = error
            self._settle(digest)

    def whole(self) -> list[Whole]:
        """The wanted digests that became whole since the last call; forgotten with it, so that they may be wanted again."""
        settled, self._settled = list(dict.fromkeys(self._settled)), []
        found = [self._whole(digest, self._nodes[digest]) for digest in settled]
        for digest in settled:
            self._nodes[digest].is_wanted = False
        self._drop(settled)
        return found

    def _whole(self, digest: str, node: _Node) -> Whole:
        members = self._members(digest) if node.error is None else {}
        return Whole(digest, node.wish.repository, members, node.error)

    def _add(self, wish: Wish, met: list[int]) -> _Node:
        self._nodes[wish.digest] = node = _Node(wish, met)
        self._new.append(wish.digest)
        return node

    def _link(self, parent: _Node, child: Descriptor) -> None:
        digest = str(child.digest)
        node = self._nodes.get(digest)
        if node is None:
            wish = Wish(
                digest, parent.wish.repository, child.platform is None or child.platform.is_known
            )
            node = self._add(wish, parent.met)
        node.parents.add(parent.wish.digest)
        if not node.is_settled:
            parent.missing.add(digest)
        elif node.error is not None and not isinstance(node.error, ManifestUnknown):
            parent.error = node.error

    def _settle(self, digest: str) -> None:
        """What a settled manifest means for those that wait for it, and for those above them."""
        settled = [digest]
        while settled:
            node = self._nodes[settled.pop()]
            if node.is_wanted:
                self._settled.append(node.wish.digest)
            for parent in [self._nodes[name] for name in node.parents]:
                if parent.is_settled:
                    continue
                parent.missing.discard(node.wish.digest)
                if node.error is not None and not isinstance(node.error, ManifestUnknown):
                    parent.error = node.error
                if parent.is_settled:
                    settled.append(parent.wish.digest)

    def _members(self, digest: str) -> dict[str, Fetched]:
        members: dict[str, Fetched] = {}
        level = [digest]
        for _level in range(DEPTH_LIMIT + 1):
            below: list[str] = []
            for name in level:
                fetched = self._nodes[name].fetched
                if name not in members and fetched is not None and self._nodes[name].error is None:
                    members[name] = fetched
                    below += self._children(name)
            level = below
        return members

    def _children(self, digest: str) -> list[str]:
        fetched = self._nodes[digest].fetched
        if fetched is None:
            return []
        return [
            name
            for child in fetched.manifest.children
            if (name := str(child.digest)) in self._nodes
        ]

    def _drop(self, digests: list[str]) -> None:
        """Forget manifests that nobody wants any more, and those below that only they needed."""
        while digests:
            digest = digests.pop()
            node = self._nodes.get(digest)
            if node is None or node.is_wanted or node.parents:
                continue
            children = list(self._children(digest))
            del self._nodes[digest]
            for child in children:
                self._nodes[child].parents.discard(digest)
                digests.append(child)
