import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


def test_the_factors_of_the_named_person_are_removed_and_of_nobody_else(alice, bob, capsys):
    for person in (alice, bob):
        Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})

    call_command("remove_second_factor", "alice")

    assert [factor.user for factor in Authenticator.objects.all()] == [bob]
    assert "1 removed. The next sign-in of alice" in capsys.readouterr().out


def test_a_person_without_a_factor_is_no_error(alice, capsys):
    call_command("remove_second_factor", "alice")

    assert "alice has no second factor." in capsys.readouterr().out


def test_an_unknown_name_is_an_error():
    with pytest.raises(CommandError, match="nobody named “dora”"):
        call_command("remove_second_factor", "dora")
