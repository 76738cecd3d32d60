import uuid

import pytest

from registry_ui.catalog import index_jobs
from registry_ui.catalog.indexing import index_services
from registry_ui.catalog.models import IndexRun
from registry_ui.jobs.models import State

pytestmark = pytest.mark.django_db


def test_a_cancelled_or_claimed_run_is_left_alone(make_registry, monkeypatch):
    started = []
    monkeypatch.setattr(index_jobs, "run", started.append)
    run = index_services.start_index(registry=make_registry(), user=None, enqueue=False)
    for state in (State.CANCELLED, State.RUNNING, State.SUCCEEDED):
        IndexRun.objects.update(state=state)
        index_jobs.run_index(str(run.pk))
    index_jobs.run_index(str(uuid.uuid4()))
    assert started == []

    IndexRun.objects.update(state=State.QUEUED)
    index_jobs.run_index(str(run.pk))
    assert [claimed.pk for claimed in started] == [run.pk]
    assert started[0].state == State.RUNNING
