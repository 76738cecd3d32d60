"""Schedulers with a worker, as processes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.catalog.models import IndexRun
from tests.parts.processes import wait_until

from .conftest import names

pytestmark = pytest.mark.postgresql


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_and_a_worker_index_a_due_registry_once(
    make_registry, own_registry, image_factory, manage
):
    image = image_factory(own_registry, "team/app")
    registry = make_registry(own_registry, next_index_at=timezone.now() - timedelta(minutes=1))

    for _number in range(2):
        manage.start("scheduler")
    manage.start_worker("index")
    wait_until(
        lambda: IndexRun.objects.filter(state="succeeded").exists(),
        seconds=60,
        what="the end of the index run",
    )

    assert IndexRun.objects.count() == 1
    assert names(registry) == {"team/app:1.0": image.digest}
