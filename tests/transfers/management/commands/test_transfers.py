import json

import pytest

from tests.parts.error_texts import stored_error
from tests.transfers.management.command_result import CommandResult
from tests.transfers.rows import publish_row, transfer_row
from transfers.models import State

pytestmark = pytest.mark.django_db(transaction=True)


def test_transfers_are_listed_newest_first(team, bob):
    transfer_row(team, bob, state=State.SUCCEEDED, age=3600)
    newest = publish_row(team, state=State.FAILED)

    heading, first, second = CommandResult("transfers").out.splitlines()

    assert heading.split() == ["ID", "KIND", "STATE", "IMAGE", "MOVED", "WHEN", "BY"]
    assert first.startswith(f"{newest.pk}   publish   failed")
    assert first.endswith("command line")
    assert "python:3.12-slim" in second
    assert second.endswith("bob")


def test_transfers_can_be_filtered_by_state_and_team(team, other_team):
    expected = transfer_row(team, state=State.FAILED)
    transfer_row(team)
    transfer_row(other_team, state=State.FAILED)

    lines = CommandResult("transfers", "--team", "harbour", "--state", "failed").out.splitlines()

    assert len(lines) == 2
    assert lines[1].startswith(str(expected.pk))


def test_transfers_as_json_are_an_object_a_line(team, bob):
    row = transfer_row(team, bob, state=State.FAILED, error=stored_error("No.", "Denied"))

    (document,) = [
        json.loads(line) for line in CommandResult("transfers", "--json").out.splitlines()
    ]

    assert document["id"] == str(row.pk)
    assert document["state"] == "failed"
    assert document["error"] == {
        **stored_error("No.", "Denied"),
        "message": "The engine build says: No.",
        "advice": "Look into the engine's log on its machine.",
    }
    assert document["requested_by"] == "bob"


def test_no_transfers_is_only_the_heading(team):
    assert CommandResult("transfers").out.split() == [
        "ID",
        "KIND",
        "STATE",
        "IMAGE",
        "MOVED",
        "WHEN",
        "BY",
    ]


@pytest.mark.parametrize(("limit", "count"), [("1", 1), ("0", 0), ("-1", 0)])
def test_the_limit_keeps_the_newest(team, limit, count):
    transfer_row(team, age=60)
    newest = transfer_row(team)

    lines = CommandResult("transfers", f"--limit={limit}").out.splitlines()[1:]

    assert [line.split()[0] for line in lines] == [str(newest.pk)][:count]


def test_the_columns_are_as_wide_as_their_longest_cell(team, bob):
    transfer_row(team, bob)
    publish_row(team, state=State.SUCCEEDED)

    lines = CommandResult("transfers").out.splitlines()

    states = ("STATE", "succeeded", "queued")
    positions = {line.index(word) for line, word in zip(lines, states, strict=True)}
    assert len(positions) == 1
    assert all(line == line.rstrip() for line in lines)
