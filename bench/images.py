"""Images larger than the memory, built on disk and pushed by plain requests."""

import gzip
import hashlib
import json
import os
import tarfile
from pathlib import Path
from typing import Any, cast

from tests.parts.images import OCI_MANIFEST, digest_of
from tests.parts.registries import RunningRegistry

_BLOCK = 1024 * 1024


class _Noise:
    """A file of incompressible content for tarfile."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int) -> bytes:
        count = min(size, self.left)
        self.left -= count
        return os.urandom(count)


def make_layer(path: Path, size: int) -> dict[str, Any]:
    """Write a stored (level 0) gzipped tar of about this size; return its descriptor."""
    with (
        gzip.open(path, "wb", compresslevel=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w|", bufsize=_BLOCK) as archive,
    ):
        entry = tarfile.TarInfo("content")
        entry.size = size
        archive.addfile(entry, cast(Any, _Noise(size)))
    with path.open("rb") as content:
        hashed = hashlib.file_digest(content, "sha256").hexdigest()
    return {
        "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
        "digest": f"sha256:{hashed}",
        "size": path.stat().st_size,
    }


def push_large_image(
    registry: RunningRegistry,
    repository: str,
    tag: str,
    folder: Path,
    *,
    layers: int,
    layer_size: int,
) -> None:
    """Push an image, and build and delete one layer after another."""
    folder.mkdir(exist_ok=True)
    descriptors = []
    for number in range(layers):
        path = folder / f"layer-{number}"
        descriptors.append(make_layer(path, layer_size))
        _push_blob(registry, repository, path, descriptors[-1]["digest"])
        path.unlink()
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}
    ).encode()
    path = folder / "config"
    path.write_bytes(config)
    _push_blob(registry, repository, path, digest_of(config))
    config_descriptor = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": digest_of(config),
        "size": len(config),
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config_descriptor,
        "layers": descriptors,
    }
    address = f"{registry.url}/v2/{repository}/manifests/{tag}"
    answer = registry.session().put(
        address, data=json.dumps(manifest), headers={"Content-Type": OCI_MANIFEST}, timeout=60
    )
    answer.raise_for_status()


def _push_blob(registry: RunningRegistry, repository: str, path: Path, digest: str) -> None:
    with registry.session() as session, path.open("rb") as content:
        started = session.post(f"{registry.url}/v2/{repository}/blobs/uploads/", timeout=60)
        started.raise_for_status()
        location = started.headers["Location"]
        address = f"{location}{'&' if '?' in location else '?'}digest={digest}"
        session.put(
            address, data=content, headers={"Content-Type": "application/octet-stream"}, timeout=600
        ).raise_for_status()
