"""The images of an OCI layout (image spec, "image-layout"); also of what docker 25 and later save, which is one."""

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
    Documents,
    FoundRoot,
    checked_tag,
    complete_name,
    unreadable,
)
from .platforms import narrow


def images_of_layout(documents: Documents) -> list[FoundRoot]:
    """What `index.json` names, one entry a digest.

    Raises:
        InvalidArchive, InvalidManifest
    """
    version = documents.json(LAYOUT_FILE) if LAYOUT_FILE in documents.members else {}
    if not isinstance(version, dict) or version.get("imageLayoutVersion", "1.0.0") != "1.0.0":
        raise InvalidArchive("The archive is an OCI layout of another version than 1.0.0.")
    names, tags = _docker_names(documents), dict[Digest, str]()
    roots: dict[Digest, Manifest] = {}
    named: dict[Digest, list[Reference]] = {}
    for descriptor in Manifest.parse(documents.read(INDEX_FILE)).children:
        if descriptor.media_type not in INDEX_TYPES | MANIFEST_TYPES:
            continue
        roots.setdefault(
            descriptor.digest, documents.manifest(descriptor.digest, descriptor.media_type)
        )
        found = named.setdefault(descriptor.digest, [])
        found += [name for name in _names(descriptor) if name not in found]
        tags.setdefault(descriptor.digest, checked_tag(descriptor.annotations.get(REF_ANNOTATION)))
    return [
        _root(documents, manifest, named[digest], tags[digest], names)
        for digest, manifest in roots.items()
    ]


def _root(
    documents: Documents,
    manifest: Manifest,
    names: list[Reference],
    tag: str,
    by_config: dict[str, list[Reference]],
) -> FoundRoot:
    whole = _without_absent(documents, manifest)
    if not names and manifest.config is not None:
        names = by_config.get(manifest.config.digest.hex, [])
    return FoundRoot(whole, tuple(names), tag, is_rebuilt=whole is not manifest)


def _without_absent(documents: Documents, manifest: Manifest) -> Manifest:
    """An index without the platforms whose manifests the archive lacks: docker saves the index of what it pulled in part."""
    if not manifest.is_index:
        return manifest
    there = {child.digest for child in manifest.children if documents.blob(child.digest)}
    if len(there) == len({child.digest for child in manifest.children}):
        return manifest
    found = narrow(
        manifest, lambda child: child.digest in there, lambda digest: documents.manifest(digest)
    )
    if found is None:
        raise InvalidArchive(
            "The archive holds an index, and none of the images that it names.",
            advice="Save the image anew.",
        )
    return found


def _names(descriptor: Descriptor) -> list[Reference]:
    """The complete name comes first; skopeo and podman write one into the other annotation too."""
    texts = (
        descriptor.annotations.get(NAME_ANNOTATION),
        descriptor.annotations.get(REF_ANNOTATION),
    )
    return [name for text in texts if (name := complete_name(text))][:1]


def _docker_names(documents: Documents) -> dict[str, list[Reference]]:
    """A config's digest → the names that `manifest.json` beside the layout gives to it."""
    if DOCKER_FILE not in documents.members:
        return {}
    entries: Any = documents.json(DOCKER_FILE)
    if not isinstance(entries, list):
        raise unreadable(DOCKER_FILE)
    found: dict[str, list[Reference]] = {}
    for entry in entries:
        if (
            isinstance(entry, dict)
            and isinstance(entry.get("Config"), str)
            and isinstance(entry.get("RepoTags"), list)
        ):
            names = found.setdefault(entry["Config"].rpartition("/")[2].removesuffix(".json"), [])
            names += [name for text in entry["RepoTags"] if (name := complete_name(text))]
    return found
