from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from registry_ui.jobs.reconciler import reconcile
from registry_ui.registries.builtin_registry import builtin_registry_host
from tests.transfers.mirrors.rows import item_row, mirror_row, registry_row, run_row
from transfers.mirrors.models import ConflictPolicy, MirrorRun
from transfers.mirrors.run_queue import MIRROR_RUNS
from transfers.models import State

REASON = {"kind": "Postponed", "code": "pulls_reserved", "parameters": {"host": "hub.example.com"}}

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_mirror_never_has_two_active_runs(registry, make_mirror):
    from transfers.mirrors.services import MirrorBusy, start_plan, start_run

    mirror = make_mirror("tests/busy")
    first = start_run(mirror=mirror, user=None, enqueue=False)
    with pytest.raises(MirrorBusy) as caught:
        start_run(mirror=mirror, user=None, enqueue=False)
    assert caught.value.run == first
    assert start_plan(mirror=mirror, user=None, enqueue=False).is_plan


def claimed_run(mirror) -> MirrorRun:
    return MirrorRun.claim_for_run(run_row(mirror).pk, "worker-1")


def test_plans_and_local_pulls_do_not_write_to_the_target(team):
    mirror = mirror_row(team)
    run = run_row(mirror)
    run_row(mirror, is_plan=True)
    run_row(mirror, is_local_pull=True)

    assert list(MirrorRun.objects.to_target()) == [run]


def test_a_due_time_has_one_run_and_runs_by_hand_any_number(team):
    mirror, due_at = mirror_row(team), timezone.now()
    run_row(mirror, due_at=due_at)
    run_row(mirror)
    run_row(mirror)

    with pytest.raises(IntegrityError), transaction.atomic():
        run_row(mirror, due_at=due_at)


def test_a_tag_has_one_item_in_a_run(team):
    run = run_row(mirror_row(team))
    item = item_row(run, "1.27")
    item_row(run, "1.27", target_repository="copy/nginx")
    assert (str(item), item.source) == ("library/nginx:1.27", "library/nginx:1.27")

    with pytest.raises(IntegrityError), transaction.atomic():
        item_row(run, "1.27")


def test_a_local_pull_has_no_target_registry_and_overwrites(team):
    mirror = mirror_row(team, conflict_policy=ConflictPolicy.KEEP)
    run, pull = run_row(mirror), run_row(mirror, is_local_pull=True)

    assert (run.target_registry, run.is_local) == (mirror.target_registry, False)
    assert run.conflict_policy == ConflictPolicy.KEEP
    assert (pull.target_registry, pull.is_local) == (None, True)
    assert pull.conflict_policy == ConflictPolicy.OVERWRITE


def test_only_a_local_pull_reads_the_builtin_registry_without_a_copy(team):
    builtin = registry_row(team, "Built-in registry", builtin_registry_host())
    mirror = mirror_row(team, source=builtin)

    assert run_row(mirror, is_local_pull=True).source_is_builtin
    assert not run_row(mirror).source_is_builtin
    assert not run_row(mirror_row(team, "Hub"), is_local_pull=True).source_is_builtin


def test_a_postponed_run_is_free_for_any_worker_and_is_no_attempt(team):
    run = claimed_run(mirror_row(team))
    assert run.attempt == 1
    resume_at = timezone.now() + timedelta(minutes=30)

    assert run.postpone(resume_at, REASON, requests=7)

    run.refresh_from_db()
    assert (run.state, run.attempt, run.claim, run.worker) == (State.QUEUED, 0, None, "")
    assert (run.is_postponed, run.postponed_until, run.requests) == (True, resume_at, 7)
    assert run.postponed_reason == REASON


def test_the_reconciler_enqueues_a_postponed_run_only_at_its_time(team):
    mirror, now = mirror_row(team), timezone.now()
    early, due = claimed_run(mirror), claimed_run(mirror)
    early.postpone(now + timedelta(minutes=30), REASON)
    due.postpone(now - timedelta(seconds=1), REASON)

    reconcile(MIRROR_RUNS)

    assert MIRROR_RUNS.queued_ids() & {str(early.pk), str(due.pk)} == {str(due.pk)}


def test_a_run_that_another_worker_has_claimed_is_not_postponed(team):
    run = claimed_run(mirror_row(team))
    MirrorRun.objects.filter(pk=run.pk).update(state=State.QUEUED)
    successor = MirrorRun.claim_for_run(run.pk, "worker-2")

    assert not run.postpone(timezone.now() + timedelta(minutes=30), REASON)

    run.refresh_from_db()
    assert (run.state, run.claim, run.postponed_until) == (State.RUNNING, successor.claim, None)


@pytest.mark.parametrize(
    ("values", "text"),
    [({}, "run"), ({"is_plan": True}, "plan"), ({"is_local_pull": True}, "local pull")],
)
def test_its_text_has_the_kind(team, values, text):
    assert str(run_row(mirror_row(team), **values)) == f"{text} of Nightly"
