import uuid

import pytest

from registry_ui.jobs.models import State
from registry_ui.registries import jobs
from registry_ui.registries.indexing import services
from registry_ui.registries.models import IndexRun

pytestmark = pytest.mark.django_db


def test_a_cancelled_or_claimed_run_is_left_alone(make_registry, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "run", started.append)
    run = services.start_index(registry=make_registry(), user=None, enqueue=False)
    for state in (State.CANCELLED, State.RUNNING, State.SUCCEEDED):
        IndexRun.objects.update(state=state)
        jobs.run_index(str(run.pk))
    jobs.run_index(str(uuid.uuid4()))
    assert started == []

    IndexRun.objects.update(state=State.QUEUED)
    jobs.run_index(str(run.pk))
    assert [claimed.pk for claimed in started] == [run.pk]
    assert started[0].state == State.RUNNING
