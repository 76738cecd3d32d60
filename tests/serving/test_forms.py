import pytest
from django.urls import reverse

from registry_ui.images.models import ImmutableTagRule

pytestmark = pytest.mark.django_db


VALUES = {"repository_pattern": "app", "tag_pattern": "v*"}


@pytest.fixture
def rule(team, alice):
    return ImmutableTagRule.objects.create(team=team, created_by=alice, **VALUES)


@pytest.mark.parametrize(
    "values", [VALUES, {**VALUES, "tag_pattern": ""}, {**VALUES, "tag_pattern": "v" * 200}]
)
def test_an_invalid_or_duplicate_rule_is_an_error_on_its_field(client_for, alice, rule, values):
    answer = client_for(alice).post(reverse("builtin_registry:rule_add"), {**values, "team": 1})
    assert answer.status_code == 422
    assert ImmutableTagRule.objects.count() == 1
