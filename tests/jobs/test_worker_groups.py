from registry_ui.jobs.kinds import JOB_KINDS, check_worker_groups
from registry_ui.jobs.worker_groups import QUEUES, WORKER_GROUPS


def test_every_queue_is_served_by_one_group():
    assert len(set(QUEUES)) == len(QUEUES)
    assert len({group.name for group in WORKER_GROUPS}) == len(WORKER_GROUPS)
    assert {kind.name for kind in JOB_KINDS} == set(QUEUES)


def test_a_kind_without_workers_fails_the_system_check(monkeypatch):
    assert check_worker_groups() == []

    monkeypatch.setattr("registry_ui.jobs.kinds.QUEUES", ("transfers", "mirrors", "notices"))
    [error] = check_worker_groups()

    assert (error.id, error.msg) == ("jobs.E001", "No worker group serves the queue index.")
