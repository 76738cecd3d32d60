"""The sentences about an error response of a registry."""

import pytest

from registry_ui.oci.error_messages import describe_response, not_a_registry
from registry_ui.oci.errors import (
    BlobUnknown,
    Denied,
    OciError,
    RateLimited,
    ServerFailed,
    Unauthorized,
    Unsupported,
)
from registry_ui.oci.manifest import Manifest
from registry_ui.oci.request_context import ErrorResponse, RequestContext
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
        (403, error_body("DENIED", "storage limit reached"), Denied, "quota"),
        (405, error_body("DENIED", "this is a proxy cache"), Denied, "proxy cache"),
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


def described(kind, error_response, subject="manifest", **context):
    context = RequestContext("registry.example.com", subject, "team/app", **context)
    return describe_response(kind, error_response, context)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "slow down:"),
        (0.2, "for 1 second:"),
        (59, "for 59 seconds:"),
        (90, "for 2 minutes:"),
        (3600, "for 1 hour:"),
        (172_800, "for 2 days:"),
    ],
)
def test_a_wait_is_told_in_its_largest_unit(seconds, words):
    message, _advice = described(RateLimited, ErrorResponse(429, (), "", seconds))

    assert words in message


@pytest.mark.parametrize(
    ("context", "message", "advice"),
    [
        ({}, "wants a login. It says: no.", "Add a credential for registry.example.com. Check"),
        ({"is_push": True}, "wants a login to push.", "Add a credential"),
        ({"is_deletion": True}, "wants a login to delete.", "Add a credential"),
        ({"is_anonymous": False}, "did not accept the credential.", "access token"),
    ],
)
def test_a_missing_login_is_asked_for_with_its_purpose(context, message, advice):
    found, advised = described(Unauthorized, ErrorResponse(401, (), "no", None), **context)

    assert message in found
    assert advice in advised


def test_a_deletion_by_tag_and_by_digest_are_refused_in_other_words():
    error_response = ErrorResponse(405, (), "", None)

    by_tag, _advice = described(Unsupported, error_response, name="1.0", is_deletion=True)
    by_digest, _advice = described(Unsupported, error_response, name="sha256:ab", is_deletion=True)

    assert "does not delete a tag alone" in by_tag
    assert "does not delete manifests" in by_digest


def test_a_server_that_fails_is_not_believed_to_have_a_full_quota():
    error_response = ErrorResponse(500, (), "quota service: connection refused", None)

    assert "is in trouble (status 500)" in described(ServerFailed, error_response)[0]


def test_a_web_page_in_place_of_a_registry_is_named():
    assert "with a web page" in not_a_registry("example.com", 200, "text/html").message
    assert "with status 404" in not_a_registry("example.com", 404, "").message
