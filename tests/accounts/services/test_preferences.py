import pytest
from allauth.account.models import EmailAddress

from registry_ui.accounts.models import Action, AuditEvent, User
from registry_ui.accounts.services.preferences import PREFERENCES, change_preferences

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def change(user, **changes):
    values = {name: getattr(user, name) for name in PREFERENCES}
    change_preferences(user=user, values={**values, **changes})


def test_the_event_names_the_changed_fields_but_not_their_values(alice):
    change(alice, first_name="Alice", time_zone="Europe/Berlin")

    alice.refresh_from_db()
    event = AuditEvent.objects.get(action=Action.PREFERENCES_CHANGED)
    assert (alice.first_name, alice.time_zone) == ("Alice", "Europe/Berlin")
    assert event.details == {"changed": ["first_name", "time_zone"]}


def test_saving_the_same_values_is_no_event(alice):
    change(alice)

    assert not AuditEvent.objects.exists()


def test_a_former_email_address_resets_no_password_any_more(alice, bob):
    EmailAddress.objects.create(user=alice, email="Alice@example.com", verified=True)
    EmailAddress.objects.create(user=bob, email="bob@example.com", verified=True)

    change(alice, first_name="Alice")
    assert EmailAddress.objects.filter(user=alice).count() == 1

    change(alice, email="new@example.com")
    assert not EmailAddress.objects.filter(user=alice).exists()
    assert EmailAddress.objects.filter(user=bob).exists()


def test_nothing_is_stored_where_a_value_is_missing(alice):
    with pytest.raises(KeyError):
        change_preferences(user=alice, values={"theme": "dark"})

    assert User.objects.get().theme == "system"
    assert not AuditEvent.objects.exists()


def test_only_preferences_are_stored(alice):
    alice.is_superuser = True

    change(alice, theme="dark")

    stored = User.objects.get()
    assert (stored.theme, stored.is_superuser) == ("dark", False)
