import pytest
from django.urls import reverse

from registry_ui.accounts.models import Membership, Role, Team, User
from transfers.models import Kind, Transfer

pytestmark = pytest.mark.django_db


def person_url(person, act=""):
    return reverse(f"accounts:administration_person{act}", args=[person.pk])


@pytest.fixture
def client(client_for, ingrid):
    return client_for(ingrid)


@pytest.mark.parametrize(
    "values",
    [
        {"name": "harbour", "admin": "ingrid"},
        {"name": "Pier", "admin": "nobody"},
        {"name": "Pier", "admin": "gone"},
        {"name": "", "admin": "ingrid"},
        {"name": "Pier", "admin": ""},
    ],
)
def test_an_invalid_team_is_explained_in_the_form(client, team, values):
    User.objects.create_user("gone", is_active=False)
    assert client.post(reverse("accounts:administration_team_add"), values).status_code == 422
    assert Team.objects.count() == 1


def test_the_page_of_a_person_shows_teams_and_jobs(client, team, other_team, bob):
    Membership.objects.create(team=other_team, user=bob, role=Role.VIEWER)
    Transfer.objects.create(team=team, user=bob, kind=Kind.PULL, source="a/b:1", target="a/b:1")
    page = client.get(person_url(bob)).text
    for text in ("Harbour", "Lighthouse", "bob@example.com", "a/b:1"):
        assert text in page
