"""One manifest from a registry, with its config. No database: it runs on threads."""

from dataclasses import dataclass

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import BlobUnknown, ContentMismatch
from registry_ui.oci.manifest import CONFIG_TYPES, Descriptor, Manifest
from registry_ui.oci.store import ImageStore, read_blob

CONFIG_LIMIT = 4 * 1024 * 1024
_EMPTY = "application/vnd.oci.empty.v1+json"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A manifest or index, and the raw config of an image; `config` may be empty."""

    manifest: Manifest
    config: bytes = b""


def fetch(store: ImageStore, digest: Digest, *, with_config: bool = True) -> Fetched:
    """Fetch a manifest and its config.

    Args:
        with_config: False for attestations, whose config is empty.

    Raises:
        ManifestUnknown: the repository does not have it.
        ContentMismatch, InvalidManifest: the answer has another digest, or is too large.
        OciError
    """
    manifest = store.get_manifest(digest)
    return Fetched(manifest, _config_of(store, manifest) if with_config else b"")


def _config_of(store: ImageStore, manifest: Manifest) -> bytes:
    config = manifest.config
    if config is None or not _is_document(config):
        return b""

    try:
        return read_blob(store, config, limit=CONFIG_LIMIT)
    except (BlobUnknown, ContentMismatch):
        if config.media_type in CONFIG_TYPES:
            raise
        # The config of another artifact may be of any size, and its manifest alone describes it.
        return b""


def _is_document(config: Descriptor) -> bool:
    # Parameters may follow a media type, and its letters may have any case (RFC 6838).
    media_type = config.media_type.partition(";")[0].lower()
    return media_type in CONFIG_TYPES or (media_type.endswith("+json") and media_type != _EMPTY)
