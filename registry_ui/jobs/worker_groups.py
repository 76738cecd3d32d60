"""The queues of background jobs and the worker programs that serve them (no Django)."""

from dataclasses import dataclass

# The one function that RQ calls, with the name of a kind and the id of a row.
RUN_FUNCTION = "registry_ui.jobs.runner.run_job"


@dataclass(frozen=True, slots=True)
class WorkerGroup:
    """Equal worker programs of the supervisor.

    Args:
        name: the programs' name, followed by a number if there are several.
        queues: the queues, the most urgent first.
        setting: the environment variable with the number of programs, without its prefix; empty
            for always one.
        count: the number without that variable.
    """

    name: str
    queues: tuple[str, ...]
    setting: str = ""
    count: int = 1


WORKER_GROUPS = (
    WorkerGroup("worker", ("transfers",), "WORKERS", 2),
    WorkerGroup("mirrors", ("mirrors",), "MIRROR_WORKERS", 2),
    WorkerGroup("indexer", ("notices", "index")),
)

QUEUES = tuple(queue for group in WORKER_GROUPS for queue in group.queues)
