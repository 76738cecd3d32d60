"""A registry in memory: HTTP in this process, for tests of one phase of a run."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.parts.images import BuiltManifest, digest_of
from tests.parts.scripted_server import Call, Reply, ScriptedServer, scripted_server

_NAME = r"/v2/(?P<repository>.+?)"


class MemoryRegistry:
    """A registry with tags, blobs, uploads, mounts and a catalog, and without deletion.

    `server.on(...)` replaces one of its answers, and `server.made(...)` returns its requests.
    """

    def __init__(self, server: ScriptedServer) -> None:
        self.server = server
        self.host = server.host
        # Repository → tag or digest → (media type, bytes), and repository → digest → bytes
        self.manifests: dict[str, dict[str, tuple[str, bytes]]] = {}
        self.blobs: dict[str, dict[str, bytes]] = {}
        self._lock = threading.Lock()

        server.on("GET", "/v2/_catalog", self._catalog)
        server.on("GET", f"{_NAME}/tags/list", self._tag_list)
        for method in ("GET", "HEAD"):
            server.on(method, rf"{_NAME}/manifests/(?P<reference>[^/]+)", self._manifest)
            server.on(method, rf"{_NAME}/blobs/(?P<digest>sha256:[0-9a-f]+)", self._blob)
        server.on("PUT", rf"{_NAME}/manifests/(?P<reference>[^/]+)", self._put_manifest)
        server.on("POST", f"{_NAME}/blobs/uploads/", self._begin_upload)
        server.on("PUT", f"{_NAME}/blobs/uploads/1", self._end_upload)

    def add(self, repository: str, built: BuiltManifest, *tags: str) -> None:
        """Add an image under its digest and under tags."""
        self.blobs.setdefault(repository, {}).update(built.blobs)
        manifests = self.manifests.setdefault(repository, {})
        for manifest in (*built.children, built):
            manifests[manifest.digest] = (manifest.media_type, manifest.content)
        for tag in tags:
            manifests[tag] = (built.media_type, built.content)

    def tags(self, repository: str) -> dict[str, str]:
        """Return tag → digest."""
        return {
            name: digest_of(content)
            for name, (_media_type, content) in self.manifests.get(repository, {}).items()
            if ":" not in name
        }

    def _catalog(self, _call: Call) -> Reply:
        return _json({"repositories": sorted(self.manifests)})

    def _tag_list(self, call: Call) -> Reply:
        repository = call.match["repository"]
        if repository not in self.manifests:
            return Reply(404)
        return _json({"name": repository, "tags": sorted(self.tags(repository))})

    def _manifest(self, call: Call) -> Reply:
        manifests = self.manifests.get(call.match["repository"], {})
        if call.match["reference"] not in manifests:
            return Reply(404)
        media_type, content = manifests[call.match["reference"]]
        return Reply(body=content, headers={"Content-Type": media_type, **_digest(content)})

    def _put_manifest(self, call: Call) -> Reply:
        entry = (call.headers["Content-Type"], call.body)
        with self._lock:
            manifests = self.manifests.setdefault(call.match["repository"], {})
            manifests[digest_of(call.body)] = manifests[call.match["reference"]] = entry
        return Reply(201, headers=_digest(call.body))

    def _blob(self, call: Call) -> Reply:
        content = self.blobs.get(call.match["repository"], {}).get(call.match["digest"])
        return Reply(404) if content is None else Reply(body=content)

    def _begin_upload(self, call: Call) -> Reply:
        repository, digest = call.match["repository"], call.query.get("mount", [""])[0]
        mounted = self.blobs.get(call.query.get("from", [""])[0], {}).get(digest)
        if mounted is not None:
            self.blobs.setdefault(repository, {})[digest] = mounted
            return Reply(201)
        return Reply(202, headers={"Location": f"{call.path}1"})

    def _end_upload(self, call: Call) -> Reply:
        digest = call.query["digest"][0]
        if digest_of(call.body) != digest:
            return Reply(400)
        with self._lock:
            self.blobs.setdefault(call.match["repository"], {})[digest] = call.body
        return Reply(201)


def _json(document: object) -> Reply:
    return Reply(body=json.dumps(document).encode(), headers={"Content-Type": "application/json"})


def _digest(content: bytes) -> dict[str, str]:
    return {"Docker-Content-Digest": digest_of(content)}


def manifest_path(repository: str, reference: str) -> str:
    """Return the path of a manifest as `server.on` and `server.made` take it."""
    return re.escape(f"/v2/{repository}/manifests/{reference}")


@contextmanager
def memory_registry() -> Iterator[MemoryRegistry]:
    with scripted_server() as server:
        yield MemoryRegistry(server)
