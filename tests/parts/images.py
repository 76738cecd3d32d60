"""Images for tests: real layers, configs and manifests, pushed by plain requests.

docker and skopeo accept them.
"""

import gzip
import hashlib
import io
import json
import random
import secrets
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from .registries import RunningRegistry

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"

_TYPES = {
    "oci": {
        "manifest": OCI_MANIFEST,
        "index": OCI_INDEX,
        "config": "application/vnd.oci.image.config.v1+json",
        "layer": "application/vnd.oci.image.layer.v1.tar+gzip",
    },
    "docker": {
        "manifest": DOCKER_MANIFEST,
        "index": DOCKER_LIST,
        "config": "application/vnd.docker.container.image.v1+json",
        "layer": "application/vnd.docker.image.rootfs.diff.tar.gzip",
    },
}
_CREATED = "2026-03-01T12:00:00Z"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class BuiltManifest:
    """A manifest or index with everything below it, in memory.

    Attributes:
        content: the bytes that `digest` covers.
        config: the config's digest; empty for an index.
        layers: digests of the layers, lowest first; empty for an index.
        blobs: every blob of it and of its children, by digest.
        children: an index's manifests, the attestation's too.
    """

    content: bytes
    media_type: str
    platform: str = ""
    config: str = ""
    layers: list[str] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    children: list["BuiltManifest"] = field(default_factory=list)

    @property
    def digest(self) -> str:
        return digest_of(self.content)

    @property
    def size(self) -> int:
        return len(self.content)

    def descriptor(self, **more: Any) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size, **more}


@dataclass
class PushedImage:
    """An image in a registry."""

    registry: RunningRegistry
    repository: str
    tag: str
    built: BuiltManifest

    @property
    def reference(self) -> str:
        return f"{self.registry.host}/{self.repository}:{self.tag}"

    @property
    def digest(self) -> str:
        return self.built.digest

    @property
    def config(self) -> str:
        return self.built.config

    @property
    def layers(self) -> list[str]:
        return self.built.layers

    @property
    def blobs(self) -> dict[str, bytes]:
        return self.built.blobs

    @property
    def children(self) -> list[BuiltManifest]:
        return self.built.children


def make_layer(seed: str, size: int) -> tuple[bytes, str]:
    """Return a gzipped tar of one incompressible file, and its diff id."""
    content = random.Random(seed).randbytes(size)
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo(f"files/{hashlib.sha256(seed.encode()).hexdigest()[:12]}")
        entry.size = size
        entry.mode = 0o644
        archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(raw.getvalue(), compresslevel=1, mtime=0), digest_of(raw.getvalue())


def build_image(
    *,
    seed: str | None = None,
    layers: int = 2,
    layer_size: int = 32 * 1024,
    platform: str = "linux/amd64",
    media: str = "oci",
    shared_layers: Sequence[str] = (),
) -> BuiltManifest:
    """Return an image for one platform.

    Args:
        seed: the same seed gives the same bytes; none gives an image that no other test has.
        shared_layers: seeds of lower layers, to share them between images.
        media: `oci` or `docker` media types.
    """
    seed = seed or secrets.token_hex(8)
    types = _TYPES[media]
    seeds = [*shared_layers, *(f"{seed}/{platform}/{number}" for number in range(layers))]
    built_layers = [make_layer(layer_seed, layer_size) for layer_seed in seeds]
    os_name, _, architecture = platform.partition("/")
    architecture, _, variant = architecture.partition("/")
    config = {
        "created": _CREATED,
        "architecture": architecture,
        **({"variant": variant} if variant else {}),
        "os": os_name,
        "config": {"Cmd": ["/bin/true"], "Labels": {"tests.seed": seed}},
        "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in built_layers]},
        "history": [
            {"created": _CREATED, "created_by": f"COPY files {number}"}
            for number in range(len(built_layers))
        ],
    }
    return _manifest(
        types, json.dumps(config).encode(), [blob for blob, _ in built_layers], platform
    )


def _manifest(
    types: dict[str, str], config: bytes, layers: list[bytes], platform: str
) -> BuiltManifest:
    document = {
        "schemaVersion": 2,
        "mediaType": types["manifest"],
        "config": {"mediaType": types["config"], "digest": digest_of(config), "size": len(config)},
        "layers": [
            {"mediaType": types["layer"], "digest": digest_of(layer), "size": len(layer)}
            for layer in layers
        ],
    }
    blobs = {digest_of(blob): blob for blob in (config, *layers)}
    digests = [digest_of(layer) for layer in layers]
    return BuiltManifest(
        json.dumps(document, indent=3).encode(),
        types["manifest"],
        platform,
        digest_of(config),
        digests,
        blobs,
    )


def build_index(
    *,
    seed: str | None = None,
    platforms: Sequence[str],
    media: str = "oci",
    attestation: bool = False,
    **options: Any,
) -> BuiltManifest:
    """Return an image for several platforms; with `attestation`, each with one by BuildKit."""
    seed = seed or secrets.token_hex(8)
    types = _TYPES[media]
    children = [
        build_image(seed=seed, platform=platform, media=media, **options) for platform in platforms
    ]
    entries = [child.descriptor(platform=_platform(child.platform)) for child in children]
    if attestation:
        for child in list(children):
            statement = _attestation_of(child)
            children.append(statement)
            marks = {
                "vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": child.digest,
            }
            entries.append(
                statement.descriptor(
                    platform={"architecture": "unknown", "os": "unknown"}, annotations=marks
                )
            )
    document = {"schemaVersion": 2, "mediaType": types["index"], "manifests": entries}
    blobs = {digest: blob for child in children for digest, blob in child.blobs.items()}
    return BuiltManifest(
        json.dumps(document, indent=3).encode(), types["index"], blobs=blobs, children=children
    )


def _platform(text: str) -> dict[str, str]:
    return dict(zip(("os", "architecture", "variant"), text.split("/"), strict=False))


def _attestation_of(child: BuiltManifest) -> BuiltManifest:
    statement = json.dumps(
        {"_type": "https://in-toto.io/Statement/v0.1", "subject": [{"digest": child.digest}]}
    ).encode()
    config = {"architecture": "unknown", "os": "unknown", "config": {}}
    config["rootfs"] = {"type": "layers", "diff_ids": [digest_of(statement)]}
    types = {**_TYPES["oci"], "layer": "application/vnd.in-toto+json"}
    return _manifest(types, json.dumps(config).encode(), [statement], "unknown/unknown")


def push(registry: RunningRegistry, built: BuiltManifest, repository: str, tag: str) -> PushedImage:
    """Push an image to a registry, children first and the tag last."""
    with registry.session() as session:
        for digest, blob in built.blobs.items():
            started = session.post(f"{registry.url}/v2/{repository}/blobs/uploads/", timeout=60)
            started.raise_for_status()
            location = urljoin(started.url, started.headers["Location"])
            separator = "&" if "?" in location else "?"
            address = f"{location}{separator}digest={digest}"
            session.put(
                address,
                data=blob,
                headers={"Content-Type": "application/octet-stream"},
                timeout=120,
            ).raise_for_status()
        for manifest, name in [*((child, child.digest) for child in built.children), (built, tag)]:
            address = f"{registry.url}/v2/{repository}/manifests/{name}"
            headers = {"Content-Type": manifest.media_type}
            session.put(
                address, data=manifest.content, headers=headers, timeout=60
            ).raise_for_status()
    return PushedImage(registry, repository, tag, built)


class ImageFactory:
    """A factory that builds an image and pushes it to a registry.

    image_factory(registry)  # one platform, two layers, tag 1.0
    image_factory(registry, "team/app", "2.0", media="docker", layers=5, layer_size=1 << 20)
    image_factory(registry, platforms=["linux/amd64", "linux/arm64/v8"], attestation=True)
    """

    def __call__(
        self,
        registry: RunningRegistry,
        repository: str | None = None,
        tag: str = "1.0",
        *,
        platforms: Sequence[str] = (),
        attestation: bool = False,
        **options: Any,
    ) -> PushedImage:
        repository = repository or registry.new_repository()
        built = (
            build_index(platforms=platforms, attestation=attestation, **options)
            if platforms
            else build_image(**options)
        )
        return push(registry, built, repository, tag)

    build_image = staticmethod(build_image)
    build_index = staticmethod(build_index)
    push = staticmethod(push)
