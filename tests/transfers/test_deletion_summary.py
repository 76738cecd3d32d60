import pytest

from tests.transfers.rows import transfer_row
from transfers.deletion_summary import transfer_deletion_summary

pytestmark = pytest.mark.django_db


def test_the_transfers_of_the_team_are_counted(team, other_team):
    assert list(transfer_deletion_summary(team)) == []

    transfer_row(team)
    assert list(transfer_deletion_summary(team)) == ["the record of 1 transfer"]

    transfer_row(team)
    assert list(transfer_deletion_summary(team)) == ["the record of 2 transfers"]
    assert list(transfer_deletion_summary(other_team)) == []
