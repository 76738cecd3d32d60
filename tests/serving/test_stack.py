"""The middleware stack of /v2/: it leaves out what only pages need."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from registry_ui.accounts.models import Action, AuditEvent
from registry_ui.images.models import TeamBlob
from tests.parts.images import digest_of
from tests.web.test_headers import assert_safe

from .client import Calls, basic, codes, secret_of

pytestmark = pytest.mark.django_db

NAME = "harbour/app"


@pytest.fixture
def pushed(admin, image):
    admin.push(NAME, "1.0", image)
    return image


def some_of_each(image):
    """Yield a path of each kind, and an admin's status there."""
    yield "/v2/", 200
    yield f"/v2/{NAME}/manifests/1.0", 200
    yield f"/v2/{NAME}/manifests/none", 404
    yield f"/v2/{NAME}/blobs/{image.layers[0]}", 200
    yield "/v2/lighthouse/app/tags/list", 404
    yield "/v2/no/such/address", 404


# --- headers


def test_every_answer_has_the_headers_of_a_page(admin, pushed):
    page = Client().get("/healthz")
    for path, status in some_of_each(pushed):
        for calls, expected in ((admin, status), (Calls(), 401)):
            answer = calls("GET", path)
            assert answer.status_code == expected, path
            assert_safe(answer)
            for name in ("Permissions-Policy", "Cross-Origin-Opener-Policy"):
                assert answer.headers[name] == page.headers[name]
            assert not answer.cookies


def test_https_answers_have_hsts(settings):
    settings.SECURE_HSTS_SECONDS = 3600
    assert Client().get("/v2/", secure=True).headers["Strict-Transport-Security"] == "max-age=3600"
    assert "Strict-Transport-Security" not in Client().get("/v2/").headers


def test_every_answer_has_a_content_length(admin, pushed):
    for path, _status in some_of_each(pushed):
        for calls in (admin, Calls()):
            answer = calls("GET", path)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert answer.headers["Content-Length"] == str(len(content)), path


# --- errors before a view


@pytest.mark.parametrize("host", ["evil.example", "", "127.0.0.1:8000@evil.example", "a b"])
def test_a_foreign_host_is_refused_on_every_address(admin, pushed, host):
    for path, _status in some_of_each(pushed):
        answer = admin("GET", path, Host=host)
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/json"), (
            path
        )
        assert codes(answer) == ["UNSUPPORTED"]
        assert_safe(answer)


def test_an_internal_error_is_json_without_details(admin, monkeypatch):
    def break_down(*_args, **_named):
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr("registry_ui.serving.views.endpoints.identify", break_down)
    admin.client.raise_request_exception = False
    answer = admin("GET", f"/v2/{NAME}/tags/list")
    assert (answer.status_code, codes(answer)) == (500, ["UNKNOWN"])
    assert b"secret" not in answer.content
    assert_safe(answer)


def test_a_session_is_not_accepted_and_a_token_needs_no_csrf_token(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(f"/v2/{NAME}/blobs/uploads/").status_code == 401
    headers = {"Authorization": basic("alice", secret_of(alice))}
    assert client.post(f"/v2/{NAME}/blobs/uploads/", headers=headers).status_code == 202


def test_similar_paths_are_served_by_the_pages(client_for, alice):
    for path in ("/v2", "/v2x/", "/V2/"):
        answer = client_for(alice).get(path)
        assert answer.status_code in (301, 404)
        assert "Docker-Distribution-API-Version" not in answer.headers


# --- authentication and address


def test_a_forwarded_address_counts_only_behind_a_trusted_proxy(settings):
    def refused_from() -> str:
        AuditEvent.objects.all()._raw_delete("default")
        Calls(basic("mallory", "rui_wrong"))("GET", "/v2/", X_Forwarded_For="203.0.113.9")
        return AuditEvent.objects.get(action=Action.TOKEN_REFUSED).address

    assert refused_from() == "127.0.0.1"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert refused_from() == "203.0.113.9"


# --- numbers of queries


@pytest.fixture
def served_image(pushed, admin):
    """A token that was used within the minute, and an image that was pulled within ten."""
    admin("GET", "/v2/")
    return pushed


QUERIES = {
    "GET /v2/": 1,
    "GET /v2/{name}/manifests/1.0": 3,
    "HEAD /v2/{name}/manifests/1.0": 3,
    "GET /v2/{name}/manifests/{digest}": 3,
    "HEAD /v2/{name}/blobs/{layer}": 3,
    "GET /v2/{name}/blobs/{layer}": 3,
    "GET /v2/{name}/tags/list": 3,
}


@pytest.mark.parametrize("call", QUERIES)
def test_a_request_has_few_queries(admin, served_image, call, django_assert_num_queries):
    method, path = call.format(
        name=NAME, digest=served_image.digest, layer=served_image.layers[0]
    ).split()
    with django_assert_num_queries(QUERIES[call]):
        assert admin(method, path).status_code == 200


def test_a_push_has_few_queries(admin, served_image, django_assert_max_num_queries):
    content = b"a layer that nobody had"
    with django_assert_max_num_queries(3):
        location = admin("POST", f"/v2/{NAME}/blobs/uploads/").headers["Location"]
    with django_assert_max_num_queries(12):
        assert admin("PUT", f"{location}?digest={digest_of(content)}", content).status_code == 201
    with django_assert_max_num_queries(26):
        assert (
            admin.put_manifest(
                NAME, "1.0", served_image.content, served_image.media_type
            ).status_code
            == 201
        )


def test_a_token_for_one_team_has_no_more_queries(
    alice, team, served_image, django_assert_num_queries
):
    for is_robot in (False, True):
        calls = Calls(basic("alice", secret_of(alice, team=team, is_robot=is_robot)))
        calls("GET", "/v2/")
        with django_assert_num_queries(3):
            assert calls("GET", f"/v2/{NAME}/manifests/1.0").status_code == 200


# --- protection from collection


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("by", ["tag", "digest"])
def test_pulling_a_manifest_keeps_the_whole_image_from_the_collector(admin, pushed, method, by):
    long_ago = timezone.now() - timedelta(days=9)
    TeamBlob.objects.update(used_at=long_ago)
    admin(method, f"/v2/{NAME}/manifests/{'1.0' if by == 'tag' else pushed.digest}")
    assert TeamBlob.objects.count() == 1 + len(pushed.blobs)
    assert not TeamBlob.objects.filter(used_at=long_ago).exists()
