"""A small image to try everything with, built without another registry or the internet.

It is for two platforms, and holds files only: nothing in it can be run. Like real images it has two
versions and two variants, the whole one and `slim` without documentation. Its bytes are the same on
every machine.
"""

import io
import json
import struct
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .digest import Digest
from .manifest import OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST, Descriptor, Manifest

REPOSITORY = "hello"

_PLATFORMS = ("linux/amd64", "linux/arm64")

# Fixed times, because the digest covers them.
_CREATED = {"1.0": "2026-03-02T09:00:00Z", "1.1": "2026-09-14T09:00:00Z"}
_TAGS = {
    "1.0": ("1.0", False),
    "1.0-slim": ("1.0", True),
    "1.1": ("1.1", False),
    "1.1-slim": ("1.1", True),
    "latest": ("1.1", False),
}

# The most bytes of a stored block (RFC 1951, "Non-compressed blocks").
_STORED_BLOCK = 65535

# The two versions differ in a file, so that a comparison has something to show.
_RELEASE_NOTES = {
    "1.0": "The first version.\n",
    "1.1": "Version 1.1: the greeting has a page of its own.\nVersion 1.0: the first version.\n",
}


@dataclass(slots=True)
class SampleImage:
    """An index with everything below it."""

    tag: str
    index: Manifest
    children: list[Manifest] = field(default_factory=list)
    blobs: dict[Descriptor, bytes] = field(default_factory=dict)


def sample_images() -> list[SampleImage]:
    """Return one image for each tag; two tags may name the same image."""
    return [_image(tag, version, is_slim=is_slim) for tag, (version, is_slim) in _TAGS.items()]


def _image(tag: str, version: str, *, is_slim: bool) -> SampleImage:
    blobs: dict[Descriptor, bytes] = {}
    children = [_child(version, platform, is_slim, blobs) for platform in _PLATFORMS]
    entries = [
        {
            "mediaType": OCI_MANIFEST,
            "digest": str(child.digest),
            "size": child.size,
            "platform": _platform(platform),
        }
        for child, platform in zip(children, _PLATFORMS, strict=True)
    ]

    annotations = _annotations(version, is_slim)

    document = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": entries,
        "annotations": annotations,
    }
    return SampleImage(tag, Manifest.parse(_json(document), OCI_INDEX), children, blobs)


def _child(version: str, platform: str, is_slim: bool, blobs: dict[Descriptor, bytes]) -> Manifest:
    steps = _steps(version, platform, is_slim)
    tars = [_tar(files) for _command, files in steps]
    layers = [_add(blobs, OCI_LAYER_GZIP, _gzip(tar)) for tar in tars]

    config = {
        "created": _CREATED[version],
        "author": "Registry UI",
        **_platform(platform),
        "config": {
            "Env": [f"HELLO_VERSION={version}", f"HELLO_PLATFORM={platform}"],
            "WorkingDir": "/usr/share/hello",
            "Labels": _annotations(version, is_slim),
        },
        "rootfs": {"type": "layers", "diff_ids": [str(Digest.of(tar)) for tar in tars]},
        "history": [
            {"created": _CREATED[version], "created_by": command} for command, _files in steps
        ],
    }

    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": _entry(_add(blobs, OCI_CONFIG, _json(config))),
        "layers": [_entry(layer) for layer in layers],
        "annotations": _annotations(version, is_slim),
    }
    return Manifest.parse(_json(document), OCI_MANIFEST)


def _steps(version: str, platform: str, is_slim: bool) -> list[tuple[str, Mapping[str, str]]]:
    """Return the layers' files, the lowest layer first, each with its line of the history."""
    base = {
        "etc/os-release": 'NAME="Sample"\nID=sample\nPRETTY_NAME="Registry UI sample, files only"\n'
    }

    program = {
        "usr/share/hello/greeting.txt": f"Hello from version {version} for {platform}.\n",
        **({"usr/share/hello/index.html": _page(version)} if version != "1.0" else {}),
    }
    steps: list[tuple[str, Mapping[str, str]]] = [
        ("ADD base /", base),
        (f"COPY hello-{version} /usr/share/hello", program),
    ]

    if not is_slim:
        steps.append(
            (f"COPY documentation-{version} /usr/share/doc/hello", _documentation(version))
        )
    return steps


def _page(version: str) -> str:
    return (
        "<!doctype html>\n<html lang=en>\n<title>Hello</title>\n<h1>Hello from version "
        f"{version}</h1>\n"
    )


def _documentation(version: str) -> Mapping[str, str]:
    lines = [
        f"{number:3}. The sample image holds files only: there is nothing in it to run.\n"
        for number in range(1, 401)
    ]
    return {
        "usr/share/doc/hello/changelog.txt": _RELEASE_NOTES[version],
        "usr/share/doc/hello/manual.txt": "".join(lines),
    }


def _annotations(version: str, is_slim: bool) -> dict[str, str]:
    return {
        "org.opencontainers.image.title": "hello",
        "org.opencontainers.image.description": "A sample to try pull, tag, push, browse and "
        "mirror with. Files only: nothing in it runs.",
        "org.opencontainers.image.version": f"{version}-slim" if is_slim else version,
        "org.opencontainers.image.created": _CREATED[version],
        "org.opencontainers.image.vendor": "Registry UI",
    }


def _platform(text: str) -> dict[str, str]:
    system, architecture = text.split("/")
    return {"os": system, "architecture": architecture}


def _add(blobs: dict[Descriptor, bytes], media_type: str, content: bytes) -> Descriptor:
    descriptor = Descriptor(media_type, Digest.of(content), len(content))
    blobs[descriptor] = content
    return descriptor


def _entry(descriptor: Descriptor) -> dict[str, Any]:
    return {
        "mediaType": descriptor.media_type,
        "digest": str(descriptor.digest),
        "size": descriptor.size,
    }


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _tar(files: Mapping[str, str]) -> bytes:
    archive_bytes = io.BytesIO()
    # A fixed format and no owner or time: the bytes must be the same everywhere.
    with tarfile.open(fileobj=archive_bytes, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for folder in sorted({parent for path in files for parent in _parents(path)}):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(text.encode()), 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    return archive_bytes.getvalue()


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: number + 1]) for number in range(len(parts))]


def _gzip(content: bytes) -> bytes:
    """Return a gzip file of stored blocks (RFC 1951, 1952).

    Compressed bytes would differ from one version of zlib to the next, and the digest with them.
    """
    blocks = [
        content[start : start + _STORED_BLOCK] for start in range(0, len(content), _STORED_BLOCK)
    ]

    stored = b"".join(
        struct.pack("<BHH", number == len(blocks) - 1, len(block), len(block) ^ 0xFFFF) + block
        for number, block in enumerate(blocks)
    )

    # A header without a time or a name, the blocks, then checksum and length.
    return (
        b"\x1f\x8b\x08\x00"
        + bytes(4)
        + b"\x00\xff"
        + stored
        + struct.pack("<II", zlib.crc32(content), len(content))
    )
