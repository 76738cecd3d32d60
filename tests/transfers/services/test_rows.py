import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from registry_ui.accounts.models import Action, AuditEvent, Role
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference
from transfers.models import Kind, Transfer
from transfers.queues import TRANSFERS
from transfers.services.rows import (
    create_transfer,
    create_transfers,
    require_tag,
    single_repository,
)

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "registry.example/app:1"
DIGEST = f"sha256:{'a' * 64}"


def transfer(team, user, **values):
    values = {"kind": Kind.PULL, "source": NAME, "target": NAME, "target_is_local": True, **values}
    return Transfer(team=team, user=user, **values)


def test_a_row_is_recorded_and_queued_in_the_name_of_its_user(team, bob):
    row = create_transfer(transfer(team, bob), enqueue=True)

    assert (row.state, row.requested_by) == ("queued", "bob")
    assert TRANSFERS.queued_ids() == {str(row.pk)}
    event = AuditEvent.objects.get(action=Action.TRANSFER_STARTED)
    assert (event.actor_name, event.object_key) == ("bob", str(row.pk))


def test_a_viewer_creates_none_of_the_rows(team, bob, victor):
    rows = [transfer(team, bob), transfer(team, victor)]

    with pytest.raises(PermissionDenied):
        create_transfers(rows, enqueue=True)

    assert not Transfer.objects.exists()
    assert not AuditEvent.objects.exists()
    assert TRANSFERS.queued_ids() == set()


def test_a_higher_role_can_be_demanded(team, alice, bob):
    with pytest.raises(PermissionDenied):
        create_transfer(transfer(team, bob), enqueue=False, role=Role.ADMIN)

    assert create_transfer(transfer(team, alice), enqueue=False, role=Role.ADMIN).pk


def test_the_command_line_has_no_name(team):
    assert create_transfer(transfer(team, None), enqueue=False).requested_by == ""


@pytest.mark.parametrize(
    "target",
    [Reference("registry.example", "app"), Reference.parse(f"registry.example/app@{DIGEST}")],
    ids=["no tag", "a digest"],
)
def test_a_target_needs_a_tag(target):
    with pytest.raises(InvalidReference):
        require_tag(target)


def test_references_of_two_repositories_are_a_bug():
    one, other = Reference.parse("r.example/a:1"), Reference.parse("r.example/b:1")

    assert single_repository([one, one.with_tag("2")]) == one
    with pytest.raises(ValueError, match="one repository"):
        single_repository([one, other])


def test_the_name_of_the_person_stays_in_the_row(team, bob):
    own, by_nobody = create_transfers([transfer(team, bob), transfer(team, None)], enqueue=False)
    bob.delete()

    own.refresh_from_db()
    assert (own.user, own.requested_by) == (None, "bob")
    assert by_nobody.requested_by == ""


def test_a_job_is_enqueued_after_the_commit_and_never_after_a_rollback(team):
    with transaction.atomic():
        row = create_transfer(transfer(team, None), enqueue=True)
        assert TRANSFERS.queued_ids() == set()
    assert TRANSFERS.queued_ids() == {str(row.pk)}

    with transaction.atomic():
        create_transfer(transfer(team, None), enqueue=True)
        transaction.set_rollback(True)
    create_transfer(transfer(team, None), enqueue=False)
    assert TRANSFERS.queued_ids() == {str(row.pk)}
