"""Fixtures for every test: people, teams and the real servers of tests/parts."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import hypothesis
import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from tests.parts import database, registries, requirements
from tests.parts.clients import DockerEngine, PodmanService, Skopeo
from tests.parts.images import ImageFactory
from tests.parts.live_site import LiveSiteHandler
from tests.parts.postgresql import postgresql_in
from tests.parts.redis_server import RedisServer, redis_server_at
from tests.parts.selection import (  # noqa: F401 - hooks of pytest
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
)
from tests.parts.workers import ManageCommands

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

# The duration of an example depends on what else the machine does.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EXPECT_TIMEOUT = 20_000  # milliseconds
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="session")
def parts_folder() -> Iterator[Path]:
    """The folder for the servers of this pytest process."""
    from tests.settings import FOLDER

    folder = FOLDER / "parts"
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


# --- database and queue


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker, parts_folder: Path
) -> Iterator[None]:
    """Create the test database: a copy of a template on SQLite, a new cluster on PostgreSQL.

    Every table is emptied between tests, also the audit log's, so its triggers are not installed.
    """
    from django.apps import apps
    from django.db import connections
    from django.db.models.signals import post_migrate

    from registry_ui.accounts.apps import TRIGGERS_UID

    assert post_migrate.disconnect(
        sender=apps.get_app_config("accounts"), dispatch_uid=TRIGGERS_UID
    )
    database.stop_permission_rows()
    with ExitStack() as server:
        if database.is_postgresql():
            from tests.settings import FOLDER

            requirements.require_postgresql()
            server.enter_context(postgresql_in(FOLDER / "pg"))
        with django_db_blocker.unblock():
            database.make_test_database()
        yield
        with django_db_blocker.unblock():
            connections.close_all()


@pytest.fixture(scope="session")
def _redis(parts_folder: Path) -> Iterator[RedisServer]:
    from registry_ui.environment import redis_socket
    from tests.settings import DATA

    with redis_server_at(redis_socket(DATA), parts_folder / "redis") as server:
        yield server


@pytest.fixture
def redis_server(_redis: RedisServer) -> RedisServer:
    """The queue and the cache, empty; a test may kill the server."""
    if _redis.process.popen.poll() is not None:
        _redis.start()
    _redis.flush()
    return _redis


@pytest.fixture(autouse=True)
def _queue_for_database_tests(request: pytest.FixtureRequest) -> None:
    """Start Redis for tests with a database: they may enqueue jobs and use the cache."""
    if request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & set(
        request.fixturenames
    ):
        request.getfixturevalue("redis_server")


@pytest.fixture(autouse=True)
def images_directory(settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An image store for each test, created at its first use."""
    folder = tmp_path_factory.getbasetemp() / f"images-{os.urandom(6).hex()}"
    settings.IMAGES_DIRECTORY = folder
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


# --- people: in the team, Alice is admin, Bob operator and Victor viewer. Charlie is in another
# team. Ingrid is an administrator of the installation.


@pytest.fixture
def team(db):
    from tests.parts.teams import add_team

    return add_team("Harbour", "harbour")


@pytest.fixture
def other_team(db):
    from tests.parts.teams import add_team

    return add_team("Lighthouse", "lighthouse")


def _person(name: str, team, role: str):
    from registry_ui.accounts.models import Membership, User

    user = User.objects.create_user(username=name, email=f"{name}@example.com", password=PASSWORD)
    Membership.objects.create(team=team, user=user, role=role)
    return user


@pytest.fixture
def alice(team):
    return _person("alice", team, "admin")


@pytest.fixture
def bob(team):
    return _person("bob", team, "operator")


@pytest.fixture
def victor(team):
    return _person("victor", team, "viewer")


@pytest.fixture
def charlie(other_team):
    return _person("charlie", other_team, "admin")


@pytest.fixture
def ingrid(db):
    """An administrator of the installation who is in no team."""
    from registry_ui.accounts.models import User

    return User.objects.create_superuser("ingrid", "ingrid@example.com", PASSWORD)


@pytest.fixture
def client_for(db):
    """Return a function for a signed-in client whose session was just used."""

    def sign_in(user) -> Client:
        from allauth.usersessions.models import UserSession

        from registry_ui.accounts.sign_in.middleware import is_write_due

        client = Client()
        client.force_login(user)
        UserSession.objects.create(
            user=user, session_key=client.session.session_key, ip="127.0.0.1", user_agent=""
        )
        is_write_due(client.session.session_key)
        return client

    return sign_in


# --- real servers and clients


@pytest.fixture(scope="session")
def registry(parts_folder: Path):
    """A registry without authentication and with deletion."""
    requirements.require_program("docker-registry", "docker-registry")
    with registries.open_registry(parts_folder / "registry") as running:
        yield running


@pytest.fixture(scope="session")
def second_registry(parts_folder: Path):
    """Another registry without authentication."""
    requirements.require_program("docker-registry", "docker-registry")
    with registries.open_registry(parts_folder / "second-registry") as running:
        yield running


@pytest.fixture
def own_registry(tmp_path: Path):
    """A registry for one test, which may stop and start it."""
    requirements.require_program("docker-registry", "docker-registry")
    with registries.open_registry(tmp_path / "own-registry") as running:
        yield running


@pytest.fixture(scope="session")
def htpasswd_registry(parts_folder: Path):
    """A registry with Basic authentication: `.username` and `.password`."""
    requirements.require_program("docker-registry", "docker-registry")
    with registries.htpasswd_registry(parts_folder / "htpasswd-registry") as running:
        yield running


@pytest.fixture(scope="session")
def _token_registry(parts_folder: Path):
    requirements.require_program("docker-registry", "docker-registry")
    with registries.token_registry(parts_folder / "token-registry") as running:
        yield running


@pytest.fixture
def token_registry(_token_registry):
    """A registry with token authentication.

    `.username` may do everything, `.reader_username` pull only. `.token_server` is reset.
    """
    from tests.parts.token_server import TokenServer

    server, fresh = (
        _token_registry.token_server,
        TokenServer(signer=_token_registry.token_server.signer),
    )
    for name in ("anonymous", "token_seconds", "stated_seconds", "token_field", "post_allowed"):
        setattr(server, name, getattr(fresh, name))
    server.requests.clear()
    server.refresh_tokens.clear()
    return _token_registry


@pytest.fixture(scope="session")
def tls_registry(parts_folder: Path):
    """A registry with HTTPS and a private certificate authority, `.ca_pem`."""
    requirements.require_program("docker-registry", "docker-registry")
    with registries.tls_registry(parts_folder / "tls-registry") as running:
        yield running


@pytest.fixture(scope="session")
def image_factory() -> ImageFactory:
    return ImageFactory()


@pytest.fixture
def skopeo(tmp_path_factory: pytest.TempPathFactory) -> Skopeo:
    requirements.require_program("skopeo", "skopeo")
    return Skopeo(tmp_path_factory.mktemp("skopeo"))


@pytest.fixture
def podman():
    """Podman's command line with its own store."""
    requirements.require_program("podman", "podman crun")
    # Podman refuses a path of more than 50 characters.
    folder = Path(tempfile.mkdtemp(prefix="podman-"))

    def run(*arguments: object) -> str:
        options = [
            "--root",
            str(folder / "root"),
            "--runroot",
            str(folder / "run"),
            "--storage-driver",
            "vfs",
        ]
        command = ["podman", *options, *(str(argument) for argument in arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
        assert done.returncode == 0, done.stderr
        return done.stdout

    yield run
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def docker_engine(parts_folder: Path):
    """A Docker Engine of this pytest process, with docker's command line."""
    requirements.require_docker_engine()
    folder = parts_folder / "docker"
    folder.mkdir()
    engine = DockerEngine(folder)
    try:
        engine.start()
    except (RuntimeError, TimeoutError) as exc:
        engine.stop()
        pytest.skip(f"dockerd does not run on this machine: {str(exc).strip().splitlines()[-1]}")
    yield engine
    engine.stop()


@pytest.fixture(scope="session")
def podman_service(parts_folder: Path, registry):
    """Podman with Docker's API, configured for plain HTTP with `registry`."""
    requirements.require_program("podman", "podman")
    requirements.require_docker_engine()
    folder = parts_folder / "podman"
    folder.mkdir()
    service = PodmanService(folder, registry)
    try:
        service.start()
    except (RuntimeError, TimeoutError) as exc:
        pytest.skip(f"podman does not run on this machine: {str(exc).strip().splitlines()[-1]}")
    yield service
    service.stop()


@pytest.fixture
def manage(
    transactional_db, redis_server: RedisServer, images_directory: Path, tmp_path: Path
) -> Iterator[ManageCommands]:
    """Processes of `manage.py` commands, such as workers, on this test's data."""
    commands = ManageCommands(tmp_path)
    yield commands
    commands.stop()


@pytest.fixture(scope="session")
def _openid_provider():
    from tests.parts.openid_provider import OpenIdProvider

    provider = OpenIdProvider()
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture
def openid_provider(_openid_provider):
    """A real provider without people."""
    _openid_provider.reset()
    return _openid_provider


@pytest.fixture
def use_provider(openid_provider, settings):
    """Return a function that configures the provider, such as `use_provider(group_roles=…)`."""
    from registry_ui import single_sign_on

    def use(**changed):
        settings.SINGLE_SIGN_ON = openid_provider.settings(**changed)
        settings.SOCIALACCOUNT_PROVIDERS = single_sign_on.allauth_providers(settings.SINGLE_SIGN_ON)
        return openid_provider

    return use


# --- browser


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    requirements.require_chromium()
    return {
        **browser_type_launch_args,
        "executable_path": str(requirements.CHROMIUM),
        "args": CHROMIUM_FLAGS,
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    return {**browser_context_args, "viewport": {"width": 1280, "height": 900}, "locale": "en-GB"}


@pytest.fixture(scope="session")
def browser(browser):
    """Chromium, with a long timeout, because other processes use the machine too."""
    from playwright.sync_api import expect

    expect.set_options(timeout=EXPECT_TIMEOUT)
    return browser


@pytest.fixture(scope="session")
def live_server(request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    """pytest-django's live server, with static files that the browser may keep."""
    address = request.config.getvalue("liveserver") or "localhost"
    with patch("django.contrib.staticfiles.handlers.StaticFilesHandler", LiveSiteHandler):
        server = LiveServer(address)
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _answered_requests(request: pytest.FixtureRequest) -> Iterator[None]:
    """Wait for the last requests of a closed page: a late one would write between two tests."""
    yield
    if "live_server" in request.fixturenames:
        LiveSiteHandler.wait_until_idle()


@pytest.fixture(scope="module")
def shared_context(browser, browser_context_args: dict) -> Iterator["BrowserContext"]:
    """The browser context of all tests of a file: it keeps the static files, see `context`."""
    context = browser.new_context(**browser_context_args)
    yield context
    context.close()


@pytest.fixture
def context(request: pytest.FixtureRequest) -> Iterator["BrowserContext"]:
    """The context of the file, without anything of earlier tests.

    A test with the marker `browser_context_args` has one of its own, and `new_context(...)` makes
    more of them with other settings (no JavaScript, a touch screen).
    """
    if _needs_own_context(request):
        yield request.getfixturevalue("new_context")()
        return

    context = request.getfixturevalue("shared_context")
    context.clear_cookies()
    context.clear_permissions()
    yield context
    for page in context.pages:
        page.close()
    context.unroute_all()
    context.set_offline(False)


def _needs_own_context(request: pytest.FixtureRequest) -> bool:
    """Say whether a test has other settings, or is recorded by pytest-playwright."""
    options = ("--tracing", "--video", "--screenshot")
    recorded = any(request.config.getoption(name) != "off" for name in options)
    return recorded or request.node.get_closest_marker("browser_context_args") is not None


@pytest.fixture
def page(request: pytest.FixtureRequest, context: "BrowserContext") -> "Page":
    """A new page; the storage of the tested site is empty."""
    page = context.new_page()
    if "live_server" in request.fixturenames:
        origin = request.getfixturevalue("live_server").url
        session = context.new_cdp_session(page)
        kinds = "local_storage,indexeddb,cache_storage"
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": kinds})
        session.detach()
    return page


@pytest.fixture
def sign_in(live_server, page):
    """Return a function that signs a person in with a session cookie."""

    def as_user(user) -> None:
        from django.conf import settings

        client = Client()
        client.force_login(user)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}]
        )

    return as_user
