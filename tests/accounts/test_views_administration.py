"""Administration pages: teams and people."""

import re

import pytest
from django.urls import reverse

from registry_ui.accounts.models import Membership, Role, Team, User
from registry_ui.accounts.sign_in.confirmation import OPENING_SECONDS
from tests.accounts.test_views_team import PAYLOAD, old_session
from transfers.models import Kind, State, Transfer

pytestmark = pytest.mark.django_db

TEAMS = reverse("accounts:administration")
PEOPLE = reverse("accounts:administration_people")


def person_url(person, act=""):
    return reverse(f"accounts:administration_person{act}", args=[person.pk])


@pytest.fixture
def client(client_for, ingrid):
    return client_for(ingrid)


# --- teams


def test_all_teams_are_listed_with_their_admins(client, team, other_team, alice, bob, charlie):
    page = client.get(TEAMS).text
    assert "Harbour" in page
    assert "Lighthouse" in page


def test_an_administrator_opens_any_team(client, team, other_team):
    response = client.post(
        reverse("accounts:switch_team"),
        {"team": other_team.pk, "next": reverse("accounts:team")},
        follow=True,
    )
    assert "Lighthouse" in response.text
    assert "Nobody is in this team" in response.text


@pytest.mark.parametrize("admin", ["bob", "bob@example.com", "BOB@example.com"])
def test_a_team_is_created_with_its_first_admin(client, bob, admin):
    assert (
        client.post(
            reverse("accounts:administration_team_add"), {"name": "Pier", "admin": admin}
        ).url
        == TEAMS
    )
    assert bob.role_in(Team.objects.get(name="Pier")) == Role.ADMIN


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


# --- people


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


@pytest.mark.parametrize("query", ["state=odd", "after=" + "x" * 2000, "before=a~b"])
def test_an_invalid_filter_is_refused(client, query):
    assert client.get(f"{PEOPLE}?{query}").status_code == 400


def test_the_page_of_a_person_shows_teams_and_jobs(client, team, other_team, bob):
    Membership.objects.create(team=other_team, user=bob, role=Role.VIEWER)
    Transfer.objects.create(team=team, user=bob, kind=Kind.PULL, source="a/b:1", target="a/b:1")
    page = client.get(person_url(bob)).text
    for text in ("Harbour", "Lighthouse", "bob@example.com", "a/b:1"):
        assert text in page


def test_changing_a_role_returns_to_the_page_of_the_person(client, team, alice, bob):
    membership = Membership.objects.get(user=bob)
    url = reverse("accounts:team_member_role", args=[membership.pk])
    assert f"{url}?next={person_url(bob)}" in client.get(person_url(bob)).text
    assert client.post(url, {"role": "viewer", "next": person_url(bob)}).url == person_url(bob)


def test_a_person_is_added_to_a_team(client, team, charlie):
    assert (
        client.post(
            person_url(charlie), {"add": "team", "team": team.pk, "role": "operator"}
        ).status_code
        == 302
    )
    assert charlie.role_in(team) == Role.OPERATOR


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"add": "team"},
        {"add": "team", "team": 99, "role": "viewer"},
        {"explode": "1"},
        {"is_superuser": "on"},
    ],
)
def test_an_unknown_action_changes_nothing(client, charlie, values):
    assert client.post(person_url(charlie), values).status_code == 422
    charlie.refresh_from_db()
    assert (charlie.is_superuser, charlie.is_active, charlie.memberships.count()) == (
        False,
        True,
        1,
    )


def test_an_administrator_is_promoted_and_demoted(client, alice):
    client.post(person_url(alice), {"promote": "1"})
    assert User.objects.get(pk=alice.pk).is_superuser
    client.post(person_url(alice), {"demote": "1"})
    assert not User.objects.get(pk=alice.pk).is_superuser


def test_changing_the_last_administrator_is_refused_with_a_reason(client, ingrid):
    for url, values in (
        (person_url(ingrid), {"demote": "1"}),
        (person_url(ingrid, "_deactivate"), {}),
    ):
        response = client.post(url, values)
        assert response.status_code == 422
        assert "last administrator of the installation" in response.text


def test_a_person_is_deactivated_and_activated(client, client_for, team, alice):
    hers = client_for(alice)
    assert "No admin is left then in: Harbour" in client.get(person_url(alice, "_deactivate")).text
    client.post(person_url(alice, "_deactivate"))
    assert hers.get(reverse("web:overview")).status_code == 302
    assert "deactivated" in client.get(person_url(alice)).text
    client.post(person_url(alice), {"activate": "1"})
    assert User.objects.get(pk=alice.pk).role_in(team) == Role.ADMIN


def test_jobs_of_a_deactivated_person_are_handed_over(client, team, other_team, alice, bob):
    Membership.objects.create(team=other_team, user=bob, role=Role.OPERATOR)
    for its_team in (team, other_team):
        Transfer.objects.create(
            team=its_team,
            user=bob,
            requested_by="bob",
            kind=Kind.PULL,
            source="a/b:1",
            target="a/b:1",
        )

    client.post(person_url(bob, "_deactivate"), {"work": str(alice.pk)})

    assert Transfer.objects.get(team=team).requested_by == "alice"
    assert Transfer.objects.get(team=other_team).state == State.CANCELLED


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


def test_the_pages_are_for_administrators_only(client_for, team, alice):
    client = client_for(alice)
    for path in (TEAMS, PEOPLE, person_url(alice)):
        response = client.get(path)
        assert response.status_code == 403
        assert "administrators of the installation" in response.text
    assert TEAMS not in client.get(reverse("accounts:team")).text
