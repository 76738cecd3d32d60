"""Archives for tests: valid ones as skopeo and docker write them, and many kinds of bad ones."""

import gzip
import io
import json
import tarfile
from collections.abc import Sequence

from .images import OCI_INDEX, BuiltManifest, build_image, digest_of

NAME = "registry.example.com/team/app:1.0"


def entry(name: str, content: bytes = b"", **values) -> tuple[tarfile.TarInfo, bytes]:
    """Return a member; `values` are attributes of its header (`type`, `linkname`, …)."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in values.items():
        setattr(info, key, value)
    return info, content


def tar(*members: tuple[tarfile.TarInfo, bytes], end: bytes = bytes(1024)) -> bytes:
    """Return a tar of the given headers and contents, valid or not."""
    archive = io.BytesIO()
    for info, content in members:
        archive.write(info.tobuf(tarfile.GNU_FORMAT))
        archive.write(content + bytes(-len(content) % 512))
    return archive.getvalue() + end


def layout_members(
    images: Sequence[tuple[BuiltManifest, str]],
) -> list[tuple[tarfile.TarInfo, bytes]]:
    """Return an OCI layout of images, each with a name; an empty name is left out."""
    blobs: dict[str, bytes] = {}
    for built, _name in images:
        for manifest in (built, *built.children):
            blobs |= {manifest.digest: manifest.content, **manifest.blobs}
    descriptors = [
        built.descriptor(
            **({"annotations": {"org.opencontainers.image.ref.name": name}} if name else {})
        )
        for built, name in images
    ]
    index = json.dumps(
        {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": descriptors}
    ).encode()
    documents = [entry("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), entry("index.json", index)]
    return [
        *documents,
        *(entry(f"blobs/{digest.replace(':', '/')}", content) for digest, content in blobs.items()),
    ]


def layout(built: BuiltManifest, name: str = NAME) -> bytes:
    return tar(*layout_members([(built, name)]))


def docker_members(built: BuiltManifest, *names: str) -> list[tuple[tarfile.TarInfo, bytes]]:
    """Return the members that docker 20.10 saves: plain layers in folders of their own."""
    config = built.config.removeprefix("sha256:")
    layers = [gzip.decompress(built.blobs[digest]) for digest in built.layers]
    folders = [digest_of(layer).removeprefix("sha256:") for layer in layers]
    paths = [f"{folder}/layer.tar" for folder in folders]
    manifest = [{"Config": f"{config}.json", "RepoTags": list(names) or None, "Layers": paths}]
    return [
        entry(f"{config}.json", built.blobs[built.config]),
        *(entry(f"{folder}/", type=tarfile.DIRTYPE) for folder in folders),
        *(entry(path, layer) for path, layer in zip(paths, layers, strict=True)),
        entry("manifest.json", json.dumps(manifest).encode()),
    ]


def replace_member(members: list, name: str, content: bytes) -> list:
    """Return the same members, one of them with another content."""
    return [entry(name, content) if info.name == name else (info, old) for info, old in members]


GOOD = build_image(seed="archives", layer_size=3000)
_MEMBERS = layout_members([(GOOD, NAME)])
_LAYER = f"blobs/{GOOD.layers[0].replace(':', '/')}"
_MANIFEST = f"blobs/{GOOD.digest.replace(':', '/')}"
_DOCKER = docker_members(GOOD, NAME)
_FOLDER, _OTHER = "a" * 64, "b" * 64
_INDEX = _MEMBERS[1][1]
_PAX_BOMB = b"30 path=" + b"a" * 100


def _with(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    return tar(*_MEMBERS, *members)


def _link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, type=kind, linkname=target)


HOSTILE: dict[str, bytes] = {
    "a name that climbs out": _with(entry("../../etc/passwd", b"x")),
    "a name that climbs out in its middle": _with(entry("blobs/../../x", b"x")),
    "an absolute name": _with(entry("/etc/passwd", b"x")),
    "a name with a backslash": _with(entry("..\\x", b"x")),
    "a name with a control character": _with(entry("x\x1b[2J", b"x")),
    "a symbolic link": _with(_link("blobs/sha256/link", "/etc/passwd")),
    "a symbolic link in place of a blob": tar(
        *[member for member in _MEMBERS if member[0].name != _LAYER],
        _link(_LAYER, "../../../../etc/shadow"),
    ),
    "a hard link": _with(_link("copy", _LAYER, tarfile.LNKTYPE)),
    "a hard link out": _with(_link("copy", "/etc/shadow", tarfile.LNKTYPE)),
    "docker's link, leading out": _with(_link(f"{_FOLDER}/layer.tar", "../../../etc/passwd")),
    "docker's link, leading nowhere": _with(
        _link(f"{_FOLDER}/layer.tar", f"../{_OTHER}/layer.tar")
    ),
    "docker's links in a circle": _with(
        _link(f"{_FOLDER}/layer.tar", f"../{_OTHER}/layer.tar"),
        _link(f"{_OTHER}/layer.tar", f"../{_FOLDER}/layer.tar"),
    ),
    "docker's link to itself": _with(_link(f"{_FOLDER}/layer.tar", f"../{_FOLDER}/layer.tar")),
    "docker's links in a chain": _with(
        entry(f"{'c' * 64}.tar", b"x"),
        _link(f"{_FOLDER}/layer.tar", f"../{_OTHER}/layer.tar"),
        _link(f"{_OTHER}/layer.tar", f"../{'c' * 64}.tar"),
    ),
    "a device": _with(entry("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3)),
    "a pipe": _with(entry("pipe", type=tarfile.FIFOTYPE)),
    "a sparse file": _with(entry("sparse", type=tarfile.GNUTYPE_SPARSE)),
    "a sparse file in the newer form": _with(
        entry("x", b"22 GNU.sparse.major=1\n", type=tarfile.XHDTYPE), entry("sparse", b"x")
    ),
    "an unknown kind": _with(entry("odd", type=b"Q")),
    "a member twice": _with(entry("index.json", _INDEX)),
    "a member twice, written differently": _with(entry("./index.json", _INDEX)),
    "a file that is a folder too": _with(entry("index.json/", type=tarfile.DIRTYPE)),
    "an extended header without end": _with(
        entry("x", _PAX_BOMB, type=tarfile.XHDTYPE), entry("x", b"x")
    ),
    "an extended header of a megabyte": _with(
        entry("x", bytes(1 << 20), type=tarfile.XHDTYPE), entry("x", b"x")
    ),
    "a long name of a megabyte": _with(
        entry("x", b"a" * (1 << 20), type=tarfile.GNUTYPE_LONGNAME), entry("x", b"x")
    ),
    "a name for all members": _with(
        entry("x", b"18 path=index.json\n"[:18] + b"\n", type=tarfile.XGLTYPE)
    ),
    "a negative size": _with(entry("x", size=-512)),
    "a size beyond the end": _with(entry("x", size=1 << 40)),
    "a wrong layer": tar(
        *replace_member(_MEMBERS, _LAYER, b"\0" * len(GOOD.blobs[GOOD.layers[0]]))
    ),
    "a layer of another size": tar(*replace_member(_MEMBERS, _LAYER, b"x")),
    "a wrong manifest": tar(*replace_member(_MEMBERS, _MANIFEST, GOOD.content + b" ")),
    "a wrong config": tar(
        *replace_member(_MEMBERS, f"blobs/{GOOD.config.replace(':', '/')}", b"{}")
    ),
    "a missing layer": tar(*[member for member in _MEMBERS if member[0].name != _LAYER]),
    "a missing manifest": tar(*[member for member in _MEMBERS if member[0].name != _MANIFEST]),
    "an index that is no JSON": tar(*replace_member(_MEMBERS, "index.json", b"<html>")),
    "an index that is nested too deep": tar(
        *replace_member(_MEMBERS, "index.json", b"[" * 100_000)
    ),
    "an index of another kind": tar(*replace_member(_MEMBERS, "index.json", b'{"manifests": 7}')),
    "an index with a digest that climbs out": tar(
        *replace_member(
            _MEMBERS, "index.json", _INDEX.replace(GOOD.digest.encode(), b"sha256:../../x")
        )
    ),
    "an index without images": tar(
        *replace_member(_MEMBERS, "index.json", b'{"schemaVersion": 2, "manifests": []}')
    ),
    "an index of 9 MiB": tar(*replace_member(_MEMBERS, "index.json", b" " * (9 << 20) + _INDEX)),
    "a layout of another version": tar(
        *replace_member(_MEMBERS, "oci-layout", b'{"imageLayoutVersion":"2.0.0"}')
    ),
    "a list of digests that differs": _with(
        entry("digests.json", b'{"images": [{"name": "x", "digest": "y"}]}')
    ),
    "a list of digests that is no JSON": _with(entry("digests.json", b"{")),
    "a list of docker's that is no JSON": tar(*replace_member(_DOCKER, "manifest.json", b"nope")),
    "a list of docker's that lists no layers": tar(
        *replace_member(_DOCKER, "manifest.json", b'[{"Config": "x"}]')
    ),
    "a list of docker's that climbs out": tar(
        *replace_member(_DOCKER, "manifest.json", b'[{"Config": "../../etc/passwd", "Layers": []}]')
    ),
    "a docker layer that is another": tar(
        *[
            (info, b"\0" * len(content) if info.name.endswith("layer.tar") else content)
            for info, content in _DOCKER
        ]
    ),
    "neither kind": tar(entry("hello.txt", b"hello")),
    "no archive at all": b"hello, world\n" * 100,
    "next to nothing": b"x",
    "zstd": b"\x28\xb5\x2f\xfd" + bytes(600),
    "gzip that is cut off": gzip.compress(tar(*_MEMBERS))[:-200],
    "gzip that is damaged": gzip.compress(tar(*_MEMBERS))[:100] + b"\xff" * 400,
    "gzip with something behind it": gzip.compress(tar(*_MEMBERS)) + b"something",
    "no end": tar(*_MEMBERS, end=b""),
    "cut off in a header": tar(*_MEMBERS)[: 512 * 5 + 100],
    "cut off in a blob": tar(*_MEMBERS)[:-2000],
}
