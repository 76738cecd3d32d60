"""The deletion of one tag and nothing else (distribution spec, "Deleting tags").

Deleting a manifest also deletes every tag that names it, so a tag is deleted by its name. Where a
registry cannot do that (distribution before version 3), it is deleted by an API of the registry's
own. Where there is none, the tag is first pointed at an empty image of its own, the placeholder,
and then the placeholder is deleted.
"""

import io
import json
import secrets
from contextlib import AbstractContextManager
from typing import Protocol

from .digest import Digest
from .errors import ManifestUnknown, NotFound, OciError, ResponseError, Unsupported
from .manifest import (
    DOCKER_CONFIG,
    DOCKER_MANIFEST,
    OCI_CONFIG,
    OCI_MANIFEST,
    Descriptor,
    Manifest,
    parse_config,
)
from .registry_session import TagDeletion
from .store import ImageStore, read_blob

_DOCKER_TYPES = "application/vnd.docker."

# A run that was interrupted leaves this label behind, by which it is recognised.
_LABEL = "registry-ui.placeholder"

# A placeholder has a few hundred bytes, so nothing larger has to be read.
_PLACEHOLDER_LIMIT = 4096


class DeletingStore(ImageStore, Protocol):
    """A registry's repository, as far as a deletion uses it."""

    repository: str

    @property
    def host(self) -> str:
        """The registry as references carry it."""

    @property
    def full_name(self) -> str:
        """The registry's host and the repository, for messages."""

    def delete_manifest(self, reference: str | Digest) -> None:
        """Delete a manifest, or only a tag. Errors: see `RegistryStore.delete_manifest`."""

    @property
    def tag_deletion(self) -> TagDeletion | None:
        """The registry's own way to delete a tag, where it has one."""

    def uncancellable(self) -> AbstractContextManager[ImageStore]:
        """Open the same repository so that no cancellation stops it."""


def check_deletion(store: DeletingStore) -> None:
    """Check that the registry deletes by digest. See `RegistryStore.check_deletion`."""
    # A random digest exists nowhere: 404 or 202 means that deletion is switched on.
    try:
        store.delete_manifest(Digest.of(secrets.token_bytes(32)))
    except NotFound:
        return


def delete_tag(store: DeletingStore, tag: str) -> str:
    """Delete one tag. See `RegistryStore.delete_tag`."""
    current = store.head_manifest(tag)
    if current is None:
        raise ManifestUnknown(
            "tag_gone", status=404, host=store.host, repository=store.full_name, tag=tag
        )

    try:
        store.delete_manifest(tag)
    except ManifestUnknown:
        if store.head_manifest(tag) is None:
            return "tag"  # an earlier try was carried out, and its answer was lost
    except Unsupported:
        pass  # the registry's own API or the placeholder may work
    else:
        return "tag"

    # With the digest, so that a tag that somebody moves meanwhile stays.
    own_way = store.tag_deletion
    if own_way is not None and own_way(store.repository, tag, current.digest):
        return "tag"

    _check_placeholder_support(store, tag)
    _delete_by_placeholder(store, tag)
    return "placeholder"


def is_placeholder(store: ImageStore, descriptor: Descriptor) -> bool:
    """Return whether a tag names the placeholder of a deletion that was interrupted.

    Raises:
        OciError: as the store raises.
    """
    if descriptor.is_index or descriptor.size > _PLACEHOLDER_LIMIT:
        return False
    manifest = store.get_manifest(descriptor.digest)
    if manifest.config is None or manifest.layers or manifest.config.size > _PLACEHOLDER_LIMIT:
        return False

    config = parse_config(read_blob(store, manifest.config, limit=_PLACEHOLDER_LIMIT))
    run_config = config.get("config")
    labels = run_config.get("Labels") if isinstance(run_config, dict) else None
    return isinstance(labels, dict) and _LABEL in labels


def _check_placeholder_support(store: DeletingStore, tag: str) -> None:
    # Checked before anything is written, so that a refusal changes nothing.
    try:
        check_deletion(store)
    except Unsupported as exc:
        raise Unsupported(
            "tag_not_deletable",
            status=exc.status,
            codes=exc.codes,
            host=store.host,
            repository=store.repository,
            location=store.full_name,
            tag=tag,
        ) from exc


def _delete_by_placeholder(store: DeletingStore, tag: str) -> None:
    config = _unique_config()
    store.write_blob(
        Descriptor(OCI_CONFIG, Digest.of(config), len(config)),
        lambda offset: io.BytesIO(config[offset:]),
    )
    # Read as late as possible, so that a push in the meantime is not undone.
    original = store.get_manifest(tag)
    placeholder = _placeholder_for(original, config, tag)

    # BaseException: a killed worker must not leave the tag at the placeholder either.
    try:
        store.put_manifest(placeholder, tag)
        store.delete_manifest(placeholder.digest)
    except BaseException as exc:
        is_gone = _restore(store, tag, original, placeholder, exc)
        if not is_gone or not isinstance(exc, OciError):
            raise


def _restore(
    store: DeletingStore,
    tag: str,
    original: Manifest,
    placeholder: Manifest,
    failure: BaseException,
) -> bool:
    """Point the tag at its manifest again, unless another client has moved it meanwhile.

    Returns:
        Whether the tag is gone after all, because only an answer was lost.
    """

    try:
        # The cancellation that may have led here must not stop the repair.
        with store.uncancellable() as reopened:
            # Another client may have pushed the tag since; its image must stay.
            current = reopened.head_manifest(tag)
            if current is not None and current.digest == placeholder.digest:
                reopened.put_manifest(original, tag)
            return current is None
    except OciError as exc:
        cause = failure if isinstance(failure, OciError) else None
        raise ResponseError(
            "tag_deletion_half_done" if cause else "tag_deletion_interrupted",
            host=store.host,
            location=store.full_name,
            tag=tag,
            original=original.digest,
            cause=cause,
            repair=exc,
        ) from failure


def _unique_config() -> bytes:
    """Return a config that no other image has, so that no other tag names the placeholder."""
    # Random, because an equal config would give an equal manifest, and deletion is by digest.
    labels = {_LABEL: secrets.token_hex(16)}
    document = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    return json.dumps(document).encode()


def _placeholder_for(original: Manifest, config: bytes, tag: str) -> Manifest:
    """Return an image without layers, in media types that the registry has accepted before."""
    is_docker = original.media_type.startswith(_DOCKER_TYPES)
    media_type, config_type = (
        (DOCKER_MANIFEST, DOCKER_CONFIG) if is_docker else (OCI_MANIFEST, OCI_CONFIG)
    )

    document = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": {"mediaType": config_type, "digest": str(Digest.of(config)), "size": len(config)},
        "layers": [],
    }
    # Docker's manifests have no annotations (image manifest version 2, schema 2).
    if not is_docker:
        description = f"Stands for {original.digest} while the tag {tag} is being deleted."
        document["annotations"] = {"org.opencontainers.image.description": description}
    return Manifest.parse(json.dumps(document).encode(), media_type)
