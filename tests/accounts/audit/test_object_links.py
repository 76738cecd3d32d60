import pytest
from django.urls import reverse

from registry_ui.accounts.audit.object_links import object_urls
from registry_ui.accounts.models import AuditEvent
from registry_ui.registries.models import Registry

pytestmark = pytest.mark.django_db


def event_about(kind, key):
    return AuditEvent(object_kind=kind, object_key=str(key))


@pytest.fixture
def registry(team):
    return Registry.objects.create(team=team, name="Lab", host="lab.example")


def test_an_object_that_the_person_sees_has_the_url_of_its_page(registry, alice):
    urls = object_urls([event_about("registry", registry.pk)], alice)

    assert urls == {
        ("registry", str(registry.pk)): reverse("registries:detail", args=[registry.pk])
    }


def test_objects_of_other_teams_have_no_url(registry, other_team, alice):
    hidden = Registry.objects.create(team=other_team, name="Theirs", host="theirs.example")

    assert object_urls([event_about("registry", hidden.pk)], alice) == {}


@pytest.mark.parametrize(
    ("kind", "key"), [("registry", 999_999), ("registry", "no number"), ("unknown", 1)]
)
def test_removed_objects_odd_keys_and_unknown_kinds_have_no_url(kind, key, alice):
    assert object_urls([event_about(kind, key)], alice) == {}


def test_one_query_serves_all_objects_of_a_kind(team, alice, django_assert_max_num_queries):
    rows = [
        Registry.objects.create(team=team, name=f"R{number}", host=f"r{number}.example")
        for number in range(5)
    ]

    with django_assert_max_num_queries(2):
        assert len(object_urls([event_about("registry", row.pk) for row in rows], alice)) == 5
