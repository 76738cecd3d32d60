import io
import json
import logging
import signal
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.core.management.base import OutputWrapper
from django.utils import timezone

from registry_ui.oci.errors import ManifestUnknown, OciError
from tests.transfers.mirrors.rows import item_row, mirror_row, run_row
from transfers.management.transfer_command import INTERRUPTED
from transfers.mirrors.management.run_output import (
    OUT_OF_SYNC,
    find_mirror,
    finish,
    list_mirrors,
)
from transfers.mirrors.models import ItemAction, ItemState
from transfers.mirrors.run.pull_budget import Postponed
from transfers.mirrors.services import start_run
from transfers.models import State

GONE = ManifestUnknown("source_tag_gone", repository="library/nginx", tag="9.9")

pytestmark = pytest.mark.django_db(transaction=True)


def call_mirror(*arguments: str) -> tuple[int, str, str]:
    """Return exit status, output and errors."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("mirror", *arguments, stdout=out, stderr=err)
    except SystemExit as exc:
        return int(exc.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_plan_and_run_print_their_tags(registry, second_registry, image_factory, make_mirror):
    repository = registry.new_repository()
    image_factory(registry, repository)
    make_mirror(repository, name="nightly")

    status, output, _errors = call_mirror("plan", "nightly", "--now")
    assert status == 2
    assert "1 new" in output
    assert f"{repository}:1.0" in output
    assert second_registry.tags(repository) == []

    status, output, _errors = call_mirror("run", "nightly", "--now")
    assert status == 0
    assert "new" in output
    assert second_registry.tags(repository) == ["1.0"]

    status, output, _errors = call_mirror("plan", "nightly", "--now")
    assert status == 0
    assert "1 up to date" in output


def test_a_failed_tag_exits_with_one_and_the_reason(registry, image_factory, make_mirror):
    make_mirror(registry.new_repository(), name="nightly", selection={"tags": ["9.9"]})
    status, output, errors = call_mirror("run", "nightly", "--now")
    assert status == 1
    assert "9.9" in output
    assert "1 tag failed" in errors

    status, output, _errors = call_mirror("list")
    assert status == 1
    assert "nightly" in output
    assert "failed" in output


def test_a_detached_run_waits_for_a_worker(make_mirror):
    mirror = make_mirror("tests/app", name="nightly")
    status, output, _errors = call_mirror("run", "nightly", "--detach")
    assert status == 0
    assert output.strip() == str(mirror.runs.get().pk)


class InterruptedOutput(OutputWrapper):
    """An output at which Ctrl-C is pressed as soon as the progress is drawn."""

    def isatty(self):
        raise KeyboardInterrupt


@pytest.fixture
def terminal():
    """The two streams of a command; the settings of the process are restored."""
    handler, logger = signal.getsignal(signal.SIGTERM), logging.getLogger("transfers")
    level = logger.level
    yield SimpleNamespace(stdout=OutputWrapper(io.StringIO()), stderr=OutputWrapper(io.StringIO()))
    signal.signal(signal.SIGTERM, handler)
    logger.setLevel(level)


@pytest.fixture
def mirror(team):
    return mirror_row(team)


def end(terminal, run, **options) -> tuple[int, str, str]:
    """Return exit status, output and errors of a command that waits for a run."""
    status = 0
    try:
        finish(terminal, run, {"detach": False, "now": False, "all": False, **options})
    except SystemExit as exc:
        status = exc.code
    return status, terminal.stdout.getvalue(), terminal.stderr.getvalue()


def listed(terminal, team, *, as_json=False) -> tuple[int, str]:
    status = 0
    try:
        list_mirrors(terminal, team, as_json=as_json)
    except SystemExit as exc:
        status = exc.code
    return status, terminal.stdout.getvalue()


def test_an_unknown_mirror_lists_the_existing_ones(team, other_team, mirror):
    mirror_row(other_team, "secret plan")
    assert find_mirror(team, "Nightly") == mirror
    for name in ("weekly", "secret plan"):
        with pytest.raises(OciError) as caught:
            find_mirror(team, name)
        assert caught.value.parameters["names"] == ["Nightly"]


def test_list_as_json_has_one_object_a_line_for_the_mirrors_of_the_team(
    terminal, team, other_team, mirror
):
    mirror_row(other_team, "secret plan")
    mirror_row(team, "Weekly", schedule="", next_run_at=None, paused=True)

    status, output = listed(terminal, team, as_json=True)

    nightly, weekly = (json.loads(line) for line in output.splitlines())
    assert status == 0
    assert (nightly["id"], nightly["name"], nightly["paused"]) == (
        str(mirror.pk),
        "Nightly",
        False,
    )
    assert nightly["next_run_at"] == mirror.next_run_at.isoformat()
    assert (weekly["paused"], weekly["next_run_at"], weekly["last_success_at"]) == (
        True,
        None,
        None,
    )


def test_the_list_for_scripts_has_the_time_of_the_pull(terminal, team, mirror):
    run = run_row(mirror, state=State.SUCCEEDED, is_local_pull=True)

    _status, output = listed(terminal, team, as_json=True)

    assert json.loads(output)["pulled_at"] == run.finished_at.isoformat()


def test_the_list_ends_with_one_while_the_latest_run_of_a_mirror_failed(terminal, team, mirror):
    run_row(mirror, state=State.FAILED, age=60)
    mirror_row(team, "Weekly", paused=True)

    status, output = listed(terminal, team)

    heading, nightly, weekly = output.splitlines()
    assert status == 1
    assert heading.split()[:2] == ["NAME", "SOURCE"]
    assert nightly.split()[:4] == ["Nightly", "hub.example.com", "company.example.com", "failed"]
    assert weekly.split()[3] == "paused"

    run_row(mirror, state=State.SUCCEEDED)
    assert listed(terminal, team)[0] == 0


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        ({"new": 1}, OUT_OF_SYNC),
        ({"changed": 2}, OUT_OF_SYNC),
        ({"up_to_date": 3, "extra": 1, "skipped": 1}, 0),
    ],
)
def test_a_plan_ends_with_its_own_status_where_something_would_be_copied(
    terminal, mirror, totals, expected
):
    plan = run_row(mirror, state=State.SUCCEEDED, is_plan=True, totals=totals)
    assert end(terminal, plan)[0] == expected


def test_only_tags_with_something_to_report_are_printed_unless_all_are_asked_for(terminal, mirror):
    run = run_row(mirror, state=State.SUCCEEDED)
    item_row(run, "copied", ItemAction.CHANGED, ItemState.DONE)
    item_row(run, "superfluous", ItemAction.EXTRA)
    item_row(run, "same", ItemAction.UP_TO_DATE, ItemState.DONE)
    item_row(run, "unlisted", ItemAction.SKIPPED, ItemState.FAILED, error=GONE.stored())

    status, output, _errors = end(terminal, run)

    assert status == 0
    assert all(tag in output for tag in (":copied", ":superfluous", ":unlisted", "no tag 9.9"))
    assert ":same" not in output
    assert ":same" in end(terminal, run, all=True)[1]


def test_a_failed_run_ends_with_one_and_its_error_without_control_characters(terminal, mirror):
    parameters = {"name": "weekly\x1b[2J", "names": ["Night\x07ly"]}
    error = {"kind": "OciError", "code": "mirror_name_unknown", "parameters": parameters}
    run = run_row(mirror, state=State.FAILED, error=error, progress={"notes": ["No tags\x1b[1m."]})

    status, output, errors = end(terminal, run)

    assert status == 1
    assert "weekly" in errors
    assert "Night" in errors
    assert "No tags" in output
    assert not {"\x1b", "\x07"} & set(output + errors)


def test_a_cancelled_run_without_an_error_ends_with_one_and_its_state(terminal, mirror):
    status, _output, errors = end(terminal, run_row(mirror, state=State.CANCELLED))

    assert status == 1
    assert "Cancelled" in errors


def test_a_postponed_run_is_not_waited_for(terminal, mirror):
    resume_at = timezone.now() + timedelta(hours=3)
    reason = Postponed(resume_at, "pulls_reserved", host="hub.example.com", limit=100, left=9)
    run = run_row(mirror, postponed_until=resume_at, postponed_reason=reason.stored())

    status, output, _errors = end(terminal, run)

    assert status == 1
    assert "hub.example.com" in output


def test_a_detached_run_prints_its_id_alone(terminal, mirror):
    run = start_run(mirror=mirror, user=None, enqueue=False)

    assert end(terminal, run, detach=True) == (0, f"{run.pk}\n", "")

    run.refresh_from_db()
    assert run.state == State.QUEUED


def test_an_interrupt_cancels_the_run(terminal, mirror):
    terminal.stdout = InterruptedOutput(io.StringIO())
    run = start_run(mirror=mirror, user=None, enqueue=False)

    assert end(terminal, run)[0] == INTERRUPTED

    run.refresh_from_db()
    assert run.state == State.CANCELLED
