"""The images of an OCI layout (image spec, "image-layout").

Docker 25 and later save such a layout too.
"""

from typing import Any

from ..digest import Digest
from ..errors import InvalidArchive
from ..manifest import INDEX_TYPES, MANIFEST_TYPES, Descriptor, Manifest
from ..reference import Reference
from .documents import (
    DOCKER_FILE,
    INDEX_FILE,
    LAYOUT_FILE,
    NAME_ANNOTATION,
    REF_ANNOTATION,
    ArchiveRoot,
    Documents,
    checked_tag,
    complete_name,
    unreadable,
)
from .platform_filter import filtered_index


def images_of_layout(documents: Documents) -> list[ArchiveRoot]:
    """Return the images that `index.json` names, one for each digest.

    Raises:
        InvalidArchive, InvalidManifest
    """
    # The file is missing in layouts of old tools; those are of version 1.0.0.
    version = documents.json(LAYOUT_FILE) if LAYOUT_FILE in documents.members else {}
    if not isinstance(version, dict) or version.get("imageLayoutVersion", "1.0.0") != "1.0.0":
        raise InvalidArchive("archive_layout_version")
    docker_names, tags = _docker_names(documents), dict[Digest, str]()

    roots: dict[Digest, Manifest] = {}
    names_by_digest: dict[Digest, list[Reference]] = {}

    # Entries of other types are allowed, and are not images (image spec, "Image Layout Index").
    for descriptor in Manifest.parse(documents.read(INDEX_FILE)).children:
        if descriptor.media_type not in INDEX_TYPES | MANIFEST_TYPES:
            continue
        # Several entries may name one digest, each with another name.
        roots.setdefault(
            descriptor.digest, documents.manifest(descriptor.digest, descriptor.media_type)
        )
        names = names_by_digest.setdefault(descriptor.digest, [])
        names += [name for name in _names(descriptor) if name not in names]
        tags.setdefault(descriptor.digest, checked_tag(descriptor.annotations.get(REF_ANNOTATION)))

    return [
        _root(documents, manifest, names_by_digest[digest], tags[digest], docker_names)
        for digest, manifest in roots.items()
    ]


def _root(
    documents: Documents,
    manifest: Manifest,
    names: list[Reference],
    tag: str,
    by_config: dict[str, list[Reference]],
) -> ArchiveRoot:
    whole = _without_absent(documents, manifest)
    # docker's own layouts carry the names in manifest.json beside them only.
    if not names and manifest.config is not None:
        names = by_config.get(manifest.config.digest.hex, [])
    return ArchiveRoot(whole, tuple(names), tag, is_rebuilt=whole is not manifest)


def _without_absent(documents: Documents, manifest: Manifest) -> Manifest:
    """Return an index without the platforms whose manifests the archive lacks.

    Docker saves the whole index of an image of which it pulled one platform.
    """
    if not manifest.is_index:
        return manifest
    named = {child.digest for child in manifest.children}
    present = {digest for digest in named if documents.blob(digest)}
    if present == named:
        return manifest

    filtered = filtered_index(manifest, lambda child: child.digest in present, documents.manifest)
    if filtered is None:
        raise InvalidArchive("archive_index_without_images")
    return filtered


def _names(descriptor: Descriptor) -> list[Reference]:
    """Return the complete name, from containerd's annotation or else from the spec's one.

    skopeo and podman write complete names into the annotation that is meant for a tag.
    """
    texts = (
        descriptor.annotations.get(NAME_ANNOTATION),
        descriptor.annotations.get(REF_ANNOTATION),
    )
    return [name for text in texts if (name := complete_name(text))][:1]


def _docker_names(documents: Documents) -> dict[str, list[Reference]]:
    """Return the names in `manifest.json` beside the layout, by the config's hex digest."""
    if DOCKER_FILE not in documents.members:
        return {}
    entries: Any = documents.json(DOCKER_FILE)
    if not isinstance(entries, list):
        raise unreadable(DOCKER_FILE)

    # "Config" is <hex>.json in docker's own layout, and blobs/sha256/<hex> beside an OCI layout.
    names_by_config: dict[str, list[Reference]] = {}
    for entry in entries:
        if (
            isinstance(entry, dict)
            and isinstance(entry.get("Config"), str)
            and isinstance(entry.get("RepoTags"), list)
        ):
            config = entry["Config"].rpartition("/")[2].removesuffix(".json")
            names = names_by_config.setdefault(config, [])
            names += [name for text in entry["RepoTags"] if (name := complete_name(text))]
    return names_by_config
