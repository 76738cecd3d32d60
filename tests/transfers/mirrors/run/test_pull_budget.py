"""A registry that counts pulls.

A run with few pulls left waits without a worker, shows its time, and continues then.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.jobs.reconciler import reconcile
from registry_ui.jobs.runner import run_claimed
from registry_ui.oci.client import RateLimit
from registry_ui.oci.errors import RateLimited
from tests.parts.error_texts import says
from tests.parts.gateway import gateway
from transfers.mirrors.models import MirrorRun
from transfers.mirrors.run.pull_budget import Postponed, PullBudget, reserved_pulls
from transfers.mirrors.run_queue import MIRROR_RUNS, claim_next
from transfers.mirrors.services import start_run
from transfers.models import State

from ..outcomes import outcome

pytestmark = pytest.mark.postgresql


def test_some_pulls_are_reserved_for_people():
    budget = PullBudget("docker.io")
    assert budget.acquire(None)
    assert budget.acquire(RateLimit(100, 13))
    assert not budget.acquire(RateLimit(100, 12))
    with pytest.raises(Postponed, check=says(r"docker\.io")):
        budget.check()


def test_pulls_in_flight_count():
    budget = PullBudget("docker.io")
    limit = RateLimit(100, 15)
    acquired = [budget.acquire(limit) for _number in range(10)]
    assert sum(acquired) == 15 - reserved_pulls(limit)


def test_the_window_of_the_registry_is_the_wait():
    budget = PullBudget("docker.io")
    budget.acquire(RateLimit(100, 1, 60))
    with pytest.raises(Postponed) as postponed:
        budget.check()
    assert (
        timedelta(seconds=50) < postponed.value.resume_at - timezone.now() < timedelta(seconds=61)
    )


def test_only_a_long_refusal_postpones():
    budget = PullBudget("docker.io")
    budget.record_failure(RateLimited("Too many.", retry_after=30))
    budget.check()
    budget.record_failure(RateLimited("Too many.", retry_after=3600))
    with pytest.raises(Postponed):
        budget.check()


@pytest.mark.django_db(transaction=True)
def test_a_run_is_postponed_before_the_last_pulls_and_continues_later(
    registry, second_registry, image_factory, make_mirror
):
    repository = registry.new_repository()
    for number in range(8):
        image_factory(registry, repository, f"1.{number}", layers=1, layer_size=100)
    with gateway(registry.host, pulls=5) as counting:
        row = start_run(mirror=make_mirror(repository, source=counting), user=None, enqueue=False)
        run_claimed(MIRROR_RUNS, claim_next(row.pk, "worker"))

        row.refresh_from_db()
        assert (row.state, row.is_postponed, row.attempt) == (State.QUEUED, True, 0)
        assert row.postponed_reason["parameters"]["host"] == counting.host
        assert timedelta(minutes=8) < row.postponed_until - timezone.now() < timedelta(minutes=11)
        assert counting.left >= 1, "a pull is left to people"
        assert counting.refused == 0
        assert row.totals["done"] == 5 - counting.left > 0

        reconcile(MIRROR_RUNS)
        assert str(row.pk) not in MIRROR_RUNS.queued_ids()
        while row.is_postponed:
            before = row.totals["done"]
            counting.refill()
            expire_postponement(row)
            run_claimed(MIRROR_RUNS, claim_next(row.pk, "worker"))
            row.refresh_from_db()
            assert row.totals["done"] > before

        assert (row.state, row.postponed_until) == (State.SUCCEEDED, None)
        assert outcome(row) == {f"1.{number}": "new done" for number in range(8)}
        assert counting.refused == 0


@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_refused_for_an_hour_waits_and_copies_all_tags(
    registry, second_registry, image_factory, make_mirror
):
    repository = registry.new_repository()
    for number in range(3):
        image_factory(registry, repository, f"1.{number}", layers=1, layer_size=100)
    with gateway(registry.host, pulls=5) as counting:
        counting.sends_rate_limit = False
        counting.left = 1
        row = start_run(mirror=make_mirror(repository, source=counting), user=None, enqueue=False)
        run_claimed(MIRROR_RUNS, claim_next(row.pk, "worker"))

        row.refresh_from_db()
        assert (row.state, row.is_postponed) == (State.QUEUED, True)
        assert timedelta(minutes=55) < row.postponed_until - timezone.now() < timedelta(minutes=61)

        counting.refill()
        expire_postponement(row)
        run_claimed(MIRROR_RUNS, claim_next(row.pk, "worker"))

        row.refresh_from_db()
        assert outcome(row) == {f"1.{number}": "new done" for number in range(3)}


def expire_postponement(row) -> None:
    earlier = timezone.now() - timedelta(minutes=1)
    MirrorRun.objects.filter(pk=row.pk).update(postponed_until=earlier, queued_at=earlier)
    reconcile(MIRROR_RUNS)
    assert str(row.pk) in MIRROR_RUNS.queued_ids()
