"""Operations on registries."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from registry_ui.accounts.models import Action, AuditEvent
from registry_ui.registries.builtin_registry import builtin_registry_host
from registry_ui.registries.models import Registry
from registry_ui.registries.services import (
    add_builtin_registry,
    add_registry,
    change_registry,
    find_registry,
    remove_registry,
)

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

VALUES = {
    "name": "Ours",
    "host": "registry.example.com",
    "security": "verify",
    "ca_certificate": "",
    "token_hosts": [],
    "index_hours": 6,
    "namespaces": [],
}


@pytest.fixture
def ours(team, alice):
    return add_registry(team=team, user=alice, provider="private", values=VALUES)


def test_a_new_registry_is_indexed_soon_and_recorded(ours):
    assert Registry.objects.get(pk=ours.pk).next_index_at <= timezone.now()
    assert AuditEvent.objects.get(action=Action.REGISTRY_ADDED).details["host"] == ours.host
    assert find_registry(ours.team, ours.host) == ours


def test_a_change_records_the_changed_fields_only(ours, alice):
    change_registry(registry=ours, user=alice, values={**VALUES, "name": "Renamed"})

    assert AuditEvent.objects.get(action=Action.REGISTRY_CHANGED).details["changed"] == ["name"]


def test_the_host_stays_while_there_are_credentials(ours, alice, make_credential):
    make_credential(ours)

    with pytest.raises(ValidationError):
        change_registry(registry=ours, user=alice, values={**VALUES, "host": "other.example.com"})


def test_only_admins_of_the_team_change_its_registries(ours, team, bob):
    with pytest.raises(PermissionDenied):
        add_registry(team=team, user=bob, provider="private", values={**VALUES, "host": "b.test"})
    with pytest.raises(PermissionDenied):
        change_registry(registry=ours, user=bob, values={**VALUES, "name": "Renamed"})
    with pytest.raises(PermissionDenied):
        remove_registry(registry=ours, user=bob)

    ours.refresh_from_db()
    assert ours.name == VALUES["name"]


def test_a_registry_that_was_removed_meanwhile_is_not_changed(ours, alice):
    Registry.objects.filter(pk=ours.pk).delete()

    with pytest.raises(ValidationError, match="removed meanwhile"):
        change_registry(registry=ours, user=alice, values=VALUES)


def test_the_builtin_registry_is_neither_changed_nor_removed(team, alice):
    builtin = Registry.objects.builtin().get(team=team)

    with pytest.raises(PermissionDenied):
        change_registry(registry=builtin, user=alice, values=VALUES)
    with pytest.raises(PermissionDenied):
        remove_registry(registry=builtin, user=alice)


def test_the_builtin_registry_follows_the_address_of_the_installation(team, settings):
    settings.URL = "https://new.example.com"

    assert add_builtin_registry(team).host == "new.example.com"
    assert Registry.objects.builtin().filter(team=team).count() == 1


def test_an_ordinary_row_of_the_new_address_becomes_the_builtin_registry(
    team, settings, make_registry
):
    ordinary = make_registry(host="new.example.com")
    settings.URL = "https://new.example.com"

    assert add_builtin_registry(team).pk == ordinary.pk
    assert builtin_registry_host() == "new.example.com"
    rows = Registry.objects.builtin().filter(team=team)
    assert [row.host for row in rows] == ["new.example.com"]
