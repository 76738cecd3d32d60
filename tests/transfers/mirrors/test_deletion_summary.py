import pytest

from tests.transfers.mirrors.rows import mirror_row
from transfers.mirrors.deletion_summary import mirror_deletion_summary

pytestmark = pytest.mark.django_db


def test_the_mirrors_of_the_team_are_counted(team, other_team):
    assert list(mirror_deletion_summary(team)) == []

    mirror_row(team, name="first")
    assert list(mirror_deletion_summary(team)) == ["1 mirror, with its runs"]

    mirror_row(team, name="second")
    assert list(mirror_deletion_summary(team)) == ["2 mirrors, with their runs"]
    assert list(mirror_deletion_summary(other_team)) == []
