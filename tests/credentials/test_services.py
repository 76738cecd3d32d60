import pytest
from django.core.exceptions import ValidationError

from registry_ui.credentials import services
from registry_ui.registries.models import Health, Registry

REGISTRY = {
    "name": "Ours",
    "host": "registry.example.com",
    "security": "verify",
    "ca_certificate": "",
    "token_hosts": [],
    "index_hours": 6,
    "namespaces": [],
}


@pytest.fixture
def row(make_registry):
    return make_registry(host="registry.example.com")


def test_the_same_host_twice_at_the_same_moment_is_a_sentence(team, alice) -> None:
    services.add_registry(team=team, user=alice, provider="private", values=REGISTRY)
    with pytest.raises(ValidationError, match="already"):
        services.add_registry(team=team, user=alice, provider="private", values=REGISTRY)
    assert Registry.objects.filter(host="registry.example.com").count() == 1


def test_the_host_is_not_changed_under_a_credential_that_was_added_meanwhile(
    row, alice, make_credential
) -> None:
    make_credential(row)
    with pytest.raises(ValidationError, match="never sent to another"):
        services.change_registry(
            registry=row, user=alice, values={**REGISTRY, "host": "evil.example.com"}
        )


def test_plain_http_is_written_to_the_log(team, alice, caplog) -> None:
    caplog.set_level("INFO")
    services.add_registry(
        team=team, user=alice, provider="private", values={**REGISTRY, "security": "plain_http"}
    )
    assert "alice chose plain HTTP for registry.example.com" in caplog.text


def test_a_check_that_is_overdue_is_made_again(make_registry, registry) -> None:
    from datetime import timedelta

    from django.utils import timezone

    back, never = make_registry(registry), make_registry(host="127.0.0.1:1")
    back.mark_health(Health.FAILING, "gone")
    Registry.objects.filter(pk=back.pk).update(checked_at=timezone.now() - timedelta(hours=2))
    assert services.check_overdue_registries(age=timedelta(hours=1), limit=10) == 1
    back.refresh_from_db()
    never.refresh_from_db()
    assert (back.health, never.health) == (Health.HEALTHY, Health.UNKNOWN)


def test_other_namespaces_are_listed_soon(row, alice) -> None:
    services.change_registry(registry=row, user=alice, values={**REGISTRY, "index_hours": 24})
    row.refresh_from_db()
    assert (row.index_hours, row.next_index_at) == (24, None)
    services.change_registry(registry=row, user=alice, values={**REGISTRY, "namespaces": ["acme"]})
    row.refresh_from_db()
    assert row.namespaces == ["acme"]
    assert row.next_index_at is not None
