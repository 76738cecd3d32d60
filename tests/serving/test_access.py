"""Permissions at /v2/, and the secrecy of other teams."""

import re
import time

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from registry_ui.accounts.models import Action, ApiToken, AuditEvent, Membership, Role, Scope
from registry_ui.images.models import LocalImage
from registry_ui.serving.access import TOKEN_SECONDS

from .client import Calls, basic, codes, secret_of

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

NAME = "harbour/app"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def token_for(secret, *scopes, username="somebody"):
    query = "&".join(f"scope={scope}" for scope in scopes)
    answer = Client().get(
        f"/v2/token?service=x&{query}", headers={"Authorization": basic(username, secret)}
    )
    return answer, Calls(f"Bearer {answer.json()['token']}") if answer.status_code == 200 else None


def addresses(image, upload="00000000-0000-0000-0000-000000000000"):
    yield "/v2/"
    yield "/v2/_catalog"
    yield f"/v2/{NAME}/tags/list"
    yield f"/v2/{NAME}/manifests/1.0"
    yield f"/v2/{NAME}/manifests/{image.digest}"
    yield f"/v2/{NAME}/blobs/{image.layers[0]}"
    yield f"/v2/{NAME}/blobs/uploads/"
    yield f"/v2/{NAME}/blobs/uploads/?mount={image.layers[0]}&from={NAME}"
    yield f"/v2/{NAME}/blobs/uploads/{upload}"
    yield f"/v2/{NAME}/referrers/{image.digest}"
    yield "/v2/harbour/proxy/docker.io/library/nginx/manifests/latest"
    yield "/v2/anything/else"


# --- anonymous


def test_without_a_login_every_method_of_every_address_is_401(admin, image):
    admin.push(NAME, "1.0", image)
    before = list(LocalImage.objects.values_list("pk", "digest"))
    for path in addresses(image):
        for method in METHODS:
            answer = Calls()(method, path, b"x")
            assert answer.status_code == 401, (method, path)
            assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="http'), path
            if method != "HEAD":
                assert codes(answer) == ["UNAUTHORIZED"]
    assert list(LocalImage.objects.values_list("pk", "digest")) == before


def test_the_challenge_has_realm_service_and_scope(settings):
    answer = Calls()("GET", f"/v2/{NAME}/manifests/1.0", Host="localhost")
    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer realm="http://localhost/v2/token",service="127.0.0.1:8000",scope="repository:{NAME}:pull"'
    )
    settings.URL, settings.ALLOWED_HOSTS = "https://images.example.com", ["images.example.com"]
    answer = Calls()("PUT", f"/v2/{NAME}/manifests/1.0", Host="images.example.com")
    assert 'realm="https://images.example.com/v2/token"' in answer.headers["WWW-Authenticate"]
    assert f'scope="repository:{NAME}:pull,push"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic !!!",
        "Basic YQ==",
        "Bearer",
        "Bearer x.y.z",
        "Digest x",
        "Bearer rui_" + "a" * 40,
        basic("alice", "rui_" + "a" * 40),
    ],
)
def test_a_malformed_login_is_refused(alice, authorization):
    assert Calls(authorization)("GET", "/v2/").status_code == 401


def test_the_password_of_an_account_is_refused(alice):
    from tests.conftest import PASSWORD

    assert Calls(basic("alice", PASSWORD))("GET", "/v2/").status_code == 401


def test_a_browser_session_is_refused(client_for, alice):
    assert client_for(alice).get("/v2/").status_code == 401


# --- the token endpoint


def test_an_access_token_has_the_allowed_part_of_the_requested_scopes(bob):
    secret = secret_of(bob, Scope.TRANSFER)
    answer, calls = token_for(
        secret, f"repository:{NAME}:pull,push", "repository:lighthouse/x:pull", "nonsense"
    )
    body = answer.json()
    assert body["token"] == body["access_token"]
    assert body["expires_in"] == TOKEN_SECONDS >= 60
    assert calls("POST", f"/v2/{NAME}/blobs/uploads/").status_code == 202
    assert calls("GET", "/v2/").status_code == 200
    assert secret not in answer.content.decode()


def test_scopes_may_share_a_parameter(bob):
    _answer, calls = token_for(
        secret_of(bob, Scope.TRANSFER), f"repository:{NAME}:push%20repository:harbour/b:push"
    )
    for name in (NAME, "harbour/b"):
        assert calls("POST", f"/v2/{name}/blobs/uploads/").status_code == 202


def test_an_access_token_is_valid_for_its_scope_only(admin, alice, image):
    admin.push(NAME, "1.0", image)
    _answer, calls = token_for(secret_of(alice), f"repository:{NAME}:pull")
    assert calls("GET", f"/v2/{NAME}/manifests/1.0").status_code == 200

    for method, path in (
        ("DELETE", f"/v2/{NAME}/manifests/1.0"),
        ("POST", f"/v2/{NAME}/blobs/uploads/"),
        ("GET", "/v2/harbour/b/tags/list"),
    ):
        answer = calls(method, path)
        assert answer.status_code == 401
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
        assert re.search(r'scope="repository:[a-z/]+:[a-z,]+"', answer.headers["WWW-Authenticate"])

    assert 'scope="registry:catalog:*"' in calls("GET", "/v2/_catalog").headers["WWW-Authenticate"]
    assert (
        token_for(secret_of(alice), "registry:catalog:*")[1]("GET", "/v2/_catalog").status_code
        == 200
    )


def test_an_access_token_expires(bob, monkeypatch):
    _answer, calls = token_for(secret_of(bob, Scope.TRANSFER), f"repository:{NAME}:push")
    later = time.time() + TOKEN_SECONDS + 5
    monkeypatch.setattr(signing.time, "time", lambda: later)
    assert calls("POST", f"/v2/{NAME}/blobs/uploads/").status_code == 401


def test_a_value_signed_for_another_purpose_is_refused(bob):
    token = ApiToken.objects.get(hint=secret_of(bob, Scope.TRANSFER)[:8])
    forged = signing.dumps([str(token.pk), [f"{NAME}:push"]], salt="something.else", compress=True)
    assert Calls(f"Bearer {forged}")("GET", "/v2/").status_code == 401


# --- expiry and revocation


def ways_in(secret):
    return Calls(basic("x", secret)), token_for(secret, f"repository:{NAME}:pull,push")[1]


def test_a_revoked_token_is_refused_at_once(bob):
    calls = ways_in(secret_of(bob, Scope.TRANSFER))
    ApiToken.objects.filter(user=bob).update(revoked_at=timezone.now())
    for client in calls:
        assert client("POST", f"/v2/{NAME}/blobs/uploads/").status_code == 401


def test_a_former_member_is_refused_at_once(bob):
    calls = ways_in(secret_of(bob, Scope.TRANSFER))
    Membership.objects.filter(user=bob).delete()
    for client in calls:
        assert codes(client("POST", f"/v2/{NAME}/blobs/uploads/")) == ["NAME_UNKNOWN"]


def test_a_lowered_role_takes_effect_at_once(bob):
    calls = ways_in(secret_of(bob, Scope.TRANSFER))
    Membership.objects.filter(user=bob).update(role=Role.VIEWER)
    for client in calls:
        assert codes(client("POST", f"/v2/{NAME}/blobs/uploads/")) == ["DENIED"]


def test_a_deactivated_person_is_refused_at_once(bob):
    calls = ways_in(secret_of(bob, Scope.TRANSFER))
    bob.is_active = False
    bob.save(update_fields=["is_active"])
    for client in calls:
        assert client("GET", "/v2/").status_code == 401


# --- roles


def allowed(calls, image):
    """Return the statuses of a pull, two pushes and a deletion."""
    pulled = calls("GET", f"/v2/{NAME}/manifests/1.0").status_code
    begun = calls("POST", f"/v2/{NAME}/blobs/uploads/").status_code
    put = calls.put_manifest(NAME, "2.0", image.content, image.media_type).status_code
    deleted = calls("DELETE", f"/v2/{NAME}/manifests/1.0").status_code
    return pulled, begun, put, deleted


def test_viewers_pull_operators_push_and_admins_delete(admin, operator, reader, image):
    admin.push(NAME, "1.0", image)
    assert allowed(reader, image) == (200, 403, 403, 403)
    assert allowed(operator, image) == (200, 202, 201, 403)
    assert allowed(admin, image) == (200, 202, 201, 202)


def test_the_scope_of_a_token_is_its_limit(admin, alice, image):
    admin.push(NAME, "1.0", image)
    assert allowed(Calls(basic("alice", secret_of(alice, Scope.READ))), image) == (
        200,
        403,
        403,
        403,
    )
    assert allowed(Calls(basic("alice", secret_of(alice, Scope.TRANSFER))), image) == (
        200,
        202,
        201,
        403,
    )


def test_a_robot_logs_in_with_any_name(admin, alice, team, image):
    admin.push(NAME, "1.0", image)
    robot = Calls(basic("", secret_of(alice, Scope.TRANSFER, team, is_robot=True)))
    assert allowed(robot, image) == (200, 202, 201, 403)


# --- another team


def test_another_teams_repository_is_unknown_to_every_request(admin, outsider, image):
    admin.push(NAME, "1.0", image)
    upload = admin("POST", f"/v2/{NAME}/blobs/uploads/").headers["Location"].rpartition("/")[2]

    for path in addresses(image, upload):
        if NAME not in path and "/proxy/" not in path:
            continue

        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
            theirs = outsider(method, path, image.content)
            nobodys = outsider(method, path.replace("harbour", "nowhere"), image.content)
            assert (theirs.status_code, theirs.content) == (nobodys.status_code, nobodys.content), (
                method,
                path,
            )
            assert theirs.status_code in (404, 405)

    assert admin("GET", f"/v2/{NAME}/blobs/uploads/{upload}").status_code == 204
    assert LocalImage.objects.count() == 1


# --- audit log


def test_pushes_deletions_and_refused_logins_are_recorded(admin, image):
    admin.push(NAME, "1.0", image)
    admin("DELETE", f"/v2/{NAME}/manifests/1.0")
    Calls(basic("mallory\n", "rui_wrong"))("GET", "/v2/")
    pushed = AuditEvent.objects.get(action=Action.IMAGE_PUSHED)
    assert (pushed.actor_name, pushed.object_name, pushed.team_name) == (
        "alice",
        "127.0.0.1:8000/harbour/app:1.0",
        "Harbour",
    )
    assert pushed.details == {"digest": image.digest}
    assert pushed.address == "127.0.0.1"
    assert pushed.token_name
    assert AuditEvent.objects.get(action=Action.IMAGE_REMOVED).details == {"digest": image.digest}

    refused = AuditEvent.objects.get(action=Action.TOKEN_REFUSED)
    assert (refused.object_name, refused.outcome, refused.details) == (
        "mallory",
        "refused",
        {"at": "/v2/"},
    )
    assert "rui_wrong" not in repr(list(AuditEvent.objects.values()))


def test_guessing_is_rate_limited_and_does_not_fill_the_audit_log(alice):
    statuses = [
        Calls(basic("alice", f"rui_{number}"))("GET", "/v2/").status_code for number in range(40)
    ]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert AuditEvent.objects.filter(action=Action.TOKEN_REFUSED).count() == 1
    assert Calls(basic("alice", secret_of(alice)))("GET", "/v2/").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "%00/app/tags/list"),
        ("GET", "h%00/app/manifests/1.0"),
        ("POST", "h%00/app/blobs/uploads/"),
    ],
)
def test_a_name_with_a_null_character_is_unknown(admin, alice, method, path):
    assert admin(method, f"/v2/{path}").status_code == 404
    assert token_for(secret_of(alice), "repository:h%00/app:pull")[0].status_code == 200
