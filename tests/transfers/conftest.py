"""Fixtures with registries of a team, and a check of the stored blobs."""

import hashlib

import pytest

from registry_ui.credentials.models import Credential
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry, Security
from tests.parts.registry_rows import make_registry  # noqa: F401 - fixture
from tests.parts.scripted_server import scripted_server
from tests.parts.slow_line import slow_line
from transfers import services

from .scripts import SHORT_LIMITS, ScriptedRegistry


@pytest.fixture
def add_registry():
    """Add a running registry, or a line to it, to a team."""

    def add(team, running, *, host=None, with_credential=True):
        security = Security.PLAIN_HTTP if running.scheme == "http" else Security.OWN_CA
        row = Registry.objects.create(
            team=team,
            name=host or running.host,
            host=host or running.host,
            security=security,
            ca_certificate=running.ca_pem,
        )
        if running.username and with_credential:
            add_credential(row, running.username, running.password)
        return row

    return add


def add_credential(registry, username, password, **values):
    credential = Credential(
        team=registry.team, registry=registry, username=username, **{"label": username, **values}
    )
    credential.set_secret(password)
    credential.save()
    return credential


@pytest.fixture
def pull(team, alice):
    """Return a function that pulls in this process as Alice and returns the ended row."""

    def run(reference, **options):
        options = {"team": team, "user": alice, **options}
        return services.run_in_process(
            services.start_pull(reference=Reference.parse(reference), enqueue=False, **options)
        )

    return run


@pytest.fixture
def start(team, alice):
    """Return a function that starts a pull as Alice; with `enqueue=False` nothing runs it."""

    def run(reference, **options):
        return services.start_pull(
            team=team, user=alice, reference=Reference.parse(reference), **options
        )

    return run


@pytest.fixture
def line(team, registry, add_registry):
    """Return a line to the open registry that can be slow or hold a request, known to the team."""
    with slow_line(registry.port) as line:
        add_registry(team, registry, host=line.host)
        yield line


@pytest.fixture
def pushable(team, pull, registry, line, add_registry, image_factory):
    """Return a local image of four layers, and a reference through the line to a new repository."""
    add_registry(team, registry)
    image = image_factory(registry, layers=4, layer_size=1 << 20)
    pull(image.reference)
    target = Reference.parse(f"{line.host}/{registry.new_repository()}:1.0")
    services.start_tag(team=team, user=None, source=Reference.parse(image.reference), target=target)
    line.requests.clear()
    return image, target


@pytest.fixture
def publish(team, alice):
    def run(source, target, **options):
        endpoints = {"source": Reference.parse(source), "target": Reference.parse(target)}
        return services.run_in_process(
            services.start_publish(team=team, user=alice, enqueue=False, **endpoints, **options)
        )

    return run


@pytest.fixture
def faulty_registry(team, add_registry):
    """Return a scripted registry of the team, which is healthy until a test changes it."""
    with scripted_server() as server:
        registry = ScriptedRegistry(server)
        add_registry(team, registry)
        yield registry


@pytest.fixture
def short_limits(monkeypatch):
    monkeypatch.setattr("registry_ui.oci.registry_session.Limits", lambda: SHORT_LIMITS)


def blob_files(folder):
    return [path for path in (folder / "blobs").rglob("*") if path.is_file()]


def check_every_blob_hashes_to_its_name(folder):
    """Check I1 of the hardening list."""
    for path in blob_files(folder):
        assert hashlib.new(path.parent.parent.name, path.read_bytes()).hexdigest() == path.name, (
            path
        )


def states(transfer):
    """Return the states of the layers, without the config."""
    return [layer["state"] for layer in transfer.progress["layers"] if layer["kind"] == "layer"]
