"""The typed errors of unexpected responses."""

import pytest

from registry_ui.oci.errors import (
    BlobUnknown,
    Denied,
    ManifestUnknown,
    NotARegistry,
    NotFound,
    OciError,
    RangeRefused,
    RateLimited,
    RepositoryUnknown,
    ResponseError,
    ServerFailed,
    Unauthorized,
    Unsupported,
)
from registry_ui.oci.http_messages import Request
from registry_ui.oci.request_context import RequestContext
from registry_ui.oci.response_errors import error_from
from tests.parts.scripted_server import Reply
from tests.parts.small_manifest import error_body
from tests.parts.tag_lists import TAGS


def test_missing_repository(scripted, client_of):
    scripted.on(
        "GET", TAGS, Reply(404, error_body("NAME_UNKNOWN", "repository name not known to registry"))
    )
    with pytest.raises(RepositoryUnknown, match=r"^repository_unknown .*repository=team/app"):
        client_of(scripted).list_tags("team/app")


def test_error_body_is_read_only_to_a_limit(scripted, client_of):
    scripted.on("GET", TAGS, Reply(400, b"x" * 10_000_000))
    with pytest.raises(OciError) as caught:
        client_of(scripted).list_tags("team/app")
    assert len(str(caught.value)) < 600


@pytest.fixture
def error_of(scripted, client_of):
    """Return a function that gives the error of a scripted reply."""

    def make(reply, subject="manifest", **context):
        scripted.on("GET", "/x", reply)
        response = client_of(scripted).transport.exchange(Request("GET", f"{scripted.url}/x"))
        return error_from(
            response, RequestContext("registry.example.com", subject, "team/app", **context)
        )

    return make


@pytest.mark.parametrize(
    ("reply", "subject", "kind"),
    [
        (Reply(404), "manifest", ManifestUnknown),
        (Reply(404), "blob", BlobUnknown),
        (Reply(404), "tags", RepositoryUnknown),
        (Reply(404), "registry", NotARegistry),
        (Reply(404), "repositories", Unsupported),
        (Reply(404), "login", NotFound),
        (Reply(404, error_body("name_unknown")), "manifest", RepositoryUnknown),
        (Reply(400, error_body("MANIFEST_UNKNOWN")), "manifest", ManifestUnknown),
        (Reply(503, error_body("DENIED")), "manifest", ServerFailed),
        (Reply(501), "manifest", Unsupported),
        (Reply(416), "upload", RangeRefused),
        (Reply(403, error_body("TOOMANYREQUESTS")), "manifest", RateLimited),
        (Reply(403, error_body("UNAUTHORIZED")), "manifest", Denied),
        (Reply(400, b"Client sent an HTTP request to an HTTPS server."), "registry", NotARegistry),
        (Reply(418, error_body("TEAPOT")), "manifest", ResponseError),
    ],
)
def test_the_code_the_status_and_the_subject_decide_the_kind(error_of, reply, subject, kind):
    error = error_of(reply, subject)

    assert type(error) is kind
    assert error.status == reply.status


def test_a_known_credential_is_denied_and_not_asked_for_again(error_of):
    assert type(error_of(Reply(401))) is Unauthorized
    assert type(error_of(Reply(401), is_known=True)) is Denied


@pytest.mark.parametrize(("status", "temporary"), [(408, True), (425, True), (500, True)])
def test_a_status_may_make_a_refusal_temporary(error_of, status, temporary):
    assert error_of(Reply(status)).temporary is temporary


@pytest.mark.parametrize(
    ("body", "quoted"),
    [
        (b'{"errors":[{"code":"X","message":"no","detail":"because"}]}', "no: because"),
        (b'{"errors":[{"message":"one"},7,{"message":"two"}]}', "one; two"),
        (b'{"message":"a reason"}', "a reason"),
        (b'{"error":{"a":1}}', ""),
        (b"plain words", "plain words"),
        (b"[" * 60_000, "["),
    ],
)
def test_the_registrys_own_words_are_quoted(error_of, body, quoted):
    error = error_of(Reply(418, body))

    assert error.parameters.get("quote", "").startswith(quoted)
    assert ("quote" in error.parameters) is bool(quoted)


def test_neither_a_web_page_nor_a_secret_is_quoted(error_of):
    page_of_a_proxy = Reply(418, b"<html>sign in", {"Content-Type": "text/html"})
    assert "quote" not in error_of(page_of_a_proxy).parameters

    echo = Reply(418, error_body("X", "canary-7f3a91 is wrong"))
    assert "canary" not in str(error_of(echo, secrets=("canary-7f3a91",)))
