"""The images of a `docker save` archive (docker's image spec 1.2), which has no manifests.

The manifest that a registry needs is built from config and layers, always the same one from the
same archive. So the image id stays the same, and the digest is a new one.
"""

import json
from typing import Any

from ..digest import Digest
from ..errors import InvalidArchive
from ..manifest import (
    LAYERS_LIMIT,
    OCI_CONFIG,
    OCI_LAYER_GZIP,
    OCI_MANIFEST,
    Manifest,
    parse_config,
)
from ..reference import Reference
from ..store import BUFFER_SIZE
from .archive_file import ArchiveFile
from .documents import DOCKER_FILE, ArchiveRoot, Documents, complete_name, unreadable
from .tar import Member

# docker saves layers without compression.
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_GZIP = b"\x1f\x8b"


class DockerSave:
    """The images of `manifest.json`, and the members that hold their blobs, by digest."""

    def __init__(self, file: ArchiveFile, documents: Documents) -> None:
        self._file = file
        self._documents = documents
        self._digests: dict[tuple[int, int], Digest] = {}
        self.blobs: dict[Digest, Member] = {}

    def images(self) -> list[ArchiveRoot]:
        """Return the archive's images, one for each digest.

        Raises:
            InvalidArchive, InvalidManifest
        """
        entries = self._documents.json(DOCKER_FILE)
        if not isinstance(entries, list):
            raise unreadable(DOCKER_FILE)
        manifests: dict[Digest, Manifest] = {}
        names: dict[Digest, list[Reference]] = {}

        # Two entries may be one image under several names.
        for entry in entries:
            manifest = self._manifest(entry)
            manifests[manifest.digest] = manifest
            names_of_image = names.setdefault(manifest.digest, [])
            tags = entry.get("RepoTags")
            names_of_image += [
                name
                for text in (tags if isinstance(tags, list) else [])
                if (name := complete_name(text)) and name not in names_of_image
            ]

        return [
            ArchiveRoot(manifest, tuple(names[digest]), is_rebuilt=True)
            for digest, manifest in manifests.items()
        ]

    def _manifest(self, entry: Any) -> Manifest:
        if (
            not isinstance(entry, dict)
            or not isinstance(entry.get("Config"), str)
            or not isinstance(entry.get("Layers"), list)
        ):
            raise unreadable(DOCKER_FILE)

        layers = entry["Layers"]
        if not all(isinstance(layer, str) for layer in layers) or len(layers) > LAYERS_LIMIT:
            raise unreadable(DOCKER_FILE)

        # The config's digest is the image id, so its bytes stay as they are.
        raw = self._documents.read(entry["Config"])
        config = Digest.of(raw)
        self.blobs[config] = self._documents.members[entry["Config"]]

        # The config names a plain layer by its diff id, so that no layer has to be hashed.
        diff_ids = _diff_ids(parse_config(raw))
        # The two lists are paired by position.
        if len(diff_ids) != len(layers):
            raise InvalidArchive("archive_layer_count_differs")

        # No spaces and a fixed order: the bytes, and so the digest, must not change between
        # imports.
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {"mediaType": OCI_CONFIG, "digest": str(config), "size": len(raw)},
            "layers": [
                self._layer(name, diff_id) for name, diff_id in zip(layers, diff_ids, strict=True)
            ],
        }
        return Manifest.parse(json.dumps(document, separators=(",", ":")).encode(), OCI_MANIFEST)

    def _layer(self, name: str, diff_id: Digest) -> dict[str, Any]:
        member = self._documents.members.get(name)
        if member is None:
            raise InvalidArchive("archive_member_missing", name=name[:100])

        is_gzip = self._file.read(member.offset, min(2, member.size)) == _GZIP
        digest = self._digest(member) if is_gzip else diff_id
        self.blobs[digest] = member

        return {
            "mediaType": OCI_LAYER_GZIP if is_gzip else _LAYER,
            "digest": str(digest),
            "size": member.size,
        }

    def _digest(self, member: Member) -> Digest:
        """Return the digest of a compressed layer, which only reading it tells.

        A plain layer has the diff id of the config as its digest.
        """
        # One layer may be named by several images.
        location = (member.offset, member.size)
        if location not in self._digests:
            hasher, offset, end = (
                Digest.of(b"").hasher(),
                member.offset,
                member.offset + member.size,
            )
            while offset < end:
                piece = self._file.read(offset, min(BUFFER_SIZE, end - offset))
                hasher.update(piece)
                offset += len(piece) or end
            self._digests[location] = Digest("sha256", hasher.hexdigest())

        return self._digests[location]


def _diff_ids(config: dict[str, Any]) -> list[Digest]:
    # Image spec, "config", `rootfs`.
    rootfs = config.get("rootfs")
    texts = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    return [Digest.parse(str(text)) for text in texts] if isinstance(texts, list) else []
