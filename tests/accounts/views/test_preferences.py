import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registry_ui.accounts.models import Action, AuditEvent, StartPage, User
from tests.conftest import PASSWORD

URL = "/preferences/"


VALUES = {
    "first_name": "Alice Liddell",
    "email": "alice@example.com",
    "theme": "dark",
    "time_zone": "Europe/Berlin",
    "density": "comfortable",
    "start_page": "web:overview",
}


@pytest.fixture
def client(client_for, alice):
    return client_for(alice)


def test_preferences_are_stored(client, alice):
    assert client.post(URL, VALUES).headers["Location"] == URL
    alice.refresh_from_db()
    assert (alice.get_full_name(), alice.theme, alice.time_zone) == (
        "Alice Liddell",
        "dark",
        "Europe/Berlin",
    )
    page = client.get(URL).text
    assert 'data-theme="dark"' in page
    assert "Your preferences are saved." in page


@pytest.mark.parametrize("field", ["theme", "time_zone", "density", "start_page", "language"])
def test_values_that_do_not_exist_are_refused(client, alice, field):
    response = client.post(URL, VALUES | {field: "Mars/Olympus"})
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.text or "errorlist" in response.text
    assert User.objects.get().theme == "system"


def test_an_invalid_form_does_not_change_the_page(client, alice):
    response = client.post(URL, VALUES | {"time_zone": "Mars/Olympus"})
    assert 'data-theme="system"' in response.text


def test_additional_form_fields_are_ignored(client, alice):
    client.post(
        URL,
        VALUES
        | {
            "is_superuser": "on",
            "is_staff": "on",
            "username": "root",
            "role": "admin",
            "password": "x",
        },
    )
    user = User.objects.get()
    assert (user.is_superuser, user.is_staff, user.username) == (False, False, "alice")
    assert user.check_password(PASSWORD)


def test_the_address_changes_only_with_the_password(client, alice):
    for password in ("", "wrong"):
        response = client.post(
            URL, VALUES | {"email": "eve@example.com", "current_password": password}
        )
        assert response.status_code == 422
        assert "Type your current password" in response.text
    assert User.objects.get().email == "alice@example.com"
    assert (
        client.post(
            URL, VALUES | {"email": "new@example.com", "current_password": PASSWORD}
        ).status_code
        == 302
    )
    assert User.objects.get().email == "new@example.com"


def test_an_old_address_no_longer_resets_the_password(client, alice):
    EmailAddress.objects.create(user=alice, email="alice@example.com", verified=True, primary=True)
    client.post(URL, VALUES | {"email": "new@example.com", "current_password": PASSWORD})
    assert not EmailAddress.objects.filter(email="alice@example.com").exists()


@pytest.mark.parametrize(
    ("zone", "seen"), [("Asia/Shanghai", "Asia/Shanghai"), ("", "UTC"), ("Mars/Olympus", "UTC")]
)
def test_times_are_in_the_persons_time_zone(client, alice, monkeypatch, zone, seen):
    User.objects.update(time_zone=zone)
    zones = []
    monkeypatch.setattr(
        "registry_ui.web.views.render_sections",
        lambda request: zones.append(timezone.get_current_timezone_name()) or [],
    )
    assert client.get(reverse("web:overview")).status_code == 200
    assert zones == [seen]
    assert timezone.get_current_timezone_name() == "UTC"


def test_hostile_names_are_inert(client, alice):
    client.post(URL, VALUES | {"first_name": "<script>alert(1)</script>"})
    assert "<script>alert" not in client.get(URL).text


def test_the_page_has_the_persons_language(client_for, alice, settings):
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    alice.language = "de"
    alice.save()
    page = client_for(alice).get(URL, headers={"Accept-Language": "en"})
    assert 'lang="de"' in page.text
    assert page.headers["Content-Language"] == "de"
    assert '<option value="de" selected>Deutsch</option>' in page.text


def test_without_a_choice_the_browser_decides(client_for, alice, settings):
    assert 'lang="en"' in client_for(alice).get(URL).text


def test_an_unavailable_language_is_ignored(client_for, alice):
    alice.language = "xx"
    alice.save()
    assert 'lang="en"' in client_for(alice).get(URL).text


def test_a_language_does_not_affect_the_next_request(client_for, alice, bob, settings):
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    alice.language = "de"
    alice.save()
    client_for(alice).get(URL)
    assert 'lang="en"' in client_for(bob).get(URL).text


def test_the_density_is_on_every_page(client, alice):
    client.post(URL, VALUES | {"density": "compact"})
    assert 'data-density="compact"' in client.get(reverse("transfers:list")).text


@pytest.mark.parametrize("start_page", StartPage.values)
def test_the_sign_in_opens_the_chosen_page(alice, start_page):
    User.objects.update(start_page=start_page)
    answer = Client().post(reverse("account_login"), {"login": "alice", "password": PASSWORD})
    assert answer.headers["Location"] == reverse(start_page)


def test_a_requested_page_comes_before_the_chosen_page(alice):
    User.objects.update(start_page=StartPage.TRANSFERS)
    answer = Client().post(
        f"{reverse('account_login')}?next=/images/",
        {"login": "alice", "password": PASSWORD, "next": "/images/"},
    )
    assert answer.headers["Location"] == "/images/"


def test_a_removed_start_page_is_ignored(alice):
    User.objects.update(start_page="gone:away")
    answer = Client().post(reverse("account_login"), {"login": "alice", "password": PASSWORD})
    assert answer.headers["Location"] == "/"


def test_the_names_of_changed_fields_are_recorded(client, alice):
    client.post(URL, VALUES)
    client.post(URL, VALUES)
    event = AuditEvent.objects.get(action=Action.PREFERENCES_CHANGED)
    assert event.details == {"changed": ["first_name", "time_zone", "theme"]}
