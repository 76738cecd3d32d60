import pytest

from registry_ui.registries.models import Health, Registry


@pytest.fixture
def row(make_registry):
    return make_registry(host="registry.example.com")


def test_a_result_for_a_removed_row_is_dropped(row, make_credential) -> None:
    credential = make_credential(row)
    Registry.objects.filter(pk=row.pk).delete()
    row.mark_health(Health.FAILING, "gone")
    credential.mark_used()
    assert not Registry.objects.filter(pk=row.pk).exists()
