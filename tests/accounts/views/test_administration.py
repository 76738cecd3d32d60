import re

import pytest
from django.urls import reverse

from registry_ui.accounts.models import Role, Team, User
from registry_ui.accounts.sign_in.confirmation import OPENING_SECONDS
from tests.accounts.views.test_team import PAYLOAD, old_session
from transfers.models import Kind, State, Transfer

pytestmark = pytest.mark.django_db


TEAMS = reverse("accounts:administration")


PEOPLE = reverse("accounts:administration_people")


def person_url(person, act=""):
    return reverse(f"accounts:administration_person{act}", args=[person.pk])


@pytest.fixture
def client(client_for, ingrid):
    return client_for(ingrid)


def test_all_teams_are_listed_with_their_admins(client, team, other_team, alice, bob, charlie):
    page = client.get(TEAMS).text
    assert "Harbour" in page
    assert "Lighthouse" in page


@pytest.mark.parametrize("admin", ["bob", "bob@example.com", "BOB@example.com"])
def test_a_team_is_created_with_its_first_admin(client, bob, admin):
    assert (
        client.post(
            reverse("accounts:administration_team_add"), {"name": "Pier", "admin": admin}
        ).url
        == TEAMS
    )
    assert bob.role_in(Team.objects.get(name="Pier")) == Role.ADMIN


def test_a_team_is_removed_after_typing_its_name(client, team, other_team, alice):
    url = reverse("accounts:administration_team_remove", args=[team.pk])
    page = client.get(url).text
    assert re.search(r"[1-9] registr(y|ies), with (its|their) index", page)
    assert "1 membership" in page
    for name in ("", "harbour", "Lighthouse"):
        assert client.post(url, {"name": name}).status_code == 422
    assert client.post(url, {"name": "Harbour"}).url == TEAMS
    assert Team.objects.get() == other_team


def test_active_jobs_are_cancelled_before_a_team_is_removed(client, team, other_team, alice):
    rows = [
        Transfer.objects.create(
            team=team, user=person, kind=Kind.PULL, state=state, source="a/b:1", target="a/b:1"
        )
        for person, state in ((alice, State.QUEUED), (None, State.QUEUED), (alice, State.RUNNING))
    ]
    url = reverse("accounts:administration_team_remove", args=[team.pk])
    assert "End all of it" in client.get(url).text
    assert client.post(url, {"name": "Harbour"}).status_code == 422

    client.post(url, {"end": "all"})

    assert [Transfer.objects.get(pk=row.pk).state for row in rows] == [
        "cancelled",
        "cancelled",
        "running",
    ]
    assert client.post(url, {"name": "Harbour"}).status_code == 422
    Transfer.objects.filter(pk=rows[2].pk).update(state=State.CANCELLED)
    assert client.post(url, {"name": "Harbour"}).status_code == 302


def test_the_only_team_has_no_button(client, team):
    url = reverse("accounts:administration_team_remove", args=[team.pk])
    assert "This is the only team." in client.get(url).text
    assert client.post(url, {"name": "Harbour"}).status_code == 422


@pytest.fixture
def many_people(db):
    User.objects.bulk_create(
        User(username=f"person{number:03}", email=f"p{number}@example.com") for number in range(120)
    )


def names_on(response):
    # Django's client does not see the template of a fragment.
    return [person.username for person in response.context["page"].rows] if response.context else []


def test_people_are_paginated(client, many_people):
    seen, query = [], ""
    for _page in range(4):
        response = client.get(f"{PEOPLE}{query}")
        seen += names_on(response)
        query = f"?after={response.context['page'].next}"
        if not response.context["page"].next:
            break
    assert seen == sorted(User.objects.values_list("username", flat=True))
    back = client.get(f"{PEOPLE}?before=person060")
    assert names_on(back)[-1] == "person059"


@pytest.mark.parametrize("query", ["state=odd", "after=" + "x" * 2000, "before=a~b"])
def test_an_invalid_filter_is_refused(client, query):
    assert client.get(f"{PEOPLE}?{query}").status_code == 400


def test_changing_people_needs_a_recent_sign_in(client, team, other_team, alice):
    old_session(client, OPENING_SECONDS + 1)
    team_pages = [
        reverse(f"accounts:administration_team_{act}", args=[team.pk]) for act in ("edit", "remove")
    ]
    for url in [
        person_url(alice),
        person_url(alice, "_deactivate"),
        reverse("accounts:administration_team_add"),
        *team_pages,
    ]:
        assert client.get(url).url.startswith(reverse("account_reauthenticate")), url


def test_markup_in_names_is_escaped(client, team, other_team, alice):
    """HARDENING 35"""
    Team.objects.filter(pk=team.pk).update(name=PAYLOAD)
    User.objects.filter(pk=alice.pk).update(username=PAYLOAD, first_name=PAYLOAD, email=PAYLOAD)
    removal = reverse("accounts:administration_team_remove", args=[team.pk])
    for path in (TEAMS, PEOPLE, person_url(alice), person_url(alice, "_deactivate"), removal):
        text = client.get(path).text
        assert "<img" not in text, path
        assert "&lt;img" in text, path
