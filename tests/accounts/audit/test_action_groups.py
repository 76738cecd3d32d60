import pytest

from registry_ui.accounts.audit.action_groups import GROUPS, all_groups, group_of
from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, AuditEvent


def test_every_action_is_in_one_named_group():
    ungrouped = [action for action in Action if group_of(action) not in GROUPS]

    assert [action.partition(".")[0] for action in ungrouped] == ["audit_log"]
    assert sum(len(group.actions) for group in all_groups()) == len(Action)


def test_an_action_of_another_version_has_a_place_too():
    assert group_of("cluster.started").key == "other"
    assert group_of("").key == "other"


@pytest.mark.django_db
def test_the_condition_finds_the_events_of_the_group(team):
    record(Action.TEAM_CHANGED, obj=team, team=team)
    record(Action.TOKEN_REVOKED, team=team)

    people = next(group for group in GROUPS if group.key == "people")

    assert [event.action for event in AuditEvent.objects.filter(people.condition)] == [
        Action.TEAM_CHANGED
    ]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.key)
def test_every_group_has_actions_a_label_and_an_icon(group):
    from registry_ui.web.icons import icon

    assert group.actions
    assert str(group.label)
    assert "<svg" in icon(group.icon, 16)


def test_keys_and_nouns_are_unique():
    keys = [group.key for group in all_groups()]
    nouns = [noun for group in GROUPS for noun in group.nouns]

    assert len(set(keys)) == len(keys)
    assert len(set(nouns)) == len(nouns)
