"""Fixtures of mirrors between two real registries."""

import pytest

from registry_ui.registries.models import Registry, Security
from tests.transfers.mirrors import rows
from transfers.mirrors.models import MirrorRun
from transfers.mirrors.services import (
    create_mirror,
    run_in_process,
    start_local_pull,
    start_plan,
    start_run,
)


def registry_row(team, host: str, name: str) -> Registry:
    row, _made = Registry.objects.get_or_create(
        team=team,
        host=host,
        defaults={"name": name, "security": Security.PLAIN_HTTP, "provider": "private"},
    )
    return row


@pytest.fixture
def make_mirror(team, registry, second_registry):
    """Create a mirror from the first registry to the second, or as `values` say."""

    def make(*repositories: str, source=None, target=None, **values):
        endpoints = {
            "source_registry": registry_row(team, (source or registry).host, "Source"),
            "target_registry": registry_row(team, (target or second_registry).host, "Target"),
        }
        return create_mirror(
            team=team,
            user=None,
            values={
                "name": f"Mirror of {repositories[0]}",
                **endpoints,
                "repositories": list(repositories),
                **values,
            },
        )

    return make


@pytest.fixture
def run_mirror(transactional_db):
    def run(mirror, **options) -> MirrorRun:
        return run_in_process(
            start_run(mirror=mirror, user=options.pop("user", None), enqueue=False, **options)
        )

    return run


@pytest.fixture
def plan_mirror(transactional_db):
    def plan(mirror) -> MirrorRun:
        return run_in_process(start_plan(mirror=mirror, user=None, enqueue=False))

    return plan


@pytest.fixture
def pull_to_local(transactional_db):
    """Pull the images of a mirror between registries to the local images."""

    def pull(mirror, **options) -> MirrorRun:
        return run_in_process(
            start_local_pull(
                mirror=mirror, user=options.pop("user", None), enqueue=False, **options
            )
        )

    return pull


@pytest.fixture
def registries(team):
    """Registries of the team with the hosts that the imported files name, by name."""
    hosts = {
        "Docker Hub": "docker.io",
        "Hub": "hub.example.com",
        "Company": "company.example.com",
    }
    return {name: rows.registry_row(team, name, host) for name, host in hosts.items()}
