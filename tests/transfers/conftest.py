"""Registries of a team in the database, and blobs on disk held against their names."""

import hashlib

import pytest

from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Credential, Registry, Security
from transfers import services


@pytest.fixture
def add_registry():
    """Make a running registry, or a line to it, known to a team."""

    def add(team, running, *, host=None, with_credential=True):
        security = Security.PLAIN_HTTP if running.scheme == "http" else Security.OWN_CA
        row = Registry.objects.create(
            team=team, name=host or running.host, host=host or running.host, security=security, ca_certificate=running.ca_pem
        )
        if running.username and with_credential:
            add_credential(row, running.username, running.password)
        return row

    return add


def add_credential(registry, username, password, **values):
    credential = Credential(team=registry.team, registry=registry, username=username, **{"label": username, **values})
    credential.set_secret(password)
    credential.save()
    return credential


@pytest.fixture
def pull(team, alice):
    """Pull here and now, as Alice; returns the row in its end state."""

    def run(reference, **options):
        options = {"team": team, "user": alice, **options}
        return services.run_here(services.start_pull(reference=Reference.parse(reference), enqueue=False, **options))

    return run


@pytest.fixture
def publish(team, alice):
    def run(source, target, **options):
        ends = {"source": Reference.parse(source), "target": Reference.parse(target)}
        return services.run_here(services.start_publish(team=team, user=alice, enqueue=False, **ends, **options))

    return run


def blob_files(folder):
    return [path for path in (folder / "blobs").rglob("*") if path.is_file()]


def check_every_blob_hashes_to_its_name(folder):
    """I1 of the hardening list."""
    for path in blob_files(folder):
        assert hashlib.new(path.parent.parent.name, path.read_bytes()).hexdigest() == path.name, path


def states(transfer):
    """The states of the layers, without the config."""
    return [layer["state"] for layer in transfer.progress["layers"] if layer["kind"] == "layer"]
