from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from registry_ui.accounts.models import Action, ActorKind, AuditEvent, User

pytestmark = pytest.mark.django_db


def person(*arguments):
    out = StringIO()
    call_command("person", *arguments, stdout=out)
    return out.getvalue()


def test_everybody_is_listed(ingrid, alice):
    assert person("list").splitlines() == [
        "alice\talice@example.com\tharbour: admin",
        "ingrid\tingrid@example.com\tadministrator",
    ]


def test_the_command_promotes_an_administrator(alice):
    assert "administrator" in person("promote", "alice")
    assert User.objects.get().is_superuser
    event = AuditEvent.objects.get(action=Action.PERSON_CHANGED)
    assert (event.actor_kind, event.object_name) == (ActorKind.COMMAND_LINE, "alice")


def test_the_command_activates_an_administrator(ingrid):
    User.objects.update(is_active=False)
    person("activate", "ingrid")
    assert User.objects.get().is_active


@pytest.mark.parametrize("act", ["demote", "deactivate"])
def test_the_last_administrator_stays(ingrid, act):
    with pytest.raises(CommandError, match="last administrator"):
        person(act, "ingrid")
    assert User.objects.filter(is_active=True, is_superuser=True).exists()


def test_an_unknown_name_is_refused(db):
    with pytest.raises(CommandError, match="nobody called eve"):
        person("promote", "eve")
