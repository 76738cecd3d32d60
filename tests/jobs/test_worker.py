import json
import os
import signal
import subprocess
import sys
import time
import zlib

import pytest
from rq.exceptions import DeserializationError

from registry_ui.jobs.worker_groups import RUN_FUNCTION
from transfers.queues import TRANSFERS

pytestmark = pytest.mark.django_db


def store_job(job_id, func_name, **fields):
    """Write a job to Redis as an attacker with access to it could."""
    connection = TRANSFERS.rq.connection
    data = json.dumps([func_name, None, [], {}]).encode()
    connection.hset(
        f"rq:job:{job_id}",
        mapping={"data": zlib.compress(data), "origin": "transfers", "status": "queued", **fields},
    )
    return TRANSFERS.rq.job_class.fetch(
        job_id, connection=connection, serializer=TRANSFERS.rq.serializer
    )


def test_the_function_of_job_rows_is_accepted():
    assert store_job("listed", RUN_FUNCTION).func_name == RUN_FUNCTION


@pytest.mark.parametrize(
    "name", ["os.system", "subprocess.call", "registry_ui.jobs.runner.worker_name", "builtins.eval"]
)
def test_another_function_is_refused(name):
    job = store_job("planted", name)

    with pytest.raises(DeserializationError):
        _ = job.func_name


def test_planted_callbacks_and_webhooks_are_dropped():
    job = store_job(
        "callbacks",
        RUN_FUNCTION,
        success_callback_name="os.getcwd",
        failure_callback_name="os.getcwd",
        stopped_callback_name="os.getcwd",
        webhooks=json.dumps([{"url": "http://127.0.0.1:9/", "job_status": "finished"}]),
    )

    assert (job.success_callback, job.failure_callback, job.stopped_callback, job.webhooks) == (
        None,
        None,
        None,
        [],
    )


@pytest.mark.processes
def test_a_work_horse_dies_with_its_worker():
    program = (
        "import os, sys, time\n"
        "from registry_ui.jobs.worker import die_with_parent\n"
        "parent = os.getpid()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    die_with_parent(parent)\n"
        "    time.sleep(60)\n"
        "print(child, flush=True)\n"
        "time.sleep(60)\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    horse = int(worker.stdout.readline())
    time.sleep(0.5)

    worker.send_signal(signal.SIGKILL)
    worker.wait()

    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and is_running(horse):
        time.sleep(0.05)
    assert not is_running(horse)


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_worker_notices_dead_colleagues_within_a_minute():
    import django_rq

    worker = django_rq.get_worker("transfers")

    assert (worker.worker_ttl, worker.maintenance_interval) == (60, 30)
    assert worker.serializer.__name__ == "JSONSerializer"
    assert os.getpid() == worker.pid
