import pytest

from registry_ui.accounts.audit.action_groups import all_groups
from registry_ui.accounts.audit.sentences import sentence
from registry_ui.accounts.models import Action, ActorKind, AuditEvent
from registry_ui.registries.models import Registry

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


@pytest.fixture
def registry(team):
    return Registry.objects.create(team=team, name="Depot", host="depot.example.com")


def event_of(**values):
    return AuditEvent(
        **{
            "action": Action.TRANSFER_SUCCEEDED,
            "actor_kind": ActorKind.SYSTEM,
            "actor_name": "Bob",
            **values,
        }
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {
                "object_name": "nginx:1.27",
                "details": {"kind": "pull", "registry": "Docker Hub"},
                "credential_name": "ci robot",
            },
            "Bob pulled nginx:1.27 from Docker Hub with “ci robot”",
        ),
        (
            {
                "action": Action.TRANSFER_FAILED,
                "object_name": "b:1",
                "details": {"kind": "copy", "source": "a:1"},
            },
            "Bob could not copy a:1 to b:1",
        ),
        (
            {"object_name": "a:1", "details": {"kind": "push", "registry": "Depot"}},
            "Bob pushed a:1 to Depot",
        ),
        ({"object_name": "a:1", "details": {"kind": "new kind"}}, "Bob: Transfer succeeded a:1"),
        (
            {"action": Action.INVITATION_REVOKED, "object_name": "100%s"},
            "Bob revoked the invitation for 100%s",
        ),
        (
            {"action": Action.SIGNED_IN, "actor_kind": ActorKind.COMMAND_LINE, "actor_name": ""},
            "The command line signed in",
        ),
    ],
)
def test_sentences(values, expected):
    text = sentence(event_of(**values))
    for markup in ("<strong>", "</strong>", '<span class="event-name" translate="no">', "</span>"):
        text = text.replace(markup, "")
    assert text == expected


def test_every_action_has_a_sentence_and_a_group():
    for action in Action:
        details = {"kind": "pull", "reason": "a reason"}
        text = sentence(event_of(action=action, object_name="the-object", details=details))
        assert "%" not in text, action
        assert sum(action in group.actions for group in all_groups()) == 1, action
