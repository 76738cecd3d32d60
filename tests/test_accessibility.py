"""axe-core finds nothing serious on any page of the product, in light and in dark."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied
from django.urls import reverse
from django.utils.http import urlencode
from playwright.sync_api import Page, expect

from registry_ui.accounts import services
from registry_ui.accounts.models import Membership, Role
from registry_ui.environment import EngineSetting
from tests.conftest import PASSWORD
from tests.parts.axe import COLOUR_RULES, colour_rules, findings
from tests.parts.demo_data import DemoData, create_demo_data
from tests.transfers.rows import transfer_row

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Place = Callable[[DemoData], str]


def to(name: str, *parts: str, **query: str) -> Place:
    """Return a function that builds the address of a route.

    `parts` are attributes of the demo data (`registry.pk`), or texts in quotes.
    """

    def address(demo_data: DemoData) -> str:
        arguments = [_value(demo_data, part) for part in parts]
        values = {key: _value(demo_data, text) for key, text in query.items()}
        return (
            f"{reverse(name, args=arguments)}?{urlencode(values)}"
            if values
            else reverse(name, args=arguments)
        )

    return address


def _value(demo_data: DemoData, part: str):
    if part.startswith("'"):
        return part.strip("'")
    value = demo_data
    for name in part.split("."):
        value = value[name] if isinstance(value, dict) else getattr(value, name)
    return value


REPOSITORY = ("registry.pk", "repository.name")
LOCAL = "local.reference"
CHOSEN = {"registry": "registry.pk", "repository": "repository.name", "tag": "'1.27.3'"}
PAGES: dict[str, Place] = {
    "overview": to("web:overview"),
    "guide": to(
        "web:guide",
        q="'1.27.3-alpine3.20'",
        tags="'1.27.3-alpine latest feature-login'",
        range="'>=1.27'",
    ),
    "guide, wrong range": to("web:guide", tags="'latest'", range="'latest'"),
    "search": to("web:search", q="'shop'"),
    "search, nothing found": to("web:search", q="'zzzqqq'"),
    "preferences": to("accounts:preferences"),
    "sign-in": to("accounts:security"),
    "authenticator app": to("mfa_activate_totp"),
    "add a passkey": to("mfa_add_webauthn"),
    "reauthentication": to("account_reauthenticate"),
    "API tokens": to("accounts:tokens"),
    "make an API token": to("accounts:tokens_add"),
    "revoke an API token": to("accounts:tokens_revoke", "robot.pk"),
    "robots": to("accounts:team_tokens"),
    "make a robot": to("accounts:team_tokens_add"),
    "activity": to("accounts:audit_log"),
    "activity, nothing found": to("accounts:audit_log", who="'nobody at all'"),
    "registries": to("registries:list"),
    "registry": to("registries:detail", "registry.pk"),
    "registry that does not answer": to("registries:detail", "empty_registry.pk"),
    "add a registry": to("registries:add"),
    "add a Harbor": to("registries:add", provider="'harbor'"),
    "edit a registry": to("registries:edit", "registry.pk"),
    "remove a registry": to("registries:remove", "registry.pk"),
    "import of docker's logins": to("registries:import_docker_config"),
    "add a credential": to("registries:credential_add", "registry.pk"),
    "edit a credential": to("registries:credential_edit", "credential.pk"),
    "remove a credential": to("registries:credential_remove", "credential.pk"),
    "credentials of the team": to("registries:team_credentials"),
    "credential": to("registries:credential", "credential.pk"),
    "credential of another team": to("registries:credential", "shared_credential.pk"),
    "new secret": to("registries:credential_rotate", "credential.pk"),
    "share a credential": to("registries:grant_add", "credential.pk"),
    "change a share": to("registries:grant_edit", "grant.pk"),
    "take a credential back": to("registries:grant_revoke", "grant.pk"),
    "repositories": to("registries:repositories", "registry.pk"),
    "repositories of an empty registry": to("registries:repositories", "empty_registry.pk"),
    "repository": to("registries:repository", *REPOSITORY),
    "repository, wrong range": to("registries:repository", *REPOSITORY, version="'latest'"),
    "image of several platforms": to("registries:image_by_tag", *REPOSITORY, "'latest'"),
    "image by digest": to("registries:image_by_digest", *REPOSITORY, "other.digest"),
    "image that is not there": to("registries:image_by_tag", *REPOSITORY, "'missing'"),
    "compare": to("registries:compare"),
    "compared": to("registries:compare", left="left", right="right"),
    "storage of a registry": to("registries:storage", "registry.pk"),
    "storage of a repository": to("registries:repository_storage", *REPOSITORY),
    "this server": to("builtin_registry:overview"),
    "immutable tags": to("builtin_registry:rule_add"),
    "movable tags": to("builtin_registry:rule_remove", "rule.pk"),
    "images": to("images:list"),
    "image": to("images:detail", "local.pk"),
    "remove an image": to("images:remove", "local.pk"),
    "export": to("images:export", image="local.pk"),
    "export of nothing": to("images:export"),
    "import": to("images:import"),
    "names of an archive": to("transfers:import_archive", "upload.pk"),
    "engine": to("images:engine", "'build'"),
    "engine that does not answer": to("images:engine", "'silent'"),
    "let an engine pull": to("transfers:engine_pull", "'build'", reference="'nginx:1.27'"),
    "let an engine push": to("transfers:engine_push", "'build'", source="'nginx:1.27'"),
    "tag an image of an engine": to("transfers:engine_tag", "'build'", source="'nginx:1.27'"),
    "load an image into an engine": to("transfers:engine_load", "'build'", source=LOCAL),
    "copy an image of an engine": to("transfers:engine_save", "'build'", source="'nginx:1.27'"),
    "transfers": to("transfers:list"),
    "transfer that runs": to("transfers:detail", "transfers.running.pk"),
    "transfer that failed": to("transfers:detail", "transfers.failed.pk"),
    "transfer that succeeded": to("transfers:detail", "transfers.succeeded.pk"),
    "transfer that waits": to("transfers:detail", "transfers.queued.pk"),
    "transfer that deleted": to("transfers:detail", "transfers.deleted.pk"),
    "pull": to("transfers:pull"),
    "push": to("transfers:push", source=LOCAL),
    "publish": to("transfers:publish", source=LOCAL),
    "tag": to("transfers:tag", source=LOCAL),
    "retag": to("transfers:retag", source="left"),
    "pull of several tags": to("transfers:pull_tags", **CHOSEN),
    "copy of several tags": to("transfers:copy_tags", **CHOSEN),
    "deletion of several tags": to("transfers:delete_tags", **CHOSEN),
    "mirrors": to("mirrors:list"),
    "mirror": to("mirrors:detail", "mirrors.mirror.pk"),
    "mirror behind its schedule": to("mirrors:detail", "mirrors.late.pk"),
    "add a mirror": to("mirrors:add"),
    "edit a mirror": to("mirrors:edit", "mirrors.mirror.pk"),
    "remove a mirror": to("mirrors:remove", "mirrors.mirror.pk"),
    "webhook of a mirror": to("mirrors:webhook", "mirrors.mirror.pk"),
    "plan of a mirror": to("mirrors:run", "mirrors.runs.plan.pk"),
    "run of a mirror": to("mirrors:run", "mirrors.runs.running.pk"),
    "run of a mirror that failed": to("mirrors:run", "mirrors.runs.failed.pk"),
    "export of a mirror": to("mirrors:local_pull", "mirrors.mirror.pk"),
    "images of a mirror, brought here": to("mirrors:run", "mirrors.runs.local_pull.pk"),
    "import of mirrors": to("mirrors:import"),
    "notification channels": to("notifications:channels"),
    "add a notification channel": to("notifications:channel_add"),
    "remove a notification channel": to("notifications:channel_remove", "mirrors.channel.pk"),
    "deletion of an image": to(
        "transfers:delete_tags",
        registry="registry.pk",
        repository="repository.name",
        digest="other.digest",
    ),
}
ERRORS = {"not found": 404, "not allowed": 403, "wrong request": 400, "failure": 500}


@pytest.fixture
def demo_data(team, alice, settings, docker_engine, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    docker_engine.docker("build", "--tag", "shop/app:1.0", tmp_path)
    settings.ENGINES = (
        EngineSetting("build", docker_engine.host, frozenset({"*"})),
        EngineSetting("silent", f"unix://{tmp_path / 'silent.sock'}", frozenset({"*"})),
    )
    return create_demo_data(team, alice)


@pytest.fixture
def page_of(page: Page, live_server):
    """Return a function that opens a page as a client's user, or as nobody."""

    def sign_in(client=None) -> Page:
        name = settings.SESSION_COOKIE_NAME
        page.context.clear_cookies()
        if client is not None:
            page.context.add_cookies(
                [{"name": name, "value": client.cookies[name].value, "url": live_server.url}]
            )
        return page

    return sign_in


def open_page(page: Page, address: str, status: int = 200) -> str:
    """Open a page and all of its details; return what is wrong with the answer."""
    answer = page.goto(address)
    if answer is None or answer.status != status:
        return f"answered {answer.status if answer else 'nothing'}, not {status}"
    expect(page.locator(".htmx-request")).to_have_count(0)
    # Nothing is exchanged under axe's eyes: a page that follows a transfer asks once a second.
    page.evaluate(
        "document.addEventListener('htmx:beforeRequest', (event) => event.preventDefault())"
    )
    page.evaluate(
        "document.querySelectorAll('details:not([data-menu])')"
        ".forEach((details) => { details.open = true; })"
    )
    return ""


def problem_with(page: Page, address: str, status: int = 200) -> list[str]:
    """Open a page, and return what is wrong with it."""
    wrong = open_page(page, address, status)
    return [wrong] if wrong else findings(page)


def test_axe_does_find_what_shuts_people_out(live_server, client_for, alice, page_of):
    page = page_of(client_for(alice))
    assert open_page(page, f"{live_server.url}/preferences/") == ""
    page.evaluate("document.getElementById('main').append(document.createElement('button'))")
    assert [finding.split(": ")[:2] for finding in findings(page)] == [["light", "button-name"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_does_find_a_text_that_is_faint_in_one_theme(
    live_server, client_for, alice, page_of, scheme
):
    page = page_of(client_for(alice))
    assert open_page(page, f"{live_server.url}/preferences/") == ""
    colours = "light-dark(#ddd, #fff)" if scheme == "light" else "light-dark(#000, #333)"
    page.evaluate(
        """(colours) => {
            const faint = document.createElement("p");
            faint.style.color = colours;
            faint.textContent = "faint";
            document.getElementById("main").append(faint);
        }""",
        colours,
    )
    assert [finding.split(": ")[:2] for finding in findings(page)] == [[scheme, "color-contrast"]]


def test_axe_does_find_what_is_wrong_where_dark_is_more_than_colours(
    live_server, client_for, alice, page_of
):
    page = page_of(client_for(alice))
    assert open_page(page, f"{live_server.url}/preferences/") == ""
    page.evaluate(
        """() => {
            const button = document.createElement("button");
            const dark = matchMedia("(prefers-color-scheme: dark)");
            button.hidden = true;
            dark.addEventListener("change", () => { button.hidden = !dark.matches; });
            document.getElementById("main").append(button);
        }"""
    )
    assert [finding.split(": ")[:2] for finding in findings(page)] == [["dark", "button-name"]]


def test_every_rule_of_axe_about_colours_runs_in_dark(live_server, page_of):
    page = page_of()
    page.goto(live_server.url)
    assert colour_rules(page) == set(COLOUR_RULES)


def test_axe_finds_nothing_serious_on_any_page(live_server, client_for, alice, demo_data, page_of):
    page = page_of(client_for(alice))
    problems = {
        name: problem_with(page, live_server.url + place(demo_data))
        for name, place in PAGES.items()
    }
    assert {name: found for name, found in problems.items() if found} == {}


@pytest.fixture
def addresses_of_people(team, other_team, alice, bob, ingrid):
    """Return the addresses of pages for administrators and for admins of a team."""
    transfer_row(team, bob)
    member = Membership.objects.get(user=bob).pk
    _invitation, token = services.invite(
        team=team, role=Role.VIEWER, email="dora@example.com", lifetime=timedelta(days=1), by=alice
    )
    member_pages = [
        reverse(f"accounts:{name}", args=[member])
        for name in ("team_member_role", "team_member_remove")
    ]
    person_pages = [
        reverse(f"accounts:administration_{name}", args=[bob.pk])
        for name in ("person", "person_deactivate")
    ]
    team_pages = [
        reverse(f"accounts:administration_{name}", args=[team.pk])
        for name in ("team_edit", "team_remove")
    ]
    names = (
        "team",
        "team_edit",
        "team_invite",
        "administration",
        "administration_team_add",
        "administration_people",
    )
    return (
        [reverse(f"accounts:{name}") for name in names]
        + member_pages
        + person_pages
        + team_pages
        + [
            reverse("jobs:scheduled_tasks"),
            reverse("accounts:administration_team_remove", args=[other_team.pk]),
            reverse("accounts:join", args=[token]),
        ]
    )


def test_axe_finds_nothing_serious_on_the_pages_of_people(
    live_server, client_for, ingrid, addresses_of_people, page_of
):
    page = page_of(client_for(ingrid))
    problems = {}
    for address in addresses_of_people:
        problems[address] = problem_with(page, live_server.url + address)
    page.goto(live_server.url + reverse("accounts:team_invite"))
    page.get_by_role("button", name="Make the link").click()
    page.get_by_text("Copy the link now").wait_for()
    assert findings(page) == []
    assert {name: found for name, found in problems.items() if found} == {}


def test_axe_finds_nothing_serious_where_there_are_second_factors(
    live_server, client, client_for, alice, page_of
):
    TOTP.activate(alice, "A" * 32)
    RecoveryCodes.activate(alice)
    names = [
        "accounts:security",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_deactivate_totp",
        "mfa_reauthenticate",
    ]
    client.post(reverse("account_login"), {"login": "alice", "password": PASSWORD})
    visits = [(client_for(alice), name) for name in names] + [(client, "mfa_authenticate")]
    problems = {}
    for visitor, name in visits:
        page = page_of(visitor)
        problems[name] = problem_with(page, live_server.url + reverse(name))
    assert {name: found for name, found in problems.items() if found} == {}


def test_axe_finds_nothing_serious_where_there_is_single_sign_on(
    live_server, client_for, alice, use_provider, page_of
):
    use_provider(auto_create=False)
    SocialAccount.objects.create(
        user=alice, provider=settings.SINGLE_SIGN_ON.provider_id, uid="alice"
    )
    problems = {}
    for visitor, name in [
        (None, "account_login"),
        (None, "socialaccount_login_cancelled"),
        (client_for(alice), "sso_confirm"),
    ]:
        page = page_of(visitor)
        problems[name] = problem_with(page, live_server.url + reverse(name))
    assert {name: found for name, found in problems.items() if found} == {}


def test_axe_finds_nothing_serious_before_the_sign_in(live_server, team, page_of):
    page = page_of()
    problems = {}
    setup = reverse("accounts:setup", args=[services.issue_setup_token()])
    _invitation, token = services.invite(
        team=team, role=Role.VIEWER, email="", lifetime=timedelta(days=1), by=None
    )
    gone, joined = (reverse("accounts:join", args=[name]) for name in ("invented", token))
    for path, status in ((reverse("account_login"), 200), (setup, 200), (joined, 200), (gone, 404)):
        problems[path] = problem_with(page, live_server.url + path, status)
    assert {name: found for name, found in problems.items() if found} == {}


def test_axe_finds_nothing_serious_on_the_pages_of_errors(
    live_server, client_for, alice, page_of, monkeypatch
):
    causes = {
        403: PermissionDenied("This needs the role “Operator”."),
        400: BadRequest(),
        500: RuntimeError(),
    }

    def fail(request):
        raise causes[int(request.GET["status"])]

    monkeypatch.setattr("registry_ui.web.views.render_sections", fail)
    page = page_of(client_for(alice))
    problems = {}
    for name, status in ERRORS.items():
        problems[name] = problem_with(
            page, f"{live_server.url}/{'missing/' if status == 404 else ''}?status={status}", status
        )
    assert {name: found for name, found in problems.items() if found} == {}


def test_axe_finds_nothing_serious_in_what_opens_above_a_page(
    live_server, client_for, alice, page_of
):
    page = page_of(client_for(alice))
    assert open_page(page, f"{live_server.url}/guide/?tags=1.27.3-alpine") == ""
    page.get_by_role("link", name="What 1.27.3-alpine means").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    page.locator("#tag-card").wait_for()
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.locator("dialog[open]").wait_for()
    assert findings(page) == []
