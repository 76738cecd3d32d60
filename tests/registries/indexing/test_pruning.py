from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.jobs.models import State
from registry_ui.registries.indexing.pruning import KEPT_FOR, drop_old_runs
from registry_ui.registries.models import IndexRun

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def ended(registry, age, state=State.SUCCEEDED, repository=""):
    moment = timezone.now() - age
    run = IndexRun.objects.create(
        team=registry.team,
        registry=registry,
        state=state,
        repository=repository,
        finished_at=moment,
    )
    IndexRun.objects.filter(pk=run.pk).update(created_at=moment)
    return run.pk


def test_runs_that_ended_long_ago_go_and_the_latest_of_a_registry_stays(make_registry):
    old = KEPT_FOR + timedelta(days=1)
    busy, quiet = make_registry(host="busy.example.com"), make_registry(host="quiet.example.com")
    ended(busy, old)
    ended(busy, old, repository="shop/web")
    ended(quiet, old + timedelta(days=1))
    kept = {
        ended(busy, timedelta(days=1)),
        ended(quiet, old),
        ended(busy, old, state=State.RUNNING),
    }

    assert drop_old_runs() == 3
    assert set(IndexRun.objects.values_list("pk", flat=True)) == kept
    assert drop_old_runs() == 0
