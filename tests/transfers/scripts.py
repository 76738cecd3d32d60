"""A scripted server with an image; a test changes only the answer that it is about."""

import re

from registry_ui.oci.connections import Limits
from tests.parts.images import build_image
from tests.parts.scripted_server import Call, Reply, ScriptedServer

HTML = Reply(
    body=b"<!doctype html><title>Sign in</title>",
    headers={"Content-Type": "text/html; charset=utf-8"},
)
REPOSITORY = "team/app"
# What a client waits for in a test of one that hangs, and how often it tries.
SHORT_LIMITS = Limits(
    connect=1,
    read=0.5,
    answer=1,
    tries=4,
    first_pause=0.02,
    longest_pause=5,
    all_pauses=8,
    minimum_rate=2000,
    rate_window=0.5,
)


class ScriptedRegistry:
    """A scripted registry with an image under the tag 1.0 and its digest."""

    scheme = "http"
    username = password = ca_pem = ""

    def __init__(self, server: ScriptedServer) -> None:
        self.server = server
        self.host = server.host
        self.port = server.port
        self.image = build_image(layers=2, layer_size=200_000)
        self.serve(self.image)

    @property
    def reference(self) -> str:
        return f"{self.host}/{REPOSITORY}:1.0"

    def serve(self, built, tag="1.0"):
        """Add an image, or move the tag to it."""
        for digest, blob in built.blobs.items():
            self.serve_blob(digest, blob)
        for manifest, name in [
            *((child, child.digest) for child in built.children),
            (built, built.digest),
            (built, tag),
        ]:
            self.serve_manifest(manifest.content, manifest.media_type, name)

    def serve_blob(self, digest, content):
        """Serve content under a digest, its own or another one, with ranges."""
        self.server.on("GET", blob_path(digest), lambda call: ranged(call, content))

    def serve_manifest(self, content, media_type, name="1.0"):
        self.answer_manifest(Reply(body=content, headers={"Content-Type": media_type}), name=name)

    def answer_manifest(self, *scripts, name="1.0"):
        self.server.on("GET", manifest_path(name), *scripts)

    def answer_layer(self, *scripts):
        """Replace the answer for the image's first layer."""
        self.server.on("GET", blob_path(self.layer), *scripts)

    @property
    def layer(self) -> str:
        return self.image.layers[0]

    @property
    def layer_content(self) -> bytes:
        return self.image.blobs[self.layer]


def manifest_path(name: str) -> str:
    return re.escape(f"/v2/{REPOSITORY}/manifests/{name}")


def blob_path(digest: str) -> str:
    return re.escape(f"/v2/{REPOSITORY}/blobs/{digest}")


def ranged(call: Call, content: bytes) -> Reply:
    """Return the whole content, or the part of a Range header."""
    match = re.fullmatch(r"bytes=(\d+)-", call.headers.get("Range", ""))
    if match is None:
        return Reply(body=content)
    start = int(match[1])
    return Reply(
        206,
        body=content[start:],
        headers={"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"},
    )


def flipped(content: bytes) -> bytes:
    """Return content of the same length with one different bit."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
