import pytest
from django.core.exceptions import ValidationError

from registry_ui.credentials.services import remove_registry

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_used_registry_is_not_removed(alice, make_mirror):
    mirror = make_mirror("tests/needed")
    with pytest.raises(ValidationError, match=mirror.name):
        remove_registry(registry=mirror.target_registry, user=alice)
    assert mirror.__class__.objects.filter(pk=mirror.pk).exists()


def test_a_team_is_removed_with_its_mirrors(team, make_mirror):
    mirror = make_mirror("tests/needed")
    team.delete()
    assert not mirror.__class__.objects.exists()
