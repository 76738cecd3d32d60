"""Deleting one tag and nothing else (distribution spec, "Deleting tags").

Deleting a manifest takes every tag that names it along, so a tag is deleted by its name. Where a registry does not do that
(distribution before its third version, Harbor), the tag is first pointed at an empty image of its own, the placeholder,
and then the placeholder is deleted.
"""

import io
import json
import secrets
from typing import TYPE_CHECKING

from .advice import advice_for
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
from .store import read_blob

if TYPE_CHECKING:
    from .registry_store import RegistryStore

_DOCKER_TYPES = "application/vnd.docker."
_LABEL = "registry-ui.placeholder"
_PLACEHOLDER_LIMIT = 4096


def check_deletion(store: "RegistryStore") -> None:
    """See `RegistryStore.check_deletion`."""
    try:
        store.delete_manifest(Digest.of(secrets.token_bytes(32)))
    except NotFound:
        return


def delete_tag(store: "RegistryStore", tag: str) -> str:
    """See `RegistryStore.delete_tag`."""
    if store.head_manifest(tag) is None:
        raise ManifestUnknown(
            f"{_place(store)} has no tag {tag}.",
            advice="It may have been deleted already.",
            status=404,
        )
    try:
        store.delete_manifest(tag)
    except ManifestUnknown:
        if store.head_manifest(tag) is None:
            return "tag"  # an earlier try went through, and its answer was lost
    except Unsupported:
        pass  # the other way may be open
    else:
        return "tag"
    _check_other_way(store, tag)
    _delete_by_placeholder(store, tag)
    return "placeholder"


def is_placeholder(store: "RegistryStore", descriptor: Descriptor) -> bool:
    """Whether a tag names what a deletion left there that died half-way: what it stood for is deleted all the same."""
    if descriptor.is_index or descriptor.size > _PLACEHOLDER_LIMIT:
        return False
    manifest = store.get_manifest(descriptor.digest)
    if manifest.config is None or manifest.layers or manifest.config.size > _PLACEHOLDER_LIMIT:
        return False
    started = parse_config(read_blob(store, manifest.config, limit=_PLACEHOLDER_LIMIT)).get(
        "config"
    )
    labels = started.get("Labels") if isinstance(started, dict) else None
    return isinstance(labels, dict) and _LABEL in labels


def _check_other_way(store: "RegistryStore", tag: str) -> None:
    try:
        check_deletion(store)
    except Unsupported as exc:
        raise Unsupported(
            f"{_place(store)}: the tag {tag} cannot be deleted, because the registry deletes neither tags nor manifests for its clients. "
            "Nothing was changed.",
            advice=advice_for(store.client.endpoint.host, "deletion", repository=store.repository),
            status=exc.status,
            codes=exc.codes,
        ) from exc


def _delete_by_placeholder(store: "RegistryStore", tag: str) -> None:
    config = _unique_config()
    store.write_blob(
        Descriptor(OCI_CONFIG, Digest.of(config), len(config)),
        lambda offset: io.BytesIO(config[offset:]),
    )
    original = store.get_manifest(tag)
    placeholder = _placeholder_for(original, config, tag)
    try:
        store.put_manifest(placeholder, tag)
        store.delete_manifest(placeholder.digest)
    except BaseException as exc:
        is_gone = _put_back(store, tag, original, placeholder, exc)
        if not is_gone or not isinstance(exc, OciError):
            raise


def _put_back(
    store: "RegistryStore",
    tag: str,
    original: Manifest,
    placeholder: Manifest,
    failure: BaseException,
) -> bool:
    """After a failure half-way: the tag as it was, unless somebody else has moved it. A cancellation does not stop this.

    Returns:
        Whether the tag is gone after all, because only an answer was lost.
    """
    try:
        with store.client.sibling() as client:
            anew = client.store(store.repository)
            standing = anew.head_manifest(tag)
            if standing is not None and standing.digest == placeholder.digest:
                anew.put_manifest(original, tag)
            return standing is None
    except OciError as exc:
        reason = failure.message if isinstance(failure, OciError) else "It was interrupted."
        raise ResponseError(
            f"Deleting the tag {tag} of {_place(store)} failed half-way, and it may name an empty placeholder now. {reason} {exc.message}",
            advice=f"Point the tag at {original.digest} again, which is still there; then try again.",
        ) from failure


def _unique_config() -> bytes:
    """A config that no other image has, so that no other image can have the placeholder's digest."""
    labels = {_LABEL: secrets.token_hex(16)}
    document = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    return json.dumps(document).encode()


def _placeholder_for(original: Manifest, config: bytes, tag: str) -> Manifest:
    """An image without layers, of the family that the registry has taken already; it says itself what it stands for."""
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
    if not is_docker:
        note = f"Stands for {original.digest} while the tag {tag} is being deleted."
        document["annotations"] = {"org.opencontainers.image.description": note}
    return Manifest.parse(json.dumps(document).encode(), media_type)


def _place(store: "RegistryStore") -> str:
    return f"{store.client.endpoint.host}/{store.repository}"
