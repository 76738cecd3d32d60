"""Roles, validation and logins of mirrors."""

import pytest
from django.core.exceptions import PermissionDenied

from registry_ui.accounts.models import Action, AuditEvent
from registry_ui.web.errors import describe
from tests.parts.error_texts import says
from transfers.mirrors.models import Mirror
from transfers.mirrors.services import (
    MirrorInvalid,
    cancel_run,
    change_mirror,
    create_mirror,
    pause_mirror,
    remove_mirror,
    resume_mirror,
    run_in_process,
    start_plan,
    start_run,
)
from transfers.models import State

from ...conftest import add_credential
from ..conftest import registry_row

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def values(team):
    return {
        "name": "nightly",
        "source_registry": registry_row(team, "source.example.com", "Source"),
        "target_registry": registry_row(team, "target.example.com", "Target"),
        "repositories": ["platform/app"],
    }


def test_an_operator_manages_a_mirror_and_the_audit_log_records_it(team, bob, values):
    mirror = create_mirror(team=team, user=bob, values=values)
    change_mirror(mirror=mirror, user=bob, values={"selection": {"newest": 3}})
    pause_mirror(mirror=mirror, user=bob)
    assert Mirror.objects.get(pk=mirror.pk).paused
    resume_mirror(mirror=mirror, user=bob)
    remove_mirror(mirror=mirror, user=bob)
    assert not Mirror.objects.exists()
    actions = set(AuditEvent.objects.filter(actor_name="bob").values_list("action", flat=True))
    assert {
        Action.MIRROR_CREATED,
        Action.MIRROR_CHANGED,
        Action.MIRROR_PAUSED,
        Action.MIRROR_RESUMED,
        Action.MIRROR_REMOVED,
    } <= actions


def test_viewers_and_outsiders_are_refused(team, victor, charlie, values):
    mirror = create_mirror(team=team, user=None, values=values)
    run = start_run(mirror=mirror, user=None, enqueue=False)
    for person in (victor, charlie):
        for act in (
            lambda person=person: create_mirror(
                team=team, user=person, values={**values, "name": "another"}
            ),
            lambda person=person: change_mirror(mirror=mirror, user=person, values={}),
            lambda person=person: remove_mirror(mirror=mirror, user=person),
            lambda person=person: pause_mirror(mirror=mirror, user=person),
            lambda person=person: start_run(mirror=mirror, user=person),
            lambda person=person: start_plan(mirror=mirror, user=person),
            lambda person=person: cancel_run(run=run, user=person),
        ):
            with pytest.raises(PermissionDenied):
                act()


def test_a_mirror_that_deletes_tags_needs_an_admin(team, alice, bob, values):
    with pytest.raises(PermissionDenied):
        create_mirror(team=team, user=bob, values={**values, "delete_extras": True})
    mirror = create_mirror(team=team, user=alice, values={**values, "delete_extras": True})
    with pytest.raises(PermissionDenied):
        change_mirror(
            mirror=Mirror.objects.get(pk=mirror.pk), user=bob, values={"delete_extras": False}
        )
    plain = create_mirror(team=team, user=bob, values={**values, "name": "plain"})
    with pytest.raises(PermissionDenied):
        change_mirror(
            mirror=Mirror.objects.get(pk=plain.pk), user=bob, values={"delete_extras": True}
        )
    assert not Mirror.objects.get(pk=plain.pk).delete_extras


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"repositories": []}, "repositories"),
        ({"repositories": ["UPPER"]}, "repositories"),
        ({"repositories": ["app:1.0"]}, "repositories"),
        ({"selection": {"match": "("}}, "selection"),
        ({"naming": {"kind": "prefix"}}, "naming"),
        ({"repositories": ["a/app", "b/app"], "naming": {"kind": "flatten"}}, "naming"),
        ({"platforms": ["amd64"]}, "platforms"),
    ],
)
def test_an_invalid_mirror_names_the_field(team, values, change, field):
    with pytest.raises(MirrorInvalid) as caught:
        create_mirror(team=team, user=None, values={**values, **change})
    assert caught.value.field == field
    assert describe(caught.value).sentence


def test_another_teams_registry_is_refused(team, other_team, values):
    with pytest.raises(MirrorInvalid) as caught:
        create_mirror(
            team=team,
            user=None,
            values={**values, "target_registry": registry_row(other_team, "x.example.com", "X")},
        )
    assert caught.value.field == "target_registry"


def test_a_name_is_unique_in_a_team(team, values):
    create_mirror(team=team, user=None, values=values)
    with pytest.raises(MirrorInvalid) as caught:
        create_mirror(team=team, user=None, values=values)
    assert caught.value.field == "name"


def test_a_copy_onto_itself_is_refused(team, values):
    with pytest.raises(MirrorInvalid, check=says("itself")):
        create_mirror(
            team=team, user=None, values={**values, "target_registry": values["source_registry"]}
        )


def test_a_former_member_runs_nothing(team, bob, values):
    mirror = create_mirror(team=team, user=bob, values=values)
    run = start_run(mirror=mirror, user=bob, enqueue=False)
    bob.memberships.all().delete()
    done = run_in_process(run)
    assert done.state == State.FAILED
    assert "bob" in describe(done.error).sentence


def test_a_mirror_continues_after_its_creator_has_left(
    team, bob, registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    mirror = make_mirror(repository)
    Mirror.objects.filter(pk=mirror.pk).update(created_by=bob)
    bob.delete()
    assert run_mirror(Mirror.objects.get(pk=mirror.pk)).state == State.SUCCEEDED


def test_a_pull_only_credential_is_refused_for_the_target(team, values):
    credential = add_credential(values["target_registry"], "reader", "secret", can_push=False)
    with pytest.raises(MirrorInvalid) as caught:
        create_mirror(team=team, user=None, values={**values, "target_credential": credential})
    assert caught.value.field == "target_credential"
