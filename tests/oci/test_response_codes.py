"""The codes of the errors for error responses of a registry."""

import pytest

from registry_ui.oci.errors import (
    BlobUnknown,
    Denied,
    ManifestUnknown,
    OciError,
    RateLimited,
    RepositoryUnknown,
    ResponseError,
    ServerFailed,
    Unauthorized,
    Unsupported,
)
from registry_ui.oci.manifest import Manifest
from registry_ui.oci.request_context import ErrorResponse, RequestContext
from registry_ui.oci.response_codes import DENIED_CODES, explain_response, not_a_registry
from tests.parts.scripted_server import Reply
from tests.parts.small_manifest import MANIFEST, RAW, error_body


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (
            404,
            error_body("MANIFEST_BLOB_UNKNOWN", "blob unknown"),
            BlobUnknown,
            "manifest_lacks_blob",
        ),
        (
            400,
            error_body(
                "TAG_INVALID",
                "The image tag '1.0' already exists and cannot be overwritten because the tag is "
                "immutable.",
            ),
            Denied,
            "tag_immutable",
        ),
        (412, error_body("PRECONDITION", "configured as immutable"), Denied, "tag_immutable"),
        (403, error_body("DENIED", "storage limit reached"), Denied, "quota_used_up"),
        (405, error_body("DENIED", "this is a proxy cache"), Denied, "proxy_cache_not_writable"),
        (415, b"", Unsupported, "manifest_kind_refused"),
        (400, error_body("UNSUPPORTED"), Unsupported, "manifest_kind_refused"),
        (413, b"<html>nginx", OciError, "request_too_large"),
        (
            403,
            error_body("DENIED", "requested access to the resource is denied"),
            Denied,
            "denied_push_anonymous",
        ),
    ],
)
def test_refused_manifest(scripted, store, status, body, kind, code):
    scripted.on("PUT", MANIFEST, Reply(status, body))
    with pytest.raises(kind) as caught:
        store.put_manifest(Manifest.parse(RAW), "1.0")
    assert not caught.value.temporary
    assert (caught.value.code, caught.value.status) == (code, status)
    assert caught.value.parameters["repository"] == "team/app"


def explained(kind, error_response, subject="manifest", **context):
    context = RequestContext("registry.example.com", subject, "team/app", **context)
    return explain_response(kind, error_response, context)


def test_an_explanation_names_the_request_and_quotes_the_registry():
    error_response = ErrorResponse(403, ("DENIED",), "no rights.", None)

    code, parameters = explained(Denied, error_response, name="1.0", is_push=True)

    assert code == "denied_push_anonymous"
    assert parameters == {
        "host": "registry.example.com",
        "repository": "team/app",
        "location": "registry.example.com/team/app",
        "name": "1.0",
        "http_status": 403,
        "quote": "no rights",
        "seconds": None,
    }


@pytest.mark.parametrize(("seconds", "code"), [(None, "rate_limited"), (90, "rate_limited_for")])
def test_a_wait_is_a_parameter(seconds, code):
    found, parameters = explained(RateLimited, ErrorResponse(429, (), "", seconds))

    assert (found, parameters["seconds"]) == (code, seconds)


@pytest.mark.parametrize(
    ("context", "code"),
    [
        ({}, "login_wanted"),
        ({"is_push": True}, "login_wanted_to_push"),
        ({"is_deletion": True}, "login_wanted_to_delete"),
        ({"subject": "repositories"}, "login_wanted_to_list"),
        ({"is_anonymous": False}, "credential_refused"),
        ({"is_anonymous": False, "subject": "login"}, "login_refused"),
    ],
)
def test_a_missing_login_is_asked_for_with_its_purpose(context, code):
    assert explained(Unauthorized, ErrorResponse(401, (), "no", None), **context).code == code


@pytest.mark.parametrize(
    ("context", "action"),
    [
        ({}, "pull"),
        ({"is_push": True}, "push"),
        ({"is_deletion": True}, "deletion"),
        ({"subject": "repositories"}, "listing"),
        ({"subject": "registry"}, "login"),
        ({"subject": "login", "is_push": True}, "login"),
    ],
)
@pytest.mark.parametrize("is_anonymous", [True, False])
def test_a_denial_names_the_action(context, action, is_anonymous):
    explanation = explained(
        Denied, ErrorResponse(403, (), "", None), is_anonymous=is_anonymous, **context
    )

    assert explanation.code == DENIED_CODES[action, is_anonymous]


@pytest.mark.parametrize(
    ("kind", "context", "code"),
    [
        (Unsupported, {"name": "1.0", "is_deletion": True}, "tag_deletion_unsupported"),
        (Unsupported, {"name": "sha256:ab", "is_deletion": True}, "manifest_deletion_unsupported"),
        (Unsupported, {"is_push": True}, "manifest_kind_refused"),
        (Unsupported, {"subject": "repositories"}, "listing_unsupported"),
        (Unsupported, {"subject": "tags"}, "operation_unsupported"),
        (ManifestUnknown, {"name": "1.0"}, "tag_unknown"),
        (ManifestUnknown, {"name": "sha256:ab"}, "manifest_unknown"),
        (BlobUnknown, {"subject": "blob"}, "blob_unknown"),
        (RepositoryUnknown, {}, "repository_unknown"),
        (RepositoryUnknown, {"is_push": True}, "repository_unknown_for_push"),
        (ResponseError, {"subject": "login"}, "token_service_status"),
        (ResponseError, {"subject": "tags"}, "unexpected_status"),
    ],
)
def test_the_request_decides_about_the_code(kind, context, code):
    assert explained(kind, ErrorResponse(405, (), "", None), **context).code == code


@pytest.mark.parametrize(
    ("context", "code"),
    [
        ({"is_deletion": True, "name": "1.0"}, "deletion_immutable"),
        ({"name": "1.0"}, "tag_immutable"),
        ({}, "repository_immutable"),
    ],
)
def test_an_immutable_target_is_recognized_by_the_registrys_words(context, code):
    error_response = ErrorResponse(403, (), "it is immutable", None)

    assert explained(Denied, error_response, **context).code == code


def test_a_server_that_fails_is_not_believed_to_have_a_full_quota():
    error_response = ErrorResponse(500, (), "quota service: connection refused", None)

    assert explained(ServerFailed, error_response).code == "server_failed"


def test_a_web_page_in_place_of_a_registry_is_named():
    page = not_a_registry("example.com", 200, "text/html")
    other = not_a_registry("example.com", 404, "")

    assert (page.code, page.parameters) == ("web_page_not_registry", {"host": "example.com"})
    assert (other.code, other.parameters["http_status"]) == ("not_a_registry", 404)
