"""Fixtures of registry rows."""

from tests.parts.registry_rows import (  # noqa: F401 - fixtures
    htmx,
    htpasswd_row,
    make_credential,
    make_registry,
)
