import pytest

from registry_ui.accounts.models import Role
from tests.transfers.rows import transfer_row
from transfers.models import Kind, State, Transfer

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", list(Kind))
def test_only_a_deletion_needs_an_admin(kind):
    expected = Role.ADMIN if kind == Kind.DELETE else Role.OPERATOR

    assert Transfer(kind=kind).required_role == expected


@pytest.mark.parametrize(
    ("kind", "state", "error", "is_retryable"),
    [
        (Kind.PULL, State.FAILED, "ServerFailed", True),
        (Kind.PULL, State.CANCELLED, None, True),
        (Kind.PULL, State.SUCCEEDED, None, False),
        (Kind.PULL, State.RUNNING, None, False),
        (Kind.IMPORT, State.FAILED, "InvalidArchive", False),
        (Kind.IMPORT, State.FAILED, "StorageFull", True),
        (Kind.DELETE, State.FAILED, "ServerFailed", True),
        (Kind.DELETE, State.FAILED, "TagChanged", False),
        (Kind.DELETE, State.CANCELLED, None, False),
    ],
)
def test_a_retry_is_offered_where_it_can_help(kind, state, error, is_retryable):
    row = Transfer(kind=kind, state=state, error={"kind": error} if error else None)

    assert row.is_retryable is is_retryable


def test_transfers_are_seen_by_their_team_only(team, other_team, alice):
    ours = transfer_row(team)
    transfer_row(other_team)

    assert list(Transfer.objects.visible_to(alice)) == [ours]
    assert str(ours) == f"pull {ours.source} → {ours.target}"
