"""Registry rows: hosts, token servers, health, and rows that are gone."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from registry_ui.registries.models import Health, Registry, update_row, validate_host
from tests.parts.error_texts import stored_error

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


@pytest.mark.parametrize("host", ["registry.example.com", "127.0.0.1:5000", "[::1]:5000"])
def test_a_host_is_valid(host):
    validate_host(host)


@pytest.mark.parametrize("host", ["https://registry.example.com", "a b", "registry/path", ""])
def test_anything_else_is_refused(host):
    with pytest.raises(ValidationError):
        validate_host(host)


def test_health_is_written_with_its_time(make_registry):
    registry = make_registry()
    error = stored_error("It does not answer.")
    registry.mark_health(Health.FAILING, error)

    stored = Registry.objects.get(pk=registry.pk)
    assert (stored.health, stored.health_error) == (Health.FAILING, error)
    assert list(Registry.objects.failing()) == [registry]


def test_a_row_that_was_removed_does_not_come_back(make_registry):
    registry = make_registry()
    Registry.objects.filter(pk=registry.pk).delete()

    update_row(registry, name="Again")

    assert registry.name == "Again"
    assert not Registry.objects.filter(pk=registry.pk).exists()


def test_overdue_checks_come_oldest_first(make_registry):
    now = timezone.now()
    for hours, host in ((2, "b.example.com"), (3, "a.example.com"), (0, "c.example.com")):
        make_registry(host=host, checked_at=now - timedelta(hours=hours))

    overdue = Registry.objects.overdue(timedelta(hours=1)).values_list("host", flat=True)

    assert list(overdue) == ["a.example.com", "b.example.com"]


def test_token_servers_are_the_providers_and_the_approved_ones(make_registry):
    registry = make_registry(
        host="registry.cn-hangzhou.aliyuncs.com",
        provider="aliyun_acr",
        token_hosts=["auth.example.com", "[::1]"],
    )

    assert "dockerauth.cn-hangzhou.aliyuncs.com" in registry.approved_token_hosts
    assert registry.approved_token_hosts[-2:] == ("auth.example.com", "::1")


def test_credentials_are_counted_and_names_sorted_without_case(make_registry, make_credential):
    registry = make_registry(name="beta")
    make_registry(host="a.example.com", name="Alpha")
    make_credential(registry)

    rows = Registry.objects.filter(host__endswith="example.com").with_credential_counts()

    assert [(row.name, row.credential_count) for row in rows] == [("Alpha", 0), ("beta", 1)]
