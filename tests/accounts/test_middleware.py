from django.urls import reverse

from registry_ui.accounts.models import Membership, Role, User


def test_the_first_team_is_the_current_one(client_for, alice, team):
    request = client_for(alice).get(reverse("accounts:preferences")).wsgi_request
    assert (request.team, request.role, request.teams) == (team, Role.ADMIN, [team])


def test_a_person_without_a_team_has_none(client_for, db):
    loner = User.objects.create_user("loner")
    response = client_for(loner).get(reverse("web:overview"))
    assert (response.wsgi_request.team, response.wsgi_request.role) == (None, None)
    assert "You are in no team yet" in response.text


def test_the_selected_team_is_stored(client_for, alice, other_team):
    Membership.objects.create(team=other_team, user=alice, role=Role.VIEWER)
    client = client_for(alice)
    response = client.post(reverse("accounts:switch_team"), {"team": other_team.pk})
    assert response.status_code == 302
    request = client.get(reverse("accounts:preferences")).wsgi_request
    assert (request.team, request.role) == (other_team, Role.VIEWER)


def test_a_team_that_the_person_left_is_forgotten(client_for, alice, team, other_team):
    membership = Membership.objects.create(team=other_team, user=alice)
    client = client_for(alice)
    client.post(reverse("accounts:switch_team"), {"team": other_team.pk})
    membership.delete()
    assert client.get(reverse("accounts:preferences")).wsgi_request.team == team


def test_outsider_cannot_switch_into_a_team(client_for, alice, team, other_team):
    client = client_for(alice)
    assert client.post(reverse("accounts:switch_team"), {"team": other_team.pk}).status_code == 404
    assert client.post(reverse("accounts:switch_team"), {"team": "x"}).status_code == 404
    assert client.get(reverse("accounts:preferences")).wsgi_request.team == team


def test_switching_needs_a_post(client_for, alice):
    assert client_for(alice).get(reverse("accounts:switch_team")).status_code == 405


def test_switching_never_leads_to_another_site(client_for, alice, team):
    client = client_for(alice)
    for url in (
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
    ):
        response = client.post(reverse("accounts:switch_team"), {"team": team.pk, "next": url})
        assert response.headers["Location"] == reverse("web:overview")
    response = client.post(
        reverse("accounts:switch_team"), {"team": team.pk, "next": "/preferences/"}
    )
    assert response.headers["Location"] == "/preferences/"


def test_only_people_of_several_teams_have_the_switcher(client_for, alice, other_team):
    client = client_for(alice)
    assert reverse("accounts:switch_team") not in client.get(reverse("accounts:preferences")).text
    Membership.objects.create(team=other_team, user=alice)
    assert reverse("accounts:switch_team") in client.get(reverse("accounts:preferences")).text
