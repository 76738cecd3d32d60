import zoneinfo

import pytest
from allauth.core import context
from django.test import RequestFactory
from django.utils import translation

from registry_ui.accounts.forms import AccountForm, PreferencesForm, SetupForm, SwitchTeamForm
from registry_ui.accounts.models import User
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

ACCOUNT = {"username": "dora", "email": "", "password": PASSWORD, "repeated": PASSWORD}


def test_an_account_needs_no_email():
    assert AccountForm(ACCOUNT).is_valid()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"repeated": "another password"}, "repeated"),
        ({"password": "12345678901", "repeated": "12345678901"}, "password"),
        ({"username": "no spaces"}, "username"),
        (dict.fromkeys(("username", "password", "repeated"), "correct-horse"), "password"),
        ({"email": "nobody"}, "email"),
    ],
)
def test_a_bad_account_names_its_field(values, field):
    assert list(AccountForm({**ACCOUNT, **values}).errors) == [field]


def test_spaces_at_the_ends_belong_to_a_password():
    form = AccountForm({**ACCOUNT, "password": f" {PASSWORD}", "repeated": PASSWORD})

    assert list(form.errors) == ["repeated"]


def test_the_set_up_asks_for_a_team():
    assert list(SetupForm({**ACCOUNT, "team_name": " "}).errors) == ["team_name"]


def preferences(user, **changes):
    names = PreferencesForm.Meta.fields
    values = {name: getattr(user, name) for name in names}
    return PreferencesForm({**values, **changes}, instance=User.objects.get(pk=user.pk))


def test_only_a_new_email_address_needs_the_password(alice):
    assert preferences(alice, first_name="Alice").is_valid()
    assert list(preferences(alice, email="new@example.com").errors) == ["current_password"]
    # allauth counts the attempts of a request.
    with context.request_context(RequestFactory().post("/")):
        wrong = preferences(alice, email="new@example.com", current_password="wrong")
        assert list(wrong.errors) == ["current_password"]
        assert preferences(alice, email="new@example.com", current_password=PASSWORD).is_valid()


@pytest.mark.parametrize(
    ("field", "value"), [("language", "xx"), ("time_zone", "Mars/Base"), ("theme", "pink")]
)
def test_an_unknown_choice_is_refused(alice, field, value):
    assert field in preferences(alice, **{field: value}).errors


def test_a_person_switches_to_their_own_teams_only(alice, team, other_team):
    assert SwitchTeamForm({"team": team.pk}, user=alice).is_valid()
    assert not SwitchTeamForm({"team": other_team.pk}, user=alice).is_valid()


def test_a_password_like_the_address_is_refused():
    password = "dorothea-lighthouse"
    form = AccountForm(
        ACCOUNT | {"email": f"{password}@example.com", "password": password, "repeated": password}
    )

    assert set(form.errors) == {"password"}


def test_a_missing_repetition_is_the_only_error():
    assert set(AccountForm(ACCOUNT | {"repeated": ""}).errors) == {"repeated"}


def test_a_form_that_is_shown_again_has_no_password():
    form = AccountForm(ACCOUNT | {"username": "a b"})

    assert not form.is_valid()
    assert PASSWORD not in str(form)


def test_every_time_zone_exists_and_none_is_an_alias(alice):
    names = [
        name for name, _label in PreferencesForm(instance=alice)["time_zone"].field.widget.choices
    ]

    assert {"", "UTC", "Europe/Berlin", "Asia/Shanghai"} <= set(names)
    assert not {"EST", "GMT", "Etc/GMT+5"} & set(names)
    assert all(zoneinfo.ZoneInfo(name) for name in names if name)
    assert len(set(names)) == len(names)


def test_languages_are_named_in_themselves(alice, settings):
    settings.LANGUAGES = [("en", "English"), ("de", "German")]

    with translation.override("de"):
        choices = dict(PreferencesForm(instance=alice).fields["language"].choices)

    assert (choices["en"], choices["de"]) == ("English", "Deutsch")


def test_an_account_without_a_password_cannot_change_the_address(alice):
    """Single sign-on creates such accounts; their address comes from the provider."""
    alice.set_unusable_password()
    alice.save()

    with context.request_context(RequestFactory().post("/")):
        form = preferences(alice, email="eve@example.com", current_password=PASSWORD)
        assert list(form.errors) == ["current_password"]
