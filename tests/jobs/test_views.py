from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from registry_ui.jobs.models import TaskState
from registry_ui.jobs.scheduled_tasks import SCHEDULED_TASKS, register_tasks

pytestmark = pytest.mark.django_db

URL = reverse("jobs:scheduled_tasks")


def test_the_page_is_for_administrators_of_the_installation(client_for, alice, ingrid):
    assert client_for(alice).get(URL).status_code == 403
    assert client_for(ingrid).get(URL).status_code == 200


def test_without_a_scheduler_the_page_says_how_to_start_one(client_for, ingrid):
    page = client_for(ingrid).get(URL).text

    assert "No scheduler has run yet" in page
    assert "manage.py scheduler" in page


def test_the_page_shows_every_task_and_names_what_is_late(client_for, ingrid):
    register_tasks(SCHEDULED_TASKS)
    TaskState.objects.update(last_success_at=timezone.now())
    TaskState.objects.filter(name="start_due_mirrors").update(
        last_success_at=timezone.now() - timedelta(minutes=5),
        last_failure_at=timezone.now(),
        last_error="ZoneInfoNotFoundError",
    )

    page = client_for(ingrid).get(URL).text

    assert "1 task is late" in page
    assert page.count("badge-ok") == len(list(SCHEDULED_TASKS)) - 1
    assert "ZoneInfoNotFoundError" in page
