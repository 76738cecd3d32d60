"""The sentences about a registry's refusal."""

import pytest

from registry_ui.oci.errors import (
    BlobUnknown,
    Denied,
    OciError,
    Unsupported,
)
from registry_ui.oci.manifest import Manifest
from tests.parts.scripted_server import Reply
from tests.parts.small_manifest import MANIFEST, RAW, error_body


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (404, error_body("MANIFEST_BLOB_UNKNOWN", "blob unknown"), BlobUnknown, "lacks a blob"),
        (
            400,
            error_body(
                "TAG_INVALID",
                "The image tag '1.0' already exists and cannot be overwritten because the tag is "
                "immutable.",
            ),
            Denied,
            "immutable",
        ),
        (412, error_body("PRECONDITION", "configured as immutable"), Denied, "immutable"),
        (
            403,
            error_body(
                "DENIED",
                "adding 3 MiB of storage resource … will exceed the configured upper limit",
            ),
            Denied,
            "quota",
        ),
        (
            405,
            error_body("DENIED", "can not push artifact to a proxy project"),
            Denied,
            "proxy cache",
        ),
        (415, b"", Unsupported, "kind of manifest"),
        (400, error_body("UNSUPPORTED"), Unsupported, "kind of manifest"),
        (413, b"<html>nginx", OciError, "request of this size"),
        (
            403,
            error_body("DENIED", "requested access to the resource is denied"),
            Denied,
            "push to team/app",
        ),
    ],
)
def test_refused_manifest(scripted, store, status, body, kind, message):
    scripted.on("PUT", MANIFEST, Reply(status, body))
    with pytest.raises(kind, match=message) as caught:
        store.put_manifest(Manifest.parse(RAW), "1.0")
    assert not caught.value.temporary
    assert caught.value.advice
    assert caught.value.status == status
