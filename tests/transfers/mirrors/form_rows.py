"""Registries with an index, and a filled form of a mirror between them."""

import pytest

from tests.parts.index_rows import make_image, make_repository
from tests.transfers.mirrors.rows import registry_row


@pytest.fixture
def source(team):
    registry = registry_row(team, "Hub", "hub.example.com")
    image, other = make_image(registry, ("a", 10)), make_image(registry, ("b", 20))
    make_repository(
        registry,
        "shop/app",
        {"1.27.1": image, "1.27.2": image, "1.28.0-rc.1": other, "latest": image},
    )
    make_repository(registry, "shop/worker", {"2.0": other})
    make_repository(registry, "tools/builder", {"1": image})
    return registry


@pytest.fixture
def target(team):
    registry = registry_row(team, "Company", "company.example.com")
    make_repository(registry, "shop/app", {"1.27.2": make_image(registry, ("c", 10))})
    return registry


@pytest.fixture
def filled(source, target):
    def fill(**values):
        return {
            "name": "Nightly",
            "source_registry": source.pk,
            "repositories": "shop/*",
            "target_registry": target.pk,
            "naming": "keep",
            "platforms_choice": "all",
            "referrers": "on",
            "conflict_policy": "overwrite",
            "delete_cap": "10",
            "verify": "on",
            "frequency": "nightly",
            "at": "02:30",
            "time_zone": "Europe/Berlin",
            "jitter": "0",
            "notification_policy": "recovery",
            "per": "minor",
            **values,
        }

    return fill
