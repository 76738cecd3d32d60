"""Fixtures of registry rows."""

from collections.abc import Iterator

import pytest

from registry_ui.registries.models import Registry
from tests.parts.registry_rows import (  # noqa: F401 - fixtures
    htmx,
    htpasswd_row,
    make_credential,
    make_registry,
)
from tests.parts.slow_line import SlowLine, slow_line


@pytest.fixture
def line(own_registry) -> Iterator[SlowLine]:
    with slow_line(own_registry.port) as line:
        yield line


@pytest.fixture
def row(make_registry, line) -> Registry:  # noqa: F811
    """The team's registry behind the proxy; no other test uses it."""
    return make_registry(host=line.host, security="plain_http")
