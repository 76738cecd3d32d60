"""Fixtures of the phases of a run: two registries in this process, and what a run opens."""

from contextlib import ExitStack

import pytest

from registry_ui.oci.store import Cancellation
from tests.transfers.mirrors.memory_registry import memory_registry
from tests.transfers.mirrors.rows import mirror_row, registry_row, run_row
from transfers.mirrors.models import MirrorRun
from transfers.mirrors.run.endpoints import Endpoints


@pytest.fixture
def hub():
    """A source in this process."""
    with memory_registry() as registry:
        yield registry


@pytest.fixture
def company():
    """A target in this process."""
    with memory_registry() as registry:
        yield registry


@pytest.fixture
def claimed_run(team, hub, company):
    """Return a function for a running run from the hub to the company's registry."""

    def claim(*repositories, run_values=(), **values) -> MirrorRun:
        endpoints = {
            "source": registry_row(team, "Hub", hub.host),
            "target": registry_row(team, "Company", company.host),
        }
        mirror = mirror_row(team, **{**endpoints, "repositories": list(repositories), **values})
        return MirrorRun.claim_for_run(run_row(mirror, **dict(run_values)).pk, "worker")

    return claim


@pytest.fixture
def open_endpoints():
    """Return a function that opens the endpoints of a run.

    The rights are checked for all of its repositories, or for `checked`.
    """
    with ExitStack() as opened:

        def open_for(run, *, checked=None, cancellation=None) -> Endpoints:
            endpoints = opened.enter_context(
                Endpoints(
                    run,
                    cancellation=cancellation or Cancellation(),
                    on_pause=lambda _seconds, _reason: None,
                )
            )
            for repository in run.mirror.repositories if checked is None else checked:
                endpoints.check_rights(repository, repository)
            return endpoints

        yield open_for
