"""Every route with every method by everybody: strangers, an outsider, and each role. A route that the table lacks fails too."""

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

from registry_ui.accounts import tokens
from registry_ui.accounts.links import hash_of
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
from registry_ui.accounts.trail import record
from registry_ui.environment import EngineSetting
from registry_ui.images.models import ArchiveUpload, ImmutableTags, LocalImage, TeamBlob
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import (
    Artifact,
    Credential,
    CredentialGrant,
    IndexRun,
    Registry,
    Repository,
    Security,
    Tag,
)
from tests.parts.index_rows import make_image, make_repository
from tests.parts.odd_texts import ODD_TEXTS, spread
from tests.parts.process import free_port
from tests.transfers.mirrors.rows import mirror_row, run_row
from transfers import services
from transfers.models import (
    Kind,
    Mirror,
    MirrorHook,
    MirrorPause,
    MirrorRun,
    Notice,
    NotificationChannel,
    State,
    Transfer,
)

pytestmark = pytest.mark.django_db

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# “installation” is a page for administrators of the installation alone, whatever somebody is in a team.
RANKS = {"viewer": 1, "operator": 2, "admin": 3, "installation": 4}
PEOPLE = {"charlie": 0, "victor": 1, "bob": 2, "alice": 3, "ingrid": 4}
MARK = "of-the-harbour"
NAME = f"registry.example.com/{MARK}/app:1.0"


@dataclass(frozen=True)
class Route:
    """`read` and `write`: the role that GET and POST need; empty where there is no such method. `names`: what its id is of;
    `more`: what stands in its path beside that; `patch`: the role that PATCH needs."""

    read: str = ""
    write: str = ""
    names: str = ""
    more: tuple[str, ...] = ()
    patch: str = ""


TABLE = {
    "web:overview": Route("viewer"),
    "web:guide": Route("viewer"),
    "web:anatomy": Route("viewer"),
    "web:search": Route("viewer"),
    "accounts:preferences": Route("viewer", "viewer"),
    "accounts:switch_team": Route(write="viewer"),
    "accounts:activity": Route("viewer"),
    "accounts:activity_export": Route("viewer"),
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
    "accounts:installation": Route("installation"),
    "accounts:installation_team_add": Route("installation", "installation"),
    "accounts:installation_team_edit": Route("installation", "installation", "team"),
    "accounts:installation_team_remove": Route("installation", "installation", "team"),
    "accounts:installation_people": Route("installation"),
    "accounts:installation_person": Route("installation", "installation", "person"),
    "accounts:installation_person_deactivate": Route("installation", "installation", "person"),
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
    "registries:check": Route("", "operator", "registry"),
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
    "registries:refresh": Route("", "operator", "registry"),
    "registries:index_cancel": Route("", "operator", "registry"),
    "registries:pin": Route("", "operator", "registry"),
    "registries:unpin": Route("", "operator", "registry"),
    "registries:repositories": Route("viewer", names="registry"),
    "registries:repository": Route("viewer", names="registry", more=("repository",)),
    "registries:image_by_tag": Route("viewer", names="registry", more=("repository", "tag")),
    "registries:image_by_digest": Route("viewer", names="registry", more=("repository", "digest")),
    "registries:document": Route("viewer", names="registry", more=("repository", "digest", "kind")),
    "registries:storage": Route("viewer", names="registry"),
    "registries:repository_storage": Route("viewer", names="registry", more=("repository",)),
    "this_server:overview": Route("viewer"),
    "this_server:rule_add": Route("admin", "admin"),
    "this_server:rule_remove": Route("admin", "admin", "rule"),
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
    "transfers:now": Route("viewer"),
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
    "mirrors:channels": Route("viewer"),
    "mirrors:channel_add": Route("admin", "admin"),
    "mirrors:channel_edit": Route("admin", "admin", "channel"),
    "mirrors:channel_test": Route("", "admin", "channel"),
    "mirrors:channel_remove": Route("admin", "admin", "channel"),
    "mirrors:run": Route("viewer", names="mirror_run"),
    "mirrors:progress": Route("viewer", names="mirror_run"),
    "mirrors:items": Route("viewer", names="mirror_run"),
    "mirrors:cancel": Route("", "operator", "mirror_run"),
    "mirrors:retry": Route("", "operator", "mirror_run"),
    "mirrors:execute": Route("", "operator", "mirror_run"),
    "mirrors:detail": Route("viewer", names="mirror"),
    "mirrors:bring": Route("viewer", "operator", "mirror"),
    "mirrors:archive": Route("viewer", names="mirror"),
    "mirrors:archive_checksum": Route("viewer", names="mirror"),
    "mirrors:edit": Route("admin", "admin", "mirror"),
    "mirrors:remove": Route("admin", "admin", "mirror"),
    "mirrors:plan": Route("", "operator", "mirror"),
    "mirrors:start": Route("", "operator", "mirror"),
    "mirrors:sync": Route("", "operator", "mirror"),
    "mirrors:pause": Route("", "operator", "mirror"),
    "mirrors:resume": Route("", "operator", "mirror"),
    "mirrors:hook": Route("admin", "admin", "mirror"),
    "mirrors:hook_remove": Route("", "admin", "mirror"),
}
# What programs ask, with the role that each method needs. A session counts for nothing there, and a token nowhere else.
API_TABLE = {
    "accounts:api_me": Route("viewer"),
}
# Of nobody's team: each has tests of its own in tests/accounts, tests/web and tests/transfers/mirrors.
ELSEWHERE = {"web:health", "accounts:setup", "accounts:join", "mirrors:call", "mirrors:metrics"}
ELSEWHERE |= {
    "accounts:security_session_end",
    "accounts:security_unlink",
    "sso_sign_in",
    "sso_callback",
    "sso_link",
    "sso_confirm",
}
# The registry at /v2/, which asks for API tokens and nothing else: tests/serving/test_access.py does there what is done here.
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
    "serving:elsewhere",
}
OF_THE_LIBRARY = {
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
# Names of these take the id of a person's own thing.
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
        == TABLE.keys() | API_TABLE.keys() | ELSEWHERE | OF_THE_LIBRARY
    )


@pytest.fixture
def harbour(team, alice, bob, victor, charlie, settings, tmp_path):
    """Something of everything, of Alice's team. Its registry is not there, so that whatever is asked of it fails at once."""
    host = f"127.0.0.1:{free_port()}"
    registry = Registry.objects.create(
        team=team, name=f"Registry {MARK}", host=host, security=Security.PLAIN_HTTP
    )
    credential = Credential(
        team=team, registry=registry, username=f"robot-{MARK}", label=f"Label {MARK}"
    )
    credential.set_secret(f"secret-{MARK}")
    credential.save()
    # To a team that is nobody's here: what the team that has it may do is in tests/registries/test_views_sharing.py.
    pilots = Team.objects.create(name="Pilots", slug="pilots")
    grant = CredentialGrant.objects.create(
        credential=credential, team=pilots, repository_pattern=f"{MARK}/*"
    )
    artifact = make_image(registry, (f"layer-{MARK}", 10))
    make_repository(registry, f"{MARK}/app", {"1.0": artifact})
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
    robot = ApiToken.objects.create(
        team=team, name=f"robot {MARK}", scope=Scope.READ, token_hash=MARK, hint="rui_abcd"
    )
    person = User.objects.create_user(f"dora-{MARK}", f"dora-{MARK}@example.com")
    member = Membership.objects.create(team=team, user=person, role=Role.VIEWER)
    invitation = Invitation.objects.create(
        team=team,
        email=f"{MARK}@example.com",
        token_hash=hash_of(MARK),
        created_by=alice,
        expires_at=timezone.now() + timedelta(days=1),
    )
    record(Action.REGISTRY_ADDED, user=alice, obj=registry)
    upload = ArchiveUpload.objects.create(team=team, created_by=alice, name=f"{MARK}.tar", size=10)
    engine = EngineSetting(
        f"engine-{MARK}", f"unix://{tmp_path / 'silent.sock'}", frozenset({team.slug})
    )
    settings.ENGINES = (engine,)
    names = {
        "repository": f"{MARK}/app",
        "tag": "1.0",
        "digest": artifact.digest,
        "kind": "manifest",
        "image_id": digest,
    }
    mirror = mirror_row(
        team, f"Mirror {MARK}", source=registry, target=registry, repositories=[f"{MARK}/app"]
    )
    mirror_run = run_row(
        mirror,
        alice,
        state=State.FAILED,
        error={"kind": "X", "message": f"Cause {MARK}", "advice": ""},
    )
    channel = NotificationChannel(team=team, name=f"Channel {MARK}", scheme="jsons")
    channel.set_address("jsons://hooks.example.com/")
    channel.save()
    mirrors = {"mirror": mirror, "mirror_run": mirror_run, "channel": channel}
    return {
        "registry": registry,
        "credential": credential,
        "grant": grant,
        "image": image,
        "transfer": transfer,
        "engine": SimpleNamespace(pk=engine.name),
        "robot": robot,
        "team": team,
        "person": person,
        "member": member,
        "invitation": invitation,
        "upload": upload,
        "rule": ImmutableTags.objects.create(
            team=team, repository_pattern=f"{MARK}/*", tag_pattern="v*"
        ),
        "names": names,
        **mirrors,
    }


def body(response: Any) -> str:
    """Of a page, and of a file that is sent in pieces."""
    return b"".join(response).decode()


def address(name: str, things: dict[str, Any]) -> str:
    if name == "transfers:login":
        return reverse(name, args=["pull"])
    route = TABLE[name]
    return reverse(
        name,
        args=[things[route.names].pk, *(things["names"][part] for part in route.more)]
        if route.names
        else [],
    )


def everything() -> list[Any]:
    """All rows that a request could change; what a look or a check observes is left out."""
    observed = {
        Registry: ["health", "health_message", "report", "checked_at"],
        Tag: ["checked_at"],
        Credential: ["verified_at", "verify_error", "used_at", "used_by", "used_for"],
        User: ["last_login"],
        TeamBlob: ["used_at"],
        ArchiveUpload: ["used_at"],
        ApiToken: ["used_at", "used_from"],
    }
    rows = []
    people = (Team, Membership, User, Invitation, ApiToken)
    local = (LocalImage, ImmutableTags, TeamBlob, ArchiveUpload)
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
    mirrors = (Mirror, MirrorRun, MirrorHook, MirrorPause, NotificationChannel, Notice)
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
    # Outside of Alice's team Charlie is an admin: of his own.
    if rank and rank < RANKS[needed]:
        return {403}
    if method == "PATCH":
        return {204, 400, 409}
    return {200, 302, 404, 422} if method == "POST" and not route.names else {200, 286, 302, 422}


class Writes:
    """Counts the statements of a connection that may change a row."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.count += (
            not sql.lstrip("( ").upper().startswith(("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK"))
        )
        return execute(sql, params, many, context)


def wrong_answers(client: Client, things: dict[str, Any], rank: int) -> list[str]:
    wrong = []
    before = everything()
    for name, route in TABLE.items():
        for method in METHODS:
            writes = Writes()
            with transaction.atomic(), connection.execute_wrapper(writes):
                status = client.generic(method, address(name, things)).status_code
                allowed = expected(route, method, rank)
                if status not in allowed:
                    wrong.append(f"{method} {name}: {status}, not {sorted(allowed)}")
                # Reading every table takes longer than the request: it is done where something was written at all.
                if status in (403, 404, 405) and writes.count and everything() != before:
                    wrong.append(f"{method} {name}: {status}, and yet something changed")
                transaction.set_rollback(True)
    return wrong


@pytest.mark.parametrize("person", PEOPLE)
def test_every_route_answers_everybody_as_the_table_says(request, client_for, harbour, person):
    assert wrong_answers(client_for(request.getfixturevalue(person)), harbour, PEOPLE[person]) == []


def test_the_role_that_counts_is_the_one_in_the_team_of_the_object(
    client_for, harbour, team, charlie, other_team
):
    """An admin of the team that is chosen now, but only a reader where the object belongs."""
    Membership.objects.create(team=team, user=charlie, role=Role.VIEWER)
    client = client_for(charlie)
    client.post(reverse("accounts:switch_team"), {"team": other_team.pk})
    wrong = []
    for name, route in TABLE.items():
        # An engine is nobody's: it is there for the team that is chosen now, or not.
        if route.names and route.names != "engine" and route.write:
            with transaction.atomic():
                status = client.post(address(name, harbour)).status_code
                wrong += [f"{name}: {status}"] if status != 403 else []
                transaction.set_rollback(True)

    assert wrong == []


# Whoever has no session; and the roles that the tokens have in Alice's team.
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
    """Clients by the names of `WITHOUT_SESSION`."""

    def bearer(by: User, scope: Scope, **more: Any) -> Client:
        until = timezone.now() + timedelta(days=1)
        _token, secret = tokens.create_token(
            by=by, name=f"{scope} of {by}", scope=scope, expires_at=until, **{"team": None, **more}
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


@pytest.mark.parametrize("who", WITHOUT_SESSION)
def test_strangers_and_tokens_are_sent_to_the_sign_in_page(without_session, harbour, who):
    client, before = without_session[who], everything()
    for name in TABLE:
        for method in METHODS:
            response = client.generic(method, address(name, harbour))
            assert (response.status_code, response.headers["Location"].partition("?")[0]) == (
                302,
                reverse("account_login"),
            ), name
    assert everything() == before


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
    """Every client, with its token's role; None where it has none, a session included."""
    people = [(client_for(request.getfixturevalue(name)), None) for name in PEOPLE]
    return people + [
        (client, None if who == "anonymous" else WITHOUT_SESSION[who])
        for who, client in clients.items()
    ]


def test_the_api_answers_tokens_and_nobody_else(request, client_for, without_session, harbour):
    clients, before = api_ranks(request, client_for, without_session), everything()
    for client, rank in clients:
        for name, route in API_TABLE.items():
            for method in METHODS:
                assert client.generic(method, reverse(name)).status_code == api_answer(
                    route, method, rank
                ), (name, method, rank)
    assert everything() == before


def test_the_api_shows_an_outsiders_token_nothing_of_the_team(without_session, harbour, team):
    for name, route in API_TABLE.items():
        if route.read and not route.names:
            content = body(without_session["outsider's token"].get(reverse(name)))
            assert not [text for text in (MARK, team.name) if text in content], name


def test_people_without_a_team_see_and_change_nothing(client_for, harbour, bob):
    Membership.objects.filter(user=bob).delete()
    client, before = client_for(bob), everything()
    for name, route in TABLE.items():
        for method in ("GET", "POST"):
            response = client.generic(method, address(name, harbour))
            fitting = (200, 286, 302, 403, 404, 405, 422)
            if route.names:
                fitting = (403, 405) if "installation" in (route.read, route.write) else (404, 405)
            assert response.status_code in fitting, name
            assert MARK not in body(response), name
    assert everything() == before


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_every_post_needs_the_csrf_token(harbour, alice, headers):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    before = everything()
    others = OF_THE_LIBRARY | {name for name in ELSEWHERE if name.startswith("sso_")} | WITH_ID
    addresses = [address(name, harbour) for name in TABLE] + [
        reverse(name, args=[1] if name in WITH_ID else []) for name in others
    ]
    for path in [*addresses, reverse("accounts:setup", args=["token"])]:
        assert client.post(path, headers=headers).status_code == 403, path
    assert everything() == before


# --- an outsider who knows ids and names


def test_no_page_of_an_outsider_shows_anything_of_the_team(client_for, harbour, charlie):
    client = client_for(charlie)
    # A small number may stand on a page for another reason.
    ids = {
        name: str(thing.pk)
        for name, thing in harbour.items()
        if name != "names" and not isinstance(thing.pk, int)
    }
    query = {
        "credential": ids["credential"],
        "registry": harbour["registry"].host,
        "provider": "private",
        "host": harbour["registry"].host,
        "platform": harbour["image"].digest,
        "q": harbour["image"].digest[7:20],
        "person": "",
        "namespace": "x",
        "name": "app",
        "tag": "1.0",
        "team": str(harbour["registry"].team_id),
    }
    # He types a name that is not marked; everything marked on the page would come from the team.
    host = harbour["registry"].host
    typed = [{}, {**query, "source": f"{host}/x:1.0"}, {**query, "reference": f"{host}/x:1.0"}]
    asked = [name for name, route in TABLE.items() if route.read and not route.names]
    for (route_name, values), headers in zip(
        product(asked, typed), cycle(({}, {"HX-Request": "true"}))
    ):
        content = body(client.get(address(route_name, harbour), values, headers=headers))
        assert MARK not in content, route_name
        shown = [kind for kind, each in ids.items() if kind != "credential" and each in content]
        assert shown == [], route_name


COUNTED = (
    "web:overview",
    "registries:list",
    "images:list",
    "transfers:list",
    "accounts:activity",
    "accounts:team",
    "accounts:tokens",
    "accounts:team_tokens",
)
_CHANGES_EACH_TIME = re.compile(r'csrfmiddlewaretoken" value="[^"]+"|X-CSRFToken": "[^"]+"')


def test_no_count_of_an_outsider_counts_what_is_the_teams(request, client_for, charlie):
    """Every list and figure is to the letter what it was before the team had anything."""
    client = client_for(charlie)

    def pages() -> dict[str, str]:
        found = {name: body(client.get(reverse(name))) for name in COUNTED}
        found["search"] = body(
            client.get(reverse("web:search"), {"q": MARK}, headers={"HX-Request": "true"})
        )
        return {name: _CHANGES_EACH_TIME.sub("", text) for name, text in found.items()}

    before = pages()
    request.getfixturevalue("harbour")
    assert pages() == before


def test_names_of_the_team_under_a_registry_of_ones_own_are_not_found(
    client_for, harbour, charlie, other_team
):
    """HARDENING 24: the parent is his, the child is not."""
    own = Registry.objects.create(
        team=other_team, name="own", host=harbour["registry"].host, security=Security.PLAIN_HTTP
    )
    client = client_for(charlie)
    for name, route in TABLE.items():
        if route.names == "registry" and route.more and route.read:
            path = reverse(name, args=[own.pk, *(harbour["names"][part] for part in route.more)])
            answer = client.get(path)
            # Where the registry itself is asked, the page says that it does not answer.
            assert answer.status_code == 404 or "does not answer" in body(answer), name
            assert not [
                text for text in ("layer-", harbour["registry"].name) if text in body(answer)
            ], name


FORGED = dict.fromkeys(
    ("is_superuser", "is_staff", "is_active", "groups", "user_permissions"), "1"
) | {"role": "admin", "username": "root"}


def of_the_team(team: Team) -> list[Any]:
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
def test_forged_fields_make_nobody_more_than_they_are(
    request, client_for, harbour, person, team, alice
):
    user = request.getfixturevalue(person)
    client, before = client_for(user), of_the_team(team)
    forged = {
        **FORGED,
        "team": team.pk,
        "user": alice.pk,
        "created_by": alice.pk,
        "registry": harbour["registry"].pk,
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
                address(name, harbour),
                {**forged, **allowed, **token, "credential": harbour["credential"].pk},
            )
    user.refresh_from_db()
    assert (user.is_superuser, user.is_staff, user.username) == (False, False, person)
    assert not Membership.objects.filter(user=user, team=team).exclude(role=Role.VIEWER).exists()
    assert not ApiToken.objects.filter(team=team).exclude(pk=harbour["robot"].pk).exists()
    assert of_the_team(team) == before


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
def test_an_outsider_starts_nothing_with_what_is_the_teams(
    client_for, harbour, charlie, other_team, name
):
    host = harbour["registry"].host
    values = {field: text.format(host=host) for field, text in FORMS[name].items()}
    forged = {
        "credential": harbour["credential"].pk,
        "team": harbour["image"].team_id,
        "user": 1,
        "source_credential": 1,
    }
    before = Transfer.objects.count()

    response = client_for(charlie).post(reverse(name), {**values, **forged})

    content = response.content.decode()
    assert not [
        text
        for text in (
            harbour["registry"].name,
            harbour["credential"].label,
            harbour["credential"].username,
        )
        if text in content
    ]
    assert harbour["image"].digest[7:19] not in content
    if name != "transfers:tag":  # which has no credential to forge
        assert response.status_code == 422
    made = Transfer.objects.exclude(team=harbour["image"].team)
    assert Transfer.objects.count() == before + made.count()
    assert all(each.team == other_team and each.state == State.FAILED for each in made)
    assert LocalImage.objects.count() == 1


def test_a_row_with_another_teams_credential_uses_it_for_nothing(harbour, other_team, charlie):
    """However it came about: a fault elsewhere, or a row that somebody edited."""
    credential = harbour["credential"]
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

    again = services.run_here(services.retry(forged, charlie, enqueue=False))

    assert (again.state, again.error["kind"]) == (State.FAILED, "CredentialUnfit")
    credential.refresh_from_db()
    assert credential.used_at is None


def test_what_waits_before_a_transfer_is_counted_but_not_named(
    client_for, harbour, other_team, charlie
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
        assert str(harbour["transfer"].pk) not in content


def test_ids_that_nobody_has_read_the_same_as_those_of_others(client_for, harbour, charlie):
    client = client_for(charlie)
    for name, route in TABLE.items():
        if route.names and route.read:
            more = [harbour["names"][part] for part in route.more]
            key = harbour[route.names].pk
            nobodys_key = key + 1000 if isinstance(key, int) else uuid.uuid4()
            theirs, nobodys = (
                client.get(reverse(name, args=[pk, *more])) for pk in (key, nobodys_key)
            )
            assert (
                theirs.status_code
                == nobodys.status_code
                == (403 if route.read == "installation" else 404)
            )
            assert len(theirs.content) == len(nobodys.content), name


ODD_PLACES = (
    ("transfers:list", ("before", "kind", "state", "person")),
    ("images:list", ("page", "q")),
    (
        "accounts:activity",
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
    ("accounts:activity_export", ("format", "who", "since", "team")),
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
    ("web:anatomy", ("reference", "use", "field")),
)


def test_an_odd_query_gets_a_page_or_a_plain_no(client_for, harbour, alice):
    client = client_for(alice)
    single = [(name, [parameter]) for name, parameters in ODD_PLACES for parameter in parameters]
    asked = [*spread(single, each=3), *spread(ODD_PLACES, each=len(ODD_TEXTS))]
    for ((name, parameters), text), headers in zip(asked, cycle(({}, {"HX-Request": "true"}))):
        query = dict.fromkeys(parameters, text)
        status = client.get(address(name, harbour), query, headers=headers).status_code
        assert status in (200, 286, 302, 400), (name, query, headers)


LEADING_ON = [
    "account_login",
    "account_reauthenticate",
    "account_logout",
    "account_change_password",
    "mfa_login_webauthn",
]


@pytest.mark.parametrize("name", LEADING_ON)
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
def test_no_page_leads_to_another_site(client, client_for, alice, name, target):
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
