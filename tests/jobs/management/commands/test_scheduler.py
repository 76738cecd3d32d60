import pytest

from registry_ui.jobs.models import TaskState
from registry_ui.jobs.scheduled_tasks import SCHEDULED_TASKS

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def test_every_task_of_the_product_succeeds_and_sigterm_ends_the_scheduler(manage):
    scheduler = manage.start("scheduler")
    scheduler.wait_for(
        lambda: (
            TaskState.objects.exclude(last_success_at=None).count() == len(list(SCHEDULED_TASKS))
        ),
        seconds=60,
    )

    assert not TaskState.objects.exclude(last_failure_at=None).exists()
    assert scheduler.stop() == 0
