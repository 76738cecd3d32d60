import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registry_ui.accounts import services
from registry_ui.accounts.models import Invitation, Membership, Role, User
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


FORM = {"username": "dora", "email": "dora@example.com", "password": PASSWORD, "repeated": PASSWORD}


@pytest.fixture
def url(team, alice):
    _invitation, token = services.invite(
        team=team,
        role=Role.OPERATOR,
        email="dora@example.com",
        lifetime=timedelta(days=7),
        by=alice,
    )
    return reverse("accounts:join", args=[token])


def test_a_new_person_creates_an_account_and_is_signed_in(client, team, url):
    assert "dora@example.com" in client.get(url).text

    response = client.post(url, FORM, follow=True)

    assert response.redirect_chain == [(reverse("web:overview"), 302)]
    assert "Welcome to the team Harbour." in response.text
    assert client.session["_auth_user_id"] == str(User.objects.get(username="dora").pk)


def test_the_form_has_the_fields_of_an_account_only(client, team, other_team, url):
    """HARDENING 27"""
    forged = {
        "is_superuser": "on",
        "is_staff": "on",
        "is_active": "",
        "role": "admin",
        "team": other_team.pk,
        "invitation": "x",
    }
    client.post(url, FORM | forged)
    dora = User.objects.get(username="dora")
    assert (dora.is_superuser, dora.is_staff, dora.is_active) == (False, False, True)
    assert Membership.objects.filter(user=dora).values_list("team", "role").get() == (
        team.pk,
        Role.OPERATOR,
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"repeated": "another"}, "The two passwords differ."),
        ({"password": "short", "repeated": "short"}, "too short"),
        ({"username": "alice"}, "already exists"),
        ({"email": "ALICE@example.com"}, "Another account has this address."),
        ({"username": "a b"}, "Enter a valid username"),
    ],
)
def test_invalid_input_is_explained_and_the_link_stays_valid(client, url, changes, sentence):
    response = client.post(url, FORM | changes)
    assert response.status_code == 422
    assert sentence in response.text
    assert PASSWORD not in response.text
    assert Invitation.objects.open().count() == 1


def test_a_password_like_the_name_is_refused(client, url):
    assert (
        client.post(
            url,
            FORM
            | {"username": "longlongname", "password": "longlongname", "repeated": "longlongname"},
        ).status_code
        == 422
    )


def test_the_link_to_the_sign_in_returns_to_the_invitation(client, url, charlie, team):
    sign_in = f"{reverse('account_login')}?next={url.replace('/', '%2F')}"
    assert sign_in in client.get(url).text
    assert client.post(sign_in, {"login": "charlie", "password": PASSWORD, "next": url}).url == url
    assert "Join Harbour" in client.get(url).text


def test_a_signed_in_person_confirms_and_joins(client_for, team, url, charlie):
    client = client_for(charlie)
    assert "You are signed in as charlie" in client.get(url).text
    assert charlie.role_in(team) is None
    client.post(url)
    assert charlie.role_in(team) == Role.OPERATOR
    assert client.get(reverse("accounts:team")).context["request"].team == team


def test_a_member_gets_a_message_and_the_link_stays_valid(client_for, team, url, victor):
    client = client_for(victor)
    for response in (client.get(url), client.post(url)):
        assert "You are in the team Harbour already, as Viewer." in response.text
    assert Invitation.objects.open().count() == 1


@pytest.mark.parametrize("visitor", ["stranger", "charlie"])
def test_every_invalid_link_gets_the_same_page(client, client_for, team, url, charlie, visitor):
    """HARDENING 43, for links."""
    client = client if visitor == "stranger" else client_for(charlie)
    past = timezone.now() - timedelta(seconds=1)
    answers = []
    for change in ({"revoked_at": past}, {"accepted_at": past}, {"expires_at": past}):
        Invitation.objects.update(
            revoked_at=None, accepted_at=None, expires_at=timezone.now() + timedelta(days=1)
        )
        assert client.get(url).status_code == 200
        Invitation.objects.update(**change)
        answers += [client.get(url), client.post(url, FORM)]
    answers.append(client.get(reverse("accounts:join", args=["invented"])))
    assert {response.status_code for response in answers} == {404}
    assert len({without_tokens(response.text) for response in answers}) == 1
    assert "This invitation is not open" in answers[0].text
    assert not User.objects.filter(username="dora").exists()


def without_tokens(text):
    return re.sub(r"csrfmiddlewaretoken\" value=\"[^\"]+\"|X-CSRFToken\": \"[^\"]+\"", "", text)


def test_there_is_no_sign_up_page(client, db):
    for path in ("/account/signup/", "/accounts/signup/", "/signup/", "/join/"):
        assert client.get(path).status_code in (302, 404)
        assert client.post(path, FORM).status_code in (302, 404)
    assert not User.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(client, url, method):
    assert getattr(client, method)(url).status_code == 405


def test_the_page_needs_the_csrf_token(url):
    assert Client(enforce_csrf_checks=True).post(url, FORM).status_code == 403
    assert not User.objects.filter(username="dora").exists()


def test_a_deactivated_person_does_not_join(client, team, url, charlie):
    charlie.is_active = False
    charlie.save(update_fields=["is_active"])
    client.post(reverse("account_login"), {"login": "charlie", "password": PASSWORD})
    client.post(url)
    assert charlie.role_in(team) is None
    assert not Membership.objects.filter(team=team, user=charlie).exists()
