from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.registries.index_schedule import next_time
from registry_ui.registries.models import Registry

pytestmark = pytest.mark.postgresql


NOW = timezone.now()


@pytest.mark.parametrize(
    ("hours", "failed", "wait"), [(6, False, 6), (6, True, 1), (1, True, 1), (24, False, 24)]
)
def test_a_failed_run_is_repeated_sooner(hours, failed, wait):
    assert next_time(Registry(index_hours=hours), after=NOW, failed=failed) == NOW + timedelta(
        hours=wait
    )


def test_without_hours_there_is_no_next_time():
    assert next_time(Registry(index_hours=0), after=NOW) is None
