"""Fixtures of registry rows."""

from tests.parts.registry_rows import (  # noqa: F401 - fixtures
    htmx,
    htpasswd_row,
    make_credential,
    make_registry,
)
from tests.parts.repository_lists import list_of, other_server, server  # noqa: F401 - fixtures
