"""Every route with every method, for each role, an outsider and without a session.

A route that is missing in the table fails too.
"""

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle, product
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.link_tokens import hash_token
from registry_ui.accounts.models import (
    Action,
    ApiToken,
    Invitation,
    Membership,
    Role,
    Scope,
    Team,
    User,
)
from registry_ui.accounts.tokens import service
from registry_ui.catalog.models import Artifact, IndexRun, Repository, Tag
from registry_ui.credentials.models import Credential, CredentialGrant
from registry_ui.environment import EngineSetting
from registry_ui.images.models import ArchiveUpload, ImmutableTagRule, LocalImage, TeamBlob
from registry_ui.notifications.models import Notice, NotificationChannel
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry, Security
from tests.parts.error_texts import stored_error
from tests.parts.index_rows import make_image, make_repository
from tests.parts.processes import free_port
from tests.parts.teams import add_team
from tests.parts.unusual_texts import ODD_TEXTS, distribute
from tests.transfers.mirrors.rows import mirror_row, run_row
from transfers import services
from transfers.mirrors.models import Mirror, MirrorPause, MirrorRun, MirrorWebhook
from transfers.models import Kind, State, Transfer

pytestmark = pytest.mark.django_db

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# “installation” is for administrators of the installation only, whatever their role in a team.
RANKS = {"viewer": 1, "operator": 2, "admin": 3, "installation": 4}
PEOPLE = {"charlie": 0, "victor": 1, "bob": 2, "alice": 3, "ingrid": 4}
MARK = "of-the-harbour"
NAME = f"registry.example.com/{MARK}/app:1.0"


@dataclass(frozen=True)
class Route:
    """A route's permissions.

    Attributes:
        read: the role that GET needs; empty where the method is not allowed.
        write: the role that POST needs.
        names: the object whose id is in the path.
        more: further parts of the path.
        patch: the role that PATCH needs.
    """

    read: str = ""
    write: str = ""
    names: str = ""
    more: tuple[str, ...] = ()
    patch: str = ""


TABLE = {
    "web:overview": Route("viewer"),
    "web:guide": Route("viewer"),
    "web:reference_analysis": Route("viewer"),
    "web:search": Route("viewer"),
    "accounts:preferences": Route("viewer", "viewer"),
    "accounts:switch_team": Route(write="viewer"),
    "accounts:audit_log": Route("viewer"),
    "accounts:audit_log_export": Route("viewer"),
    "accounts:tokens": Route("viewer"),
    "accounts:tokens_add": Route("viewer", "viewer"),
    "accounts:tokens_revoke": Route("admin", "admin", "robot"),
    "accounts:team_tokens": Route("operator"),
    "accounts:team_tokens_add": Route("admin", "admin"),
    "accounts:team": Route("viewer"),
    "accounts:team_edit": Route("admin", "admin"),
    "accounts:team_invite": Route("admin", "admin"),
    "accounts:team_invitation_revoke": Route("", "admin", "invitation"),
    "accounts:team_member_role": Route("admin", "admin", "member"),
    "accounts:team_member_remove": Route("admin", "admin", "member"),
    "accounts:administration": Route("installation"),
    "jobs:scheduled_tasks": Route("installation"),
    "accounts:administration_team_add": Route("installation", "installation"),
    "accounts:administration_team_edit": Route("installation", "installation", "team"),
    "accounts:administration_team_remove": Route("installation", "installation", "team"),
    "accounts:administration_people": Route("installation"),
    "accounts:administration_person": Route("installation", "installation", "person"),
    "accounts:administration_person_deactivate": Route("installation", "installation", "person"),
    "accounts:security": Route("viewer"),
    "accounts:security_sessions_end": Route(write="viewer"),
    "registries:list": Route("viewer"),
    "registries:add": Route("admin", "admin"),
    "registries:import_docker_config": Route("admin", "admin"),
    "registries:import_choose": Route("admin", "admin"),
    "registries:import_done": Route("admin"),
    "registries:detail": Route("viewer", names="registry"),
    "registries:edit": Route("admin", "admin", "registry"),
    "registries:remove": Route("admin", "admin", "registry"),
    "registries:test_connection": Route("", "operator", "registry"),
    "registries:credential_add": Route("admin", "admin", "registry"),
    "registries:credential_edit": Route("admin", "admin", "credential"),
    "registries:credential_remove": Route("admin", "admin", "credential"),
    "registries:credential_test": Route("", "operator", "credential"),
    "registries:team_credentials": Route("viewer"),
    "registries:credential": Route("viewer", names="credential"),
    "registries:credential_rotate": Route("admin", "admin", "credential"),
    "registries:grant_add": Route("admin", "admin", "credential"),
    "registries:grant_edit": Route("admin", "admin", "grant"),
    "registries:grant_revoke": Route("admin", "admin", "grant"),
    "registries:compare": Route("viewer"),
    "registries:index_progress": Route("viewer", names="registry"),
    "registries:index_start": Route("", "operator", "registry"),
    "registries:index_cancel": Route("", "operator", "registry"),
    "registries:repository_add": Route("", "operator", "registry"),
    "registries:repository_remove": Route("", "operator", "registry"),
    "registries:repositories": Route("viewer", names="registry"),
    "registries:repository": Route("viewer", names="registry", more=("repository",)),
    "registries:image_by_tag": Route("viewer", names="registry", more=("repository", "tag")),
    "registries:image_by_digest": Route("viewer", names="registry", more=("repository", "digest")),
    "registries:document": Route("viewer", names="registry", more=("repository", "digest", "kind")),
    "registries:storage": Route("viewer", names="registry"),
    "registries:repository_storage": Route("viewer", names="registry", more=("repository",)),
    "builtin_registry:overview": Route("viewer"),
    "builtin_registry:rule_add": Route("admin", "admin"),
    "builtin_registry:rule_remove": Route("admin", "admin", "rule"),
    "images:list": Route("viewer"),
    "images:detail": Route("viewer", names="image"),
    "images:remove": Route("operator", "operator", "image"),
    "images:export": Route("viewer"),
    "images:export_archive": Route("viewer"),
    "images:export_checksum": Route("viewer"),
    "images:import": Route("operator", "operator"),
    "images:import_begin": Route("", "operator"),
    "images:import_content": Route("operator", names="upload", patch="operator"),
    "images:import_finish": Route("", "operator", "upload"),
    "images:import_discard": Route("", "operator", "upload"),
    "images:engine": Route("viewer", names="engine"),
    "images:engine_remove": Route("operator", "operator", "engine", more=("image_id",)),
    "transfers:list": Route("viewer"),
    "transfers:active": Route("viewer"),
    "transfers:pull": Route("operator", "operator"),
    "transfers:push": Route("operator", "operator"),
    "transfers:publish": Route("operator", "operator"),
    "transfers:tag": Route("operator", "operator"),
    "transfers:retag": Route("operator", "operator"),
    "transfers:pull_tags": Route("operator", "operator"),
    "transfers:copy_tags": Route("operator", "operator"),
    "transfers:delete_tags": Route("admin", "admin"),
    "transfers:import_archive": Route("operator", "operator", "upload"),
    "transfers:login": Route("operator"),
    "transfers:engine_pull": Route("operator", "operator", "engine"),
    "transfers:engine_push": Route("operator", "operator", "engine"),
    "transfers:engine_tag": Route("operator", "operator", "engine"),
    "transfers:engine_load": Route("operator", "operator", "engine"),
    "transfers:engine_save": Route("operator", "operator", "engine"),
    "transfers:detail": Route("viewer", names="transfer"),
    "transfers:progress": Route("viewer", names="transfer"),
    "transfers:cancel": Route("", "operator", "transfer"),
    "transfers:retry": Route("", "operator", "transfer"),
    "mirrors:list": Route("viewer"),
    "mirrors:add": Route("admin", "admin"),
    "mirrors:pause_all": Route("", "operator"),
    "mirrors:resume_all": Route("", "operator"),
    "mirrors:import": Route("admin", "admin"),
    "mirrors:export": Route("viewer"),
    "notifications:channels": Route("viewer"),
    "notifications:channel_add": Route("admin", "admin"),
    "notifications:channel_edit": Route("admin", "admin", "channel"),
    "notifications:channel_test": Route("", "admin", "channel"),
    "notifications:channel_remove": Route("admin", "admin", "channel"),
    "mirrors:run": Route("viewer", names="mirror_run"),
    "mirrors:progress": Route("viewer", names="mirror_run"),
    "mirrors:items": Route("viewer", names="mirror_run"),
    "mirrors:cancel": Route("", "operator", "mirror_run"),
    "mirrors:retry": Route("", "operator", "mirror_run"),
    "mirrors:run_plan": Route("", "operator", "mirror_run"),
    "mirrors:detail": Route("viewer", names="mirror"),
    "mirrors:local_pull": Route("viewer", "operator", "mirror"),
    "mirrors:archive": Route("viewer", names="mirror"),
    "mirrors:archive_checksum": Route("viewer", names="mirror"),
    "mirrors:edit": Route("admin", "admin", "mirror"),
    "mirrors:remove": Route("admin", "admin", "mirror"),
    "mirrors:plan": Route("", "operator", "mirror"),
    "mirrors:start": Route("", "operator", "mirror"),
    "mirrors:sync": Route("", "operator", "mirror"),
    "mirrors:pause": Route("", "operator", "mirror"),
    "mirrors:resume": Route("", "operator", "mirror"),
    "mirrors:webhook": Route("admin", "admin", "mirror"),
    "mirrors:webhook_remove": Route("", "admin", "mirror"),
}
# The API, with the role that each method needs. It ignores sessions, and all other routes ignore
# tokens.
API_TABLE = {
    "accounts:api_me": Route("viewer"),
}
# Without a team: these have their own tests in tests/accounts, tests/web and
# tests/transfers/mirrors.
ELSEWHERE = {
    "web:full_health",
    "web:health",
    "accounts:setup",
    "accounts:join",
    "mirrors:webhook_call",
    "mirrors:metrics",
}
ELSEWHERE |= {
    "accounts:security_session_end",
    "accounts:security_unlink",
    "sso_sign_in",
    "sso_callback",
    "sso_link",
    "sso_confirm",
}
# The registry at /v2/, which requires API tokens: tests/serving/test_access.py has the same tests
# for it.
ELSEWHERE |= {
    "serving:base",
    "serving:token",
    "serving:catalog",
    "serving:tags",
    "serving:manifest",
    "serving:uploads",
    "serving:upload",
    "serving:blob",
    "serving:referrers",
    "serving:unknown",
}
ALLAUTH = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_reauthenticate",
    "account_change_password",
    "account_set_password",
    "mfa_index",
    "mfa_authenticate",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_login_webauthn",
    "mfa_reauthenticate_webauthn",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "socialaccount_login_cancelled",
}
# Routes with the id of an object that belongs to a person.
WITH_ID = {
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "accounts:security_session_end",
    "accounts:security_unlink",
}


def route_names(patterns: Any, namespace: str = "") -> set[str]:
    names = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            names |= route_names(
                pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else namespace
            )
        elif isinstance(pattern, URLPattern):
            names.add(f"{namespace}{pattern.name}")
    return names


def test_every_route_is_in_the_table():
    assert (
        route_names(get_resolver().url_patterns)
        == TABLE.keys() | API_TABLE.keys() | ELSEWHERE | ALLAUTH
    )


@pytest.fixture
def team_objects(team, alice, bob, victor, charlie, settings, tmp_path):
    """One object of each kind in Alice's team.

    Nothing listens at the registry's address, so every request to it fails at once.
    """
    objects = {"team": team}
    objects |= _catalog_objects(team)
    objects |= _transfer_objects(team, alice)
    objects |= _people_objects(team, alice)
    objects |= _image_objects(team, alice)
    objects |= _mirror_objects(team, alice, objects["registry"])

    engine = EngineSetting(
        f"engine-{MARK}", f"unix://{tmp_path / 'silent.sock'}", frozenset({team.slug})
    )
    settings.ENGINES = (engine,)
    record(Action.REGISTRY_ADDED, user=alice, obj=objects["registry"])
    names = {
        "repository": f"{MARK}/app",
        "tag": "1.0",
        "digest": objects.pop("artifact").digest,
        "kind": "manifest",
        "image_id": objects["image"].image_id,
    }
    return {**objects, "engine": SimpleNamespace(pk=engine.name), "names": names}


def _catalog_objects(team):
    host = f"127.0.0.1:{free_port()}"
    registry = Registry.objects.create(
        team=team, name=f"Registry {MARK}", host=host, security=Security.PLAIN_HTTP
    )
    credential = Credential(
        team=team, registry=registry, username=f"robot-{MARK}", label=f"Label {MARK}"
    )
    credential.set_secret(f"secret-{MARK}")
    credential.save()
    # For a team without people: tests/credentials/views/test_grants.py has the tests of grants.
    pilots = add_team("Pilots", "pilots")
    grant = CredentialGrant.objects.create(
        credential=credential, team=pilots, repository_pattern=f"{MARK}/*"
    )
    artifact = make_image(registry, (f"layer-{MARK}", 10))
    make_repository(registry, f"{MARK}/app", {"1.0": artifact})
    return {
        "registry": registry,
        "credential": credential,
        "grant": grant,
        "artifact": artifact,
    }


def _image_objects(team, alice):
    digest = f"sha256:{hashlib.sha256(MARK.encode()).hexdigest()}"
    reference = Reference.parse(NAME)
    image = LocalImage.objects.create(
        team=team,
        registry=reference.registry,
        repository=reference.repository,
        tag="1.0",
        digest=digest,
        image_id=digest,
        size=1,
    )
    upload = ArchiveUpload.objects.create(team=team, created_by=alice, name=f"{MARK}.tar", size=10)
    rule = ImmutableTagRule.objects.create(
        team=team, repository_pattern=f"{MARK}/*", tag_pattern="v*"
    )
    return {"image": image, "upload": upload, "rule": rule}


def _transfer_objects(team, alice):
    transfer = Transfer.objects.create(
        team=team,
        user=alice,
        requested_by="alice",
        kind=Kind.PULL,
        state=State.FAILED,
        source=NAME,
        target=NAME,
        target_is_local=True,
    )
    Transfer.objects.create(
        team=team,
        kind=Kind.PULL,
        state=State.QUEUED,
        source=NAME,
        target=NAME,
        target_is_local=True,
    )
    return {"transfer": transfer}


def _people_objects(team, alice):
    robot = ApiToken.objects.create(
        team=team, name=f"robot {MARK}", scope=Scope.READ, token_hash=MARK, hint="rui_abcd"
    )
    person = User.objects.create_user(f"dora-{MARK}", f"dora-{MARK}@example.com")
    member = Membership.objects.create(team=team, user=person, role=Role.VIEWER)
    invitation = Invitation.objects.create(
        team=team,
        email=f"{MARK}@example.com",
        token_hash=hash_token(MARK),
        created_by=alice,
        expires_at=timezone.now() + timedelta(days=1),
    )
    return {"robot": robot, "person": person, "member": member, "invitation": invitation}


def _mirror_objects(team, alice, registry):
    mirror = mirror_row(
        team, f"Mirror {MARK}", source=registry, target=registry, repositories=[f"{MARK}/app"]
    )
    mirror_run = run_row(
        mirror,
        alice,
        state=State.FAILED,
        error=stored_error(f"Cause {MARK}"),
    )
    channel = NotificationChannel(team=team, name=f"Channel {MARK}", scheme="jsons")
    channel.set_address("jsons://hooks.example.com/")
    channel.save()
    return {"mirror": mirror, "mirror_run": mirror_run, "channel": channel}


def body(response: Any) -> str:
    """Return the body of a response, streaming or not."""
    return b"".join(response).decode()


def address(name: str, objects: dict[str, Any]) -> str:
    if name == "transfers:login":
        return reverse(name, args=["pull"])
    route = TABLE[name]
    if not route.names:
        return reverse(name)
    more = (objects["names"][part] for part in route.more)
    return reverse(name, args=[objects[route.names].pk, *more])


def all_rows() -> list[Any]:
    """Return all rows that a request could change, without fields that checks set."""
    observed = {
        Registry: ["health", "health_error", "report", "checked_at"],
        Tag: ["checked_at"],
        Credential: ["verified_at", "verify_error", "used_at", "used_by", "used_for"],
        User: ["last_login"],
        TeamBlob: ["used_at"],
        ArchiveUpload: ["used_at"],
        ApiToken: ["last_used_at", "last_used_from"],
    }
    people = (Team, Membership, User, Invitation, ApiToken)
    local = (LocalImage, ImmutableTagRule, TeamBlob, ArchiveUpload)
    owned = (
        Registry,
        Credential,
        CredentialGrant,
        Repository,
        Artifact,
        Tag,
        IndexRun,
        *local,
        Transfer,
    )
    mirrors = (Mirror, MirrorRun, MirrorWebhook, MirrorPause, NotificationChannel, Notice)

    rows = []
    for model in (*people, *owned, *mirrors):
        names = [
            field.attname
            for field in model._meta.concrete_fields
            if field.attname not in observed.get(model, [])
        ]
        rows.append(list(model.objects.order_by("pk").values_list(*names)))
    return rows


def expected(route: Route, method: str, rank: int) -> set[int]:
    needed = {"GET": route.read, "HEAD": route.read, "POST": route.write, "PATCH": route.patch}.get(
        method, ""
    )
    if not needed:
        return {405}
    if needed == "installation":
        return {200, 302, 422} if rank == RANKS[needed] else {403}
    if route.names and not rank:
        return {404}
    # Charlie is an admin too, in his own team.
    if rank and rank < RANKS[needed]:
        return {403}
    if method == "PATCH":
        return {204, 400, 409}
    return {200, 302, 404, 422} if method == "POST" and not route.names else {200, 286, 302, 422}


class Writes:
    """An execute wrapper that counts the statements that may change a row."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        verbs = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")
        self.count += not sql.lstrip("( ").upper().startswith(verbs)
        return execute(sql, params, many, context)


def wrong_answers(client: Client, objects: dict[str, Any], rank: int) -> list[str]:
    wrong = []
    before = all_rows()
    for name, route in TABLE.items():
        for method in METHODS:
            writes = Writes()
            with transaction.atomic(), connection.execute_wrapper(writes):
                status = client.generic(method, address(name, objects)).status_code
                allowed = expected(route, method, rank)
                if status not in allowed:
                    wrong.append(f"{method} {name}: {status}, not {sorted(allowed)}")
                # Reading every table is slow, so only after a write.
                if status in (403, 404, 405) and writes.count and all_rows() != before:
                    wrong.append(f"{method} {name}: {status}, and yet something changed")
                transaction.set_rollback(True)
    return wrong


@pytest.mark.parametrize("person", PEOPLE)
def test_every_route_answers_as_in_the_table(request, client_for, team_objects, person):
    assert (
        wrong_answers(client_for(request.getfixturevalue(person)), team_objects, PEOPLE[person])
        == []
    )


def test_the_role_in_the_team_of_the_object_counts(
    client_for, team_objects, team, charlie, other_team
):
    """Charlie is admin of the current team, but viewer in the object's team."""
    Membership.objects.create(team=team, user=charlie, role=Role.VIEWER)
    client = client_for(charlie)
    client.post(reverse("accounts:switch_team"), {"team": other_team.pk})
    wrong = []
    for name, route in TABLE.items():
        # An engine has no team: it is available to the current team, or not.
        if route.names and route.names != "engine" and route.write:
            with transaction.atomic():
                status = client.post(address(name, team_objects)).status_code
                wrong += [f"{name}: {status}"] if status != 403 else []
                transaction.set_rollback(True)

    assert wrong == []


# Requests without a session, with the tokens' ranks in Alice's team.
WITHOUT_SESSION = {
    "anonymous": 0,
    "outsider's token": 0,
    "read token": 1,
    "transfer token": 2,
    "admin token": 3,
    "robot": 2,
}


@pytest.fixture
def without_session(team, other_team, alice, charlie):
    """Clients by the keys of `WITHOUT_SESSION`."""

    def bearer(by: User, scope: Scope, **more: Any) -> Client:
        expires_at = timezone.now() + timedelta(days=1)
        _token, secret = service.create_token(
            by=by,
            name=f"{scope} of {by}",
            scope=scope,
            expires_at=expires_at,
            **{"team": None, **more},
        )
        return Client(headers={"Authorization": f"Bearer {secret}"})

    return {
        "anonymous": Client(),
        "outsider's token": bearer(charlie, Scope.ADMIN),
        "read token": bearer(alice, Scope.READ),
        "transfer token": bearer(alice, Scope.TRANSFER),
        "admin token": bearer(alice, Scope.ADMIN),
        "robot": bearer(alice, Scope.TRANSFER, team=team, is_robot=True),
    }


@pytest.mark.parametrize("caller", WITHOUT_SESSION)
def test_requests_without_a_session_are_redirected_to_the_sign_in(
    without_session, team_objects, caller
):
    client, before = without_session[caller], all_rows()
    for name in TABLE:
        for method in METHODS:
            response = client.generic(method, address(name, team_objects))
            assert (response.status_code, response.headers["Location"].partition("?")[0]) == (
                302,
                reverse("account_login"),
            ), name
    assert all_rows() == before


def api_answer(route: Route, method: str, rank: int | None) -> int:
    needed = {"GET": route.read, "HEAD": route.read, "POST": route.write}.get(method, "")
    if not needed:
        return 405
    if rank is None:
        return 401
    return 200 if rank >= RANKS[needed] or not route.names else 403


def api_ranks(
    request: Any, client_for: Any, clients: dict[str, Client]
) -> list[tuple[Client, int | None]]:
    """Return every client with its token's rank, None without a token."""
    people = [(client_for(request.getfixturevalue(name)), None) for name in PEOPLE]
    return people + [
        (client, None if caller == "anonymous" else WITHOUT_SESSION[caller])
        for caller, client in clients.items()
    ]


def test_the_api_answers_tokens_only(request, client_for, without_session, team_objects):
    clients, before = api_ranks(request, client_for, without_session), all_rows()
    for client, rank in clients:
        for name, route in API_TABLE.items():
            for method in METHODS:
                assert client.generic(method, reverse(name)).status_code == api_answer(
                    route, method, rank
                ), (name, method, rank)
    assert all_rows() == before


def test_the_api_shows_an_outsiders_token_nothing_of_the_team(without_session, team_objects, team):
    for name, route in API_TABLE.items():
        if route.read and not route.names:
            content = body(without_session["outsider's token"].get(reverse(name)))
            assert not [text for text in (MARK, team.name) if text in content], name


def test_people_without_a_team_see_and_change_nothing(client_for, team_objects, bob):
    Membership.objects.filter(user=bob).delete()
    client, before = client_for(bob), all_rows()
    for name, route in TABLE.items():
        for method in ("GET", "POST"):
            response = client.generic(method, address(name, team_objects))
            allowed = (200, 286, 302, 403, 404, 405, 422)
            if route.names:
                allowed = (403, 405) if "installation" in (route.read, route.write) else (404, 405)
            assert response.status_code in allowed, name
            assert MARK not in body(response), name
    assert all_rows() == before


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_every_post_needs_the_csrf_token(team_objects, alice, headers):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    before = all_rows()
    others = ALLAUTH | {name for name in ELSEWHERE if name.startswith("sso_")} | WITH_ID
    addresses = [address(name, team_objects) for name in TABLE] + [
        reverse(name, args=[1] if name in WITH_ID else []) for name in others
    ]
    for path in [*addresses, reverse("accounts:setup", args=["token"])]:
        assert client.post(path, headers=headers).status_code == 403, path
    assert all_rows() == before


# --- an outsider who knows ids and names


def test_pages_of_an_outsider_show_nothing_of_the_team(client_for, team_objects, charlie):
    client = client_for(charlie)
    # A small number may be on a page for another reason.
    ids = {
        name: str(obj.pk)
        for name, obj in team_objects.items()
        if name != "names" and not isinstance(obj.pk, int)
    }
    query = {
        "credential": ids["credential"],
        "registry": team_objects["registry"].host,
        "provider": "private",
        "host": team_objects["registry"].host,
        "platform": team_objects["image"].digest,
        "q": team_objects["image"].digest[7:20],
        "person": "",
        "namespace": "x",
        "name": "app",
        "tag": "1.0",
        "team": str(team_objects["registry"].team_id),
    }
    # The typed name has no mark, so a mark on the page comes from the team.
    host = team_objects["registry"].host
    typed = [{}, {**query, "source": f"{host}/x:1.0"}, {**query, "reference": f"{host}/x:1.0"}]
    asked = [name for name, route in TABLE.items() if route.read and not route.names]
    for (route_name, values), headers in zip(
        product(asked, typed), cycle(({}, {"HX-Request": "true"}))
    ):
        content = body(client.get(address(route_name, team_objects), values, headers=headers))
        assert MARK not in content, route_name
        shown = [kind for kind, pk in ids.items() if kind != "credential" and pk in content]
        assert shown == [], route_name


COUNTED = (
    "web:overview",
    "registries:list",
    "images:list",
    "transfers:list",
    "accounts:audit_log",
    "accounts:team",
    "accounts:tokens",
    "accounts:team_tokens",
)
_CHANGES_EACH_TIME = re.compile(r'csrfmiddlewaretoken" value="[^"]+"|X-CSRFToken": "[^"]+"')


def test_counts_of_an_outsider_do_not_include_the_team(request, client_for, charlie):
    """Every list and number is the same as before the team had any objects."""
    client = client_for(charlie)

    def pages() -> dict[str, str]:
        texts = {name: body(client.get(reverse(name))) for name in COUNTED}
        texts["search"] = body(
            client.get(reverse("web:search"), {"q": MARK}, headers={"HX-Request": "true"})
        )
        return {name: _CHANGES_EACH_TIME.sub("", text) for name, text in texts.items()}

    before = pages()
    request.getfixturevalue("team_objects")
    assert pages() == before


def test_names_of_the_team_in_another_registry_get_404(
    client_for, team_objects, charlie, other_team
):
    """HARDENING 24: the parent is Charlie's, the child is not."""
    own = Registry.objects.create(
        team=other_team,
        name="own",
        host=team_objects["registry"].host,
        security=Security.PLAIN_HTTP,
    )
    client = client_for(charlie)
    for name, route in TABLE.items():
        if route.names == "registry" and route.more and route.read:
            path = reverse(
                name, args=[own.pk, *(team_objects["names"][part] for part in route.more)]
            )
            answer = client.get(path)
            # A page that asks the registry itself says that it does not answer.
            assert answer.status_code == 404 or "does not answer" in body(answer), name
            assert not [
                text for text in ("layer-", team_objects["registry"].name) if text in body(answer)
            ], name


FORGED = dict.fromkeys(
    ("is_superuser", "is_staff", "is_active", "groups", "user_permissions"), "1"
) | {"role": "admin", "username": "root"}


def rows_of(team: Team) -> list[Any]:
    owned = (Membership, Invitation, ApiToken, Registry, Credential, LocalImage, Transfer)
    rows = [
        list(model.objects.filter(team=team).order_by("pk").values_list("pk", "team"))
        for model in owned
    ]
    return [
        *rows,
        Team.objects.values_list("name", "slug").get(pk=team.pk),
        list(Credential.objects.values_list("label", "username")),
    ]


@pytest.mark.parametrize("person", ["victor", "charlie"])
def test_forged_fields_give_no_rights(request, client_for, team_objects, person, team, alice):
    user = request.getfixturevalue(person)
    client, before = client_for(user), rows_of(team)
    forged = {
        **FORGED,
        "team": team.pk,
        "user": alice.pk,
        "created_by": alice.pk,
        "registry": team_objects["registry"].pk,
    }
    allowed = {
        "first_name": "x",
        "email": user.email,
        "theme": "dark",
        "density": "compact",
        "landing": "web:overview",
        "name": "x",
    }
    token = {"scope": "admin", "days": "7", "is_robot": "1", "token_hash": "x"}
    for name, route in TABLE.items():
        if route.write:
            client.post(
                address(name, team_objects),
                {**forged, **allowed, **token, "credential": team_objects["credential"].pk},
            )
    user.refresh_from_db()
    assert (user.is_superuser, user.is_staff, user.username) == (False, False, person)
    assert not Membership.objects.filter(user=user, team=team).exclude(role=Role.VIEWER).exists()
    assert not ApiToken.objects.filter(team=team).exclude(pk=team_objects["robot"].pk).exists()
    assert rows_of(team) == before


FORMS = {
    "transfers:pull": {"reference": "{host}/x:1.0", "platform_choice": "machine"},
    "transfers:push": {"reference": NAME},
    "transfers:publish": {
        "source": NAME,
        "registry": "{host}",
        "namespace": "a",
        "name": "b",
        "tag": "1",
    },
    "transfers:tag": {"source": NAME, "target": "mine:1"},
    "transfers:retag": {"source": "{host}/x:1.0", "tag": "2"},
}


@pytest.mark.parametrize("name", FORMS)
def test_an_outsider_cannot_use_objects_of_the_team(
    client_for, team_objects, charlie, other_team, name
):
    host = team_objects["registry"].host
    values = {field: text.format(host=host) for field, text in FORMS[name].items()}
    forged = {
        "credential": team_objects["credential"].pk,
        "team": team_objects["image"].team_id,
        "user": 1,
        "source_credential": 1,
    }
    before = Transfer.objects.count()

    response = client_for(charlie).post(reverse(name), {**values, **forged})

    content = response.content.decode()
    assert not [
        text
        for text in (
            team_objects["registry"].name,
            team_objects["credential"].label,
            team_objects["credential"].username,
        )
        if text in content
    ]
    assert team_objects["image"].digest[7:19] not in content
    # Tagging has no credential to forge.
    if name != "transfers:tag":
        assert response.status_code == 422
    created = Transfer.objects.exclude(team=team_objects["image"].team)
    assert Transfer.objects.count() == before + created.count()
    assert all(row.team == other_team and row.state == State.FAILED for row in created)
    assert LocalImage.objects.count() == 1


def test_a_transfer_does_not_use_another_teams_credential(team_objects, other_team, charlie):
    """A row may have such a credential by a bug elsewhere, or by an edit in the database."""
    credential = team_objects["credential"]
    forged = Transfer.objects.create(
        team=other_team,
        user=charlie,
        requested_by="charlie",
        kind=Kind.PULL,
        state=State.FAILED,
        source=f"{credential.registry.host}/x:1.0",
        target=f"{credential.registry.host}/x:1.0",
        target_is_local=True,
        source_credential=credential,
        needs_source_credential=True,
    )

    again = services.run_in_process(services.retry(forged, charlie, enqueue=False))

    assert (again.state, again.error["kind"]) == (State.FAILED, "CredentialUnusable")
    credential.refresh_from_db()
    assert credential.used_at is None


def test_transfers_of_other_teams_in_the_queue_are_not_named(
    client_for, team_objects, other_team, charlie
):
    queued = Transfer.objects.create(
        team=other_team,
        user=charlie,
        kind=Kind.PULL,
        source="x/y:1",
        target="x/y:1",
        target_is_local=True,
    )
    for name in ("transfers:detail", "transfers:progress"):
        content = client_for(charlie).get(reverse(name, args=[queued.pk])).content.decode()
        assert MARK not in content
        assert str(team_objects["transfer"].pk) not in content


def test_unknown_ids_get_the_same_answer_as_those_of_other_teams(client_for, team_objects, charlie):
    client = client_for(charlie)
    for name, route in TABLE.items():
        if route.names and route.read:
            more = [team_objects["names"][part] for part in route.more]
            key = team_objects[route.names].pk
            unknown_key = key + 1000 if isinstance(key, int) else uuid.uuid4()
            existing, unknown = (
                client.get(reverse(name, args=[pk, *more])) for pk in (key, unknown_key)
            )
            status = 403 if route.read == "installation" else 404
            assert existing.status_code == unknown.status_code == status
            assert len(existing.content) == len(unknown.content), name


ODD_PLACES = (
    ("transfers:list", ("before", "kind", "state", "person")),
    ("images:list", ("page", "q")),
    (
        "accounts:audit_log",
        (
            "after",
            "before",
            "action",
            "who",
            "object",
            "credential",
            "outcome",
            "since",
            "until",
            "team",
        ),
    ),
    ("accounts:audit_log_export", ("format", "who", "since", "team")),
    ("registries:repositories", ("q", "sort", "after", "before")),
    ("registries:repository", ("q", "sort", "after", "before", "version", "variant", "platform")),
    ("registries:repository", ("hide", "group", "prereleases", "problems")),
    ("registries:image_by_tag", ("platform", "part")),
    ("registries:image_by_digest", ("platform", "part")),
    ("registries:compare", ("left", "right", "platform")),
    ("registries:storage", ("sort",)),
    ("web:search", ("q",)),
    ("transfers:pull_tags", ("registry", "repository", "tag")),
    (
        "transfers:copy_tags",
        ("registry", "repository", "tag", "target_registry", "target_repository"),
    ),
    ("transfers:delete_tags", ("registry", "repository", "tag", "digest")),
    ("images:detail", ("platform",)),
    ("images:export", ("image", "platform")),
    ("images:export_archive", ("image", "platform")),
    ("images:export_checksum", ("image", "platform")),
    ("registries:add", ("host", "provider")),
    ("transfers:pull", ("reference", "source", "platform", "platform_choice", "credential")),
    ("transfers:publish", ("source", "target", "registry", "namespace", "name", "tag")),
    ("transfers:retag", ("source", "tag")),
    ("transfers:tag", ("source", "target")),
    ("transfers:login", ("reference", "credential")),
    ("transfers:progress", ("seen",)),
    ("web:guide", ("reference", "q", "tags")),
    ("web:reference_analysis", ("reference", "use", "field")),
)


def test_an_unusual_query_gets_a_page_or_400(client_for, team_objects, alice):
    client = client_for(alice)
    single = [(name, [parameter]) for name, parameters in ODD_PLACES for parameter in parameters]
    asked = [*distribute(single, count=3), *distribute(ODD_PLACES, count=len(ODD_TEXTS))]
    for ((name, parameters), text), headers in zip(asked, cycle(({}, {"HX-Request": "true"}))):
        query = dict.fromkeys(parameters, text)
        status = client.get(address(name, team_objects), query, headers=headers).status_code
        assert status in (200, 286, 302, 400), (name, query, headers)


REDIRECTING = [
    "account_login",
    "account_reauthenticate",
    "account_logout",
    "account_change_password",
    "mfa_login_webauthn",
]


@pytest.mark.parametrize("name", REDIRECTING)
@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "https:evil.example",
        "javascript:alert(1)",
    ],
)
def test_no_page_redirects_to_another_site(client, client_for, alice, name, target):
    from tests.conftest import PASSWORD

    client = client if name in ("account_login", "mfa_login_webauthn") else client_for(alice)
    values = {
        "login": "alice",
        "password": PASSWORD,
        "oldpassword": PASSWORD,
        "password1": "another horse battery",
        "password2": "another horse battery",
        "next": target,
    }
    if name == "mfa_login_webauthn":
        values = {"credential": "x", "next": target}

    response = client.post(f"{reverse(name)}?next={target}", values, headers={"Referer": target})

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/")
    assert "evil" not in response.headers["Location"]
