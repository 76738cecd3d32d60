import signal
from typing import Any

from django.core.management.base import BaseCommand

from registry_ui.jobs.scheduled_tasks import SCHEDULED_TASKS
from registry_ui.jobs.scheduler import Scheduler


class Command(BaseCommand):
    help = (
        "Keeps every job in a true state, looks at registries when it is time, and collects "
        "unused blobs. Several may run at once."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        scheduler = Scheduler(list(SCHEDULED_TASKS))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: scheduler.stop())
        scheduler.run()
