import pytest
from django.urls import reverse

from registry_ui.accounts.models import User

pytestmark = pytest.mark.django_db


TEAMS = reverse("accounts:administration")


PEOPLE = reverse("accounts:administration_people")


def person_url(person, act=""):
    return reverse(f"accounts:administration_person{act}", args=[person.pk])


@pytest.fixture
def client(client_for, ingrid):
    return client_for(ingrid)


def test_an_administrator_opens_any_team(client, team, other_team):
    response = client.post(
        reverse("accounts:switch_team"),
        {"team": other_team.pk, "next": reverse("accounts:team")},
        follow=True,
    )
    assert "Lighthouse" in response.text
    assert "Nobody is in this team" in response.text


def names_on(response):
    # Django's client does not see the template of a fragment.
    return [person.username for person in response.context["page"].rows] if response.context else []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=liddell", ["alice"]),
        ("q=alice+lid", ["alice"]),
        ("q=bob@", ["bob"]),
        ("q=zzz", []),
        ("q=%00", ["alice", "bob", "gone", "ingrid"]),
        ("state=deactivated", ["gone"]),
        ("state=active&q=o", ["alice", "bob", "ingrid"]),
        ("state=administrators", ["ingrid"]),
    ],
)
def test_people_are_found(client, alice, bob, query, names):
    User.objects.filter(pk=alice.pk).update(last_name="Liddell")
    User.objects.create_user("gone", is_active=False)
    for headers in ({}, {"HX-Request": "true"}):
        response = client.get(f"{PEOPLE}?{query}", headers=headers)
        assert names_on(response) == names
        assert ("<html" in response.text) == (not headers)


def test_the_pages_are_for_administrators_only(client_for, team, alice):
    client = client_for(alice)
    for path in (TEAMS, PEOPLE, person_url(alice)):
        response = client.get(path)
        assert response.status_code == 403
        assert "administrators of the installation" in response.text
    assert TEAMS not in client.get(reverse("accounts:team")).text
