"""A collector of manifests with all of their children. No network, no database."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from registry_ui.oci.errors import InvalidManifest, ManifestUnknown, OciError
from registry_ui.oci.manifest import Descriptor

from .manifests import Fetched

# An index of indexes could name any number of manifests; every hostile one has to end somewhere.
MEMBERS_LIMIT = 2000
DEPTH_LIMIT = 4


@dataclass(frozen=True, slots=True)
class ManifestRequest:
    """A manifest to fetch from a repository."""

    digest: str
    repository: str
    with_config: bool = True


@dataclass(frozen=True, slots=True)
class CompleteArtifact:
    """A wanted digest with its manifest and all below it by digest, or with its error."""

    digest: str
    repository: str
    members: Mapping[str, Fetched] = field(default_factory=dict)
    error: OciError | None = None


@dataclass(slots=True)
class _Node:
    request: ManifestRequest
    # The number of manifests below the wanted digest, in a list that all of its nodes share.
    member_count: list[int]
    is_requested: bool = False
    fetched: Fetched | None = None
    error: OciError | None = None
    missing: set[str] = field(default_factory=set)
    parents: set[str] = field(default_factory=set)

    @property
    def is_complete(self) -> bool:
        return self.error is not None or (self.fetched is not None and not self.missing)


class ManifestCollector:
    """Wanted digests and their children, each requested once however many indexes name it.

    `pop_new()` returns digests to look up in the index, and `add()` takes those that are there.
    `pop_requests()` then returns the rest, to be fetched. A child that the registry does not have
    is left out: that is a sparse index, copied for some platforms only (PROTOCOL.md, "Manifests").
    """

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        self._new: list[str] = []
        self._unfetched: dict[str, None] = {}
        self._complete: list[str] = []

    def __len__(self) -> int:
        return len(self._nodes)

    def request(self, digest: str, repository: str) -> None:
        """Collect a digest with everything below it."""
        node = self._nodes.get(digest)
        if node is None:
            node = self._add_node(ManifestRequest(digest, repository), [1])

        if not node.is_requested:
            node.is_requested = True
            if node.is_complete:
                self._complete.append(digest)

    def pop_new(self) -> list[str]:
        """Return the digests that were added since the last call."""
        digests, self._new = self._new, []
        self._unfetched.update(dict.fromkeys(digests))
        return digests

    def pop_requests(self) -> list[ManifestRequest]:
        """Return the manifests to fetch, each once."""
        requests = [
            self._nodes[digest].request for digest in self._unfetched if digest in self._nodes
        ]
        self._unfetched.clear()
        return requests

    def add(self, digest: str, fetched: Fetched) -> None:
        """Add a manifest, and request its children."""
        node = self._nodes.get(digest)
        if node is None or node.is_complete:
            return
        children = {
            str(child.digest): child
            for child in fetched.manifest.children
            if child.is_index or child.is_manifest
        }

        # Counted before the children are added, so that a huge index never fills the memory.
        node.member_count[0] += len(children)
        if node.member_count[0] > MEMBERS_LIMIT:
            self.fail(
                digest,
                InvalidManifest("index_too_large", limit=MEMBERS_LIMIT),
            )
            return

        self._unfetched.pop(digest, None)
        node.fetched = fetched
        for child in children.values():
            self._link(node, child)
        if node.is_complete:
            self._propagate(digest)

    def fail(self, digest: str, error: OciError) -> None:
        """Record that a manifest could not be fetched."""
        node = self._nodes.get(digest)
        if node is not None and not node.is_complete:
            self._unfetched.pop(digest, None)
            node.error = error
            self._propagate(digest)

    def pop_complete(self) -> list[CompleteArtifact]:
        """Return the wanted digests that are complete since the last call, and forget them."""
        digests, self._complete = list(dict.fromkeys(self._complete)), []
        complete = [self._complete_artifact(digest, self._nodes[digest]) for digest in digests]

        # Forgotten, so that they may be wanted again: another repository may give what one refused.
        for digest in digests:
            self._nodes[digest].is_requested = False
        self._drop(digests)
        return complete

    def _complete_artifact(self, digest: str, node: _Node) -> CompleteArtifact:
        members = self._members(digest) if node.error is None else {}
        return CompleteArtifact(digest, node.request.repository, members, node.error)

    def _add_node(self, request: ManifestRequest, member_count: list[int]) -> _Node:
        self._nodes[request.digest] = node = _Node(request, member_count)
        self._new.append(request.digest)
        return node

    def _link(self, parent: _Node, child: Descriptor) -> None:
        digest = str(child.digest)
        node = self._nodes.get(digest)
        if node is None:
            # BuildKit marks an attestation by the platform unknown/unknown; its config is empty.
            with_config = child.platform is None or child.platform.is_known
            request = ManifestRequest(digest, parent.request.repository, with_config)
            node = self._add_node(request, parent.member_count)

        node.parents.add(parent.request.digest)
        if not node.is_complete:
            parent.missing.add(digest)
        elif node.error is not None and not isinstance(node.error, ManifestUnknown):
            parent.error = node.error

    def _propagate(self, digest: str) -> None:
        """Update the manifests that wait for a complete one, and those above them."""
        complete = [digest]
        while complete:
            node = self._nodes[complete.pop()]
            if node.is_requested:
                self._complete.append(node.request.digest)

            for parent in [self._nodes[name] for name in node.parents]:
                if parent.is_complete:
                    continue
                parent.missing.discard(node.request.digest)
                # A missing child is no error of its index: sparse indexes are allowed.
                if node.error is not None and not isinstance(node.error, ManifestUnknown):
                    parent.error = node.error
                if parent.is_complete:
                    complete.append(parent.request.digest)

    def _members(self, digest: str) -> dict[str, Fetched]:
        members: dict[str, Fetched] = {}
        level = [digest]
        # Level by level, so that a cycle of indexes cannot recurse without end.
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
        """Forget manifests that are not wanted, and their children that nothing else needs."""
        while digests:
            digest = digests.pop()
            node = self._nodes.get(digest)
            if node is None or node.is_requested or node.parents:
                continue

            # Iterative, because a chain of indexes may be longer than Python's recursion limit.
            children = list(self._children(digest))
            del self._nodes[digest]
            for child in children:
                self._nodes[child].parents.discard(digest)
                digests.append(child)
