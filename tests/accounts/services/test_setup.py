import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from registry_ui.accounts import services
from registry_ui.accounts.link_tokens import hash_token
from registry_ui.accounts.models import Membership, Role, SetupToken, Team, User

pytestmark = pytest.mark.postgresql


PASSWORD = "a harbour full of ships"


FORM = {
    "username": "ada",
    "email": "ada@example.com",
    "password": PASSWORD,
    "repeated": PASSWORD,
    "team_name": "Harbour",
}


@pytest.fixture
def token(db):
    return services.issue_setup_token()


@pytest.fixture
def url(token):
    return reverse("accounts:setup", args=[token])


def test_the_link_creates_the_first_administrator_and_team(client, url):
    assert client.get(url).status_code == 200
    response = client.post(url, FORM)
    assert response.headers["Location"] == reverse("web:overview")
    user = User.objects.get()
    assert user.is_superuser
    assert user.check_password(PASSWORD)
    assert Membership.objects.get().role == Role.ADMIN
    assert Team.objects.get().name == "Harbour"
    assert client.session["_auth_user_id"] == str(user.pk)


def test_the_link_works_once(client, url):
    client.post(url, FORM)
    for again in (client.get(url), client.post(url, FORM | {"username": "eve"})):
        assert again.status_code == 404
    assert User.objects.count() == 1


@pytest.mark.parametrize("wrong", ["x", "a" * 43, "..%2f..", "%00"])
def test_a_wrong_link_gets_404(client, db, wrong):
    services.issue_setup_token()
    assert client.get(f"/setup/{wrong}/").status_code == 404
    assert client.post(f"/setup/{wrong}/", FORM).status_code == 404
    assert not User.objects.exists()


def test_additional_form_fields_are_ignored(client, url):
    client.post(url, FORM | {"is_staff": "on", "role": "admin", "team": "1", "is_active": ""})
    user = User.objects.get()
    assert user.is_active
    assert Team.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"repeated": "another"}, "The two passwords differ."),
        ({"password": "12345678901", "repeated": "12345678901"}, "entirely numeric"),
        ({"password": "short", "repeated": "short"}, "too short"),
        ({"username": ""}, "This field is required."),
        ({"username": "a b"}, "Enter a valid username"),
    ],
)
def test_invalid_input_is_explained_in_the_form(client, url, changes, sentence):
    response = client.post(url, FORM | changes)
    assert response.status_code == 422
    assert sentence in response.text
    assert PASSWORD not in response.text
    assert not User.objects.exists()
    assert client.get(url).status_code == 200


def test_a_new_link_replaces_the_old_one(client, url):
    services.issue_setup_token()
    assert client.get(url).status_code == 404


def test_an_old_link_expires(client, url):
    SetupToken.objects.update(
        created_at=timezone.now() - services.SETUP_TOKEN_AGE - timedelta(seconds=1)
    )
    assert client.get(url).status_code == 404


def test_only_the_hash_of_the_token_is_stored(token):
    assert token not in str(SetupToken.objects.values().get())


def test_no_link_is_created_once_there_is_a_user(alice):
    with pytest.raises(services.SetupRefused):
        services.issue_setup_token()


def test_a_token_is_invalid_once_there_is_a_user(client, url, alice):
    assert client.get(url).status_code == 404
    assert client.post(url, FORM).status_code == 404
    assert User.objects.count() == 1


def test_a_team_created_by_the_command_line_is_reused(client, url, team):
    client.post(url, FORM)
    assert Membership.objects.get().team == team


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tokens", [1, 2])
def test_one_of_concurrent_setups_succeeds(tokens):
    texts = [f"token-{i % tokens}" for i in range(4)]
    for text in set(texts):
        SetupToken.objects.create(token_hash=hash_token(text))
    outcomes, start = [], threading.Barrier(len(texts))

    def set_up(number: int, text: str) -> None:
        start.wait()
        try:
            services.create_first_administrator(
                token=text,
                username=f"user{number}",
                email="",
                password=PASSWORD,
                team_name=f"Team {number}",
            )
            outcomes.append("won")
        except services.SetupRefused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=set_up, args=pair) for pair in enumerate(texts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "refused", "refused", "won"]
    assert (User.objects.count(), Team.objects.count()) == (1, 1)


def test_the_command_prints_the_link(client, db):
    out = StringIO()
    call_command("setup_link", base_url="https://images.example.com/", stdout=out)
    link = out.getvalue().strip()
    assert link.startswith("https://images.example.com/setup/")
    assert client.get(link.removeprefix("https://images.example.com")).status_code == 200


def test_the_sign_in_page_explains_the_setup(client, db):
    assert "setup_link" in client.get(reverse("account_login")).text


def test_the_sign_in_page_does_not_mention_the_setup_afterwards(client, alice):
    assert "setup_link" not in client.get(reverse("account_login")).text


def test_teams_with_similar_names_have_different_slugs(alice):
    first = services.create_team(name="Ops!", owner=alice)
    second = services.create_team(name="ops", owner=alice)
    chinese = services.create_team(name="平台", owner=alice)
    assert first.slug == "ops"
    assert second.slug.startswith("ops-")
    assert chinese.slug == "team"
