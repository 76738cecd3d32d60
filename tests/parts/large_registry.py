"""A real registry with thousands of tags or repositories, written straight into its storage."""

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from .images import BuiltManifest, build_image
from .registries import RunningRegistry

_SUFFIXES = ("", "-alpine", "-slim", "-bookworm", "-rc1")
_BASES = ("base/debian", "base/alpine", "base/ubuntu")


def tag_names(count: int) -> list[str]:
    """Different names as projects give them: 1.0.0, 1.0.0-alpine … 1.0.1 …, and latest."""
    versions = (
        f"{major}.{minor}.{patch}"
        for major in itertools.count(1)
        for minor in range(40)
        for patch in range(10)
    )
    names = (f"{version}{suffix}" for version in versions for suffix in _SUFFIXES)
    return ["latest", *itertools.islice(names, count - 1)]


def repository_names(count: int) -> list[str]:
    """A hundred in a namespace: team-000/service-00000 …"""
    return [f"team-{number // 100:03}/service-{number:05}" for number in range(count)]


def fill_tags(
    registry: RunningRegistry, repository: str, count: int, *, distinct: int | None = None
) -> list[str]:
    """Write tags into a repository, on `distinct` images in turn, and return their names."""
    storage = _Storage(registry)
    images = list(itertools.islice(_images(repository), distinct or count))
    for image in images:
        storage.put_image(repository, image)
    names = tag_names(count)
    for name, image in zip(names, itertools.cycle(images), strict=False):
        storage.put_tag(repository, name, image.digest)
    return names


def fill_repositories(
    registry: RunningRegistry, count: int, *, tags: Sequence[str] = ("1.0.0",), distinct: int = 50
) -> list[str]:
    """Write repositories with these tags on one of a few images, and return their names."""
    storage = _Storage(registry)
    images = list(itertools.islice(_images("services"), distinct))
    names = repository_names(count)
    for name, image in zip(names, itertools.cycle(images), strict=False):
        storage.put_image(name, image)
        for tag in tags:
            storage.put_tag(name, tag, image.digest)
    return names


def move_tag(registry: RunningRegistry, repository: str, tag: str, image: BuiltManifest) -> None:
    """Let a tag name another image, as a push would."""
    storage = _Storage(registry)
    storage.put_image(repository, image)
    storage.put_tag(repository, tag, image.digest)


def _images(seed: str) -> Iterator[BuiltManifest]:
    """Small images: a layer that every third shares, and one of their own."""
    for number, base in enumerate(itertools.cycle(_BASES)):
        yield build_image(seed=f"{seed}/{number}", layers=1, layer_size=64, shared_layers=[base])


class _Storage:
    """Write the layout of docker-registry's file system driver: blobs, and `link` files."""

    def __init__(self, registry: RunningRegistry) -> None:
        self.root = (
            Path(registry.configuration["storage"]["filesystem"]["rootdirectory"])
            / "docker/registry/v2"
        )

    def put_image(self, repository: str, image: BuiltManifest) -> None:
        for digest, content in (*image.blobs.items(), (image.digest, image.content)):
            self._put_blob(digest, content)
        for digest in image.blobs:
            self._link(f"repositories/{repository}/_layers/{_path_of(digest)}", digest)
        self._link(
            f"repositories/{repository}/_manifests/revisions/{_path_of(image.digest)}", image.digest
        )

    def put_tag(self, repository: str, tag: str, digest: str) -> None:
        folder = f"repositories/{repository}/_manifests/tags/{tag}"
        self._link(f"{folder}/index/{_path_of(digest)}", digest)
        self._link(f"{folder}/current", digest)

    def _put_blob(self, digest: str, content: bytes) -> None:
        algorithm, _colon, encoded = digest.partition(":")
        path = self.root / "blobs" / algorithm / encoded[:2] / encoded / "data"
        if not path.exists():
            _write(path, content)

    def _link(self, folder: str, digest: str) -> None:
        _write(self.root / folder / "link", digest.encode())


def _path_of(digest: str) -> str:
    return digest.replace(":", "/")


def _write(path: Path, content: bytes) -> None:
    os.makedirs(path.parent, exist_ok=True)
    path.write_bytes(content)
