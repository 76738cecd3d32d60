"""The configuration of gunicorn, which serves the pages with threads.

ASGI servers keep whole uploads in memory; see docs/architecture.md.
"""

import ctypes
import gc
import os
import signal
from pathlib import Path
from typing import Any

from registry_ui.environment import at_least_one, env

_PR_SET_PDEATHSIG = 1

wsgi_app = "registry_ui.wsgi"
bind = env.str("LISTEN", "127.0.0.1:8000")
worker_class = "gthread"
# Python runs one thread of a process at a time, so one process would use one core only.
workers = env.int("WEB_PROCESSES", min(len(os.sched_getaffinity(0)), 4), validate=at_least_one)
threads = env.int("WEB_THREADS", 16, validate=at_least_one)
# A worker that does not answer the master for so long is killed; threads keep it answering during
# a long transfer.
timeout = 60
graceful_timeout = 10
keepalive = 5
limit_request_line = 8190  # the guide accepts a pasted list of tags in the query
proc_name = "registry-ui"
loglevel = "warning"
accesslog = "-" if env.bool("ACCESS_LOG", False) else None
# Request lines without the query, and one-time links without their token: both may hold secrets.
logger_class = "registry_ui.access_log.AccessLogger"
access_log_format = '%({x-forwarded-for}i)s %(h)s "%(m)s %(U)s" %(s)s %(B)s %(D)sus'
control_socket_disable = True
# Heartbeat files on a slow disk block the workers (gunicorn FAQ, os.fchmod).
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def post_fork(server: Any, worker: Any) -> None:
    """End this worker with its master, even where that is killed (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server.pid:
        os._exit(1)


def post_worker_init(worker: Any) -> None:
    """Leave the loaded program out of later garbage collections.

    It never becomes garbage, and some requests had to wait until a collection had walked through
    all of it.
    """
    gc.collect()
    gc.freeze()
