"""Fixtures with rows of registries and credentials."""

from collections.abc import Callable
from typing import Any

import pytest

CANARY = "canary-5ecret-8f1d27b3a9"


@pytest.fixture
def make_registry(team) -> Callable[..., Any]:
    """Return a factory of rows for hosts and for the real registries."""

    def make(running: Any = None, **values: Any):
        from registry_ui.registries.models import Registry, Security

        if running is not None:
            values.setdefault("host", running.host)
            values.setdefault(
                "security", Security.OWN_CA if running.ca_pem else Security.PLAIN_HTTP
            )
            values.setdefault("ca_certificate", running.ca_pem)
        values.setdefault("host", "registry.example.com")
        values.setdefault("team", team)
        values.setdefault("name", values["host"])
        return Registry.objects.create(**values)

    return make


@pytest.fixture
def make_credential() -> Callable[..., Any]:
    def make(
        registry: Any, username: str = "robot", secret: str = "secret-of-the-tests", **values: Any
    ):
        from registry_ui.credentials.models import Credential

        credential = Credential(
            team=registry.team,
            registry=registry,
            username=username,
            **{"label": username, **values},
        )
        credential.set_secret(secret)
        credential.save()
        return credential

    return make


@pytest.fixture
def htpasswd_row(make_registry, htpasswd_registry):
    return make_registry(htpasswd_registry, name="Ours")


@pytest.fixture
def htmx() -> dict[str, str]:
    return {"HX-Request": "true"}
