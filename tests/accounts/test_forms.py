import pytest
from allauth.core import context
from django.test import RequestFactory

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
