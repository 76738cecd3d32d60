from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registry_ui.accounts.models import ApiToken, Role, Scope
from registry_ui.accounts.sign_in.confirmation import SESSION_KEY
from registry_ui.accounts.tokens import service

pytestmark = pytest.mark.django_db
OWN, ADD, ROBOTS, ROBOT_ADD = (
    reverse(f"accounts:{name}")
    for name in ("tokens", "tokens_add", "team_tokens", "team_tokens_add")
)
VALUES = {"name": "ci of the shop", "scope": "read", "team": "", "days": "90"}


def make(by, name="ci", scope=Scope.READ, team=None, **more):
    return service.create_token(
        by=by,
        name=name,
        scope=scope,
        team=team,
        expires_at=timezone.now() + timedelta(days=30),
        **more,
    )


@pytest.mark.parametrize("scope", ["transfer", "admin"])
def test_a_viewer_can_create_a_read_token_only(client_for, victor, scope):
    client = client_for(victor)
    page = client.get(ADD).text
    assert 'value="read"' in page
    assert f'value="{scope}"' not in page
    assert client.post(ADD, VALUES | {"scope": scope}).status_code == 422
    assert not ApiToken.objects.exists()


def test_an_operator_cannot_create_a_wide_token_where_they_are_viewer(client_for, bob, other_team):
    other_team.memberships.create(user=bob, role=Role.VIEWER)
    page = client_for(bob).post(ADD, VALUES | {"scope": "transfer", "team": other_team.pk})
    assert page.status_code == 422
    assert "Your role does not reach that far" in page.text
    assert not ApiToken.objects.exists()


def test_a_team_of_others_cannot_be_chosen(client_for, charlie, team):
    """HARDENING 28, also with forged fields."""
    for url in (ADD, ROBOT_ADD):
        client_for(charlie).post(
            url, VALUES | {"team": team.pk, "user": 1, "is_robot": "1", "robot_team": team.pk}
        )
    assert not ApiToken.objects.filter(team=team).exists()


def test_the_longest_lifetime_is_a_setting(client_for, alice, settings):
    settings.TOKEN_MAX_DAYS = 10
    page = client_for(alice).get(ADD).text
    assert "in 7 days" in page
    assert "in 30 days" not in page
    settings.TOKEN_MAX_DAYS = 0
    assert "never" in client_for(alice).get(ADD).text


@pytest.mark.parametrize("url", [ADD, ROBOT_ADD])
def test_a_new_token_needs_a_recent_sign_in(client_for, alice, url):
    client = client_for(alice)
    session = client.session
    session[SESSION_KEY] = 0
    session.save()
    for answer in (client.get(url), client.post(url, VALUES)):
        assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert not ApiToken.objects.exists()


def test_people_without_a_team_cannot_create_tokens(client_for, bob):
    bob.memberships.all().delete()
    client = client_for(bob)
    assert ADD not in client.get(OWN).text
    assert client.post(ADD, VALUES).status_code == 422


# --- robots


def test_an_outsider_sees_no_robots(client_for, alice, charlie, team):
    robot = make(alice, "secret-robot", team=team, is_robot=True)[0]
    assert "secret-robot" not in client_for(charlie).get(ROBOTS).text
    assert (
        client_for(charlie).post(reverse("accounts:tokens_revoke", args=[robot.pk])).status_code
        == 404
    )


# --- revocation


def test_revoking_asks_first_and_works_at_once(client_for, alice):
    token, secret = make(alice)
    url, client = reverse("accounts:tokens_revoke", args=[token.pk]), client_for(alice)
    assert "cannot be undone" in client.get(url).text
    assert service.authenticate(secret, None)
    assert client.post(url).headers["Location"] == OWN
    with pytest.raises(service.TokenRefused):
        service.authenticate(secret, None)
    assert "Revoked" in client.get(OWN).text


def test_only_admins_revoke_robots_and_only_owners_tokens(client_for, alice, bob, charlie, team):
    robot, own = make(alice, team=team, is_robot=True)[0], make(alice)[0]
    for token, expected in ((robot, 403), (own, 404)):
        url = reverse("accounts:tokens_revoke", args=[token.pk])
        assert (
            client_for(bob).get(url).status_code
            == client_for(bob).post(url).status_code
            == expected
        )
        assert client_for(charlie).post(url).status_code == 404
    assert not ApiToken.objects.exclude(revoked_at=None).exists()


def test_wrong_methods_are_refused(client_for, alice):
    client = client_for(alice)
    assert (
        client.post(OWN).status_code
        == client.post(ROBOTS).status_code
        == client.put(ADD).status_code
        == 405
    )


def test_every_form_needs_the_csrf_token(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(ADD, VALUES).status_code == 403
