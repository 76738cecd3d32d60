from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.catalog.indexing.retention import KEPT_FOR, delete_old_index_runs
from registry_ui.catalog.models import IndexRun
from registry_ui.jobs.models import State

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def ended(registry, age, state=State.SUCCEEDED, repository=""):
    finished_at = timezone.now() - age
    run = IndexRun.objects.create(
        team=registry.team,
        registry=registry,
        state=state,
        repository=repository,
        finished_at=finished_at,
    )
    IndexRun.objects.filter(pk=run.pk).update(created_at=finished_at)
    return run.pk


def test_old_runs_are_deleted_except_the_latest_of_a_registry(make_registry):
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

    assert delete_old_index_runs() == 3
    assert set(IndexRun.objects.values_list("pk", flat=True)) == kept
    assert delete_old_index_runs() == 0
