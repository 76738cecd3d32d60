"""One manifest with its config: which configs are read, and which are not."""

import contextlib
import io
import json

import pytest

from registry_ui.catalog.indexing.manifests import CONFIG_LIMIT, fetch
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import BlobUnknown, ContentMismatch
from registry_ui.oci.manifest import OCI_CONFIG, OCI_MANIFEST, Manifest

CONFIG = b'{"os": "linux", "architecture": "amd64"}'


class Store:
    """A store with one manifest and one config, that counts the blobs that were read."""

    def __init__(self, media_type, size=None, has_blob=True):
        digest = Digest.of(CONFIG)
        body = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {
                "mediaType": media_type,
                "digest": str(digest),
                "size": len(CONFIG) if size is None else size,
            },
            "layers": [],
        }
        self.manifest = Manifest.parse(json.dumps(body).encode(), OCI_MANIFEST)
        self.has_blob = has_blob
        self.opened = 0

    def get_manifest(self, _digest):
        return self.manifest

    def open_blob(self, descriptor, *_arguments, **_options):
        self.opened += 1
        if not self.has_blob:
            raise BlobUnknown("The registry has no such blob.")
        return contextlib.closing(io.BytesIO(CONFIG))


def config_of(store, **options):
    return fetch(store, store.manifest.digest, **options).config


@pytest.mark.parametrize(
    "media_type", [OCI_CONFIG, "application/vnd.cncf.helm.config.v1+json; charset=utf-8"]
)
def test_the_config_of_an_image_or_chart_is_read(media_type):
    assert config_of(Store(media_type)) == CONFIG


@pytest.mark.parametrize(
    "media_type", ["application/vnd.oci.empty.v1+json", "application/octet-stream"]
)
def test_a_config_that_is_no_document_is_not_read(media_type):
    store = Store(media_type)

    assert (config_of(store), store.opened) == (b"", 0)


def test_an_attestations_config_is_not_read():
    store = Store(OCI_CONFIG)

    assert (config_of(store, with_config=False), store.opened) == (b"", 0)


def test_a_large_config_is_refused_for_an_image_and_left_out_for_others():
    with pytest.raises(ContentMismatch):
        config_of(Store(OCI_CONFIG, size=CONFIG_LIMIT + 1))
    assert config_of(Store("application/vnd.other.v1+json", size=CONFIG_LIMIT + 1)) == b""


def test_a_missing_config_is_refused_for_an_image_and_left_out_for_others():
    with pytest.raises(BlobUnknown):
        config_of(Store(OCI_CONFIG, has_blob=False))
    assert config_of(Store("application/vnd.other.v1+json", has_blob=False)) == b""
