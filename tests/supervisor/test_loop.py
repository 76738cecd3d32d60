"""The main loop, with real processes that are killed."""

import os
import re
import signal
import time

import pytest

from registry_ui.supervisor.console import Console
from registry_ui.supervisor.loop import Supervisor
from tests.parts.processes import is_running
from tests.parts.supervisors import SLEEPS, STUBBORN, pids_of, remaining_processes

ENDS = "import sys; print('ended'); sys.exit(3)"
IN_ORDER = (
    "import signal, sys, time; "
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('goodbye'))); "
    "print('up'); time.sleep(600)"
)


def test_a_killed_program_is_restarted(watch):
    supervisor = watch(("sleeper", SLEEPS, 0))
    supervisor.wait_for(lambda: pids_of(supervisor, "sleeper"))

    os.kill(pids_of(supervisor, "sleeper")[0], signal.SIGKILL)

    supervisor.wait_for(lambda: len(pids_of(supervisor, "sleeper")) == 2)
    assert "sleeper was killed by SIGKILL; it starts again in 0.5 s." in supervisor.output
    assert is_running(pids_of(supervisor, "sleeper")[1])


def test_the_pause_before_a_restart_grows(watch):
    supervisor = watch(("hasty", ENDS, 0), ("sleeper", SLEEPS, 0))

    supervisor.wait_for(
        lambda: "hasty ended with status 3; it starts again in 2 s." in supervisor.output
    )

    assert re.findall(r"again in ([\d.]+) s", supervisor.output) == ["0.5", "1", "2"]
    assert is_running(pids_of(supervisor, "sleeper")[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_stop_signal_stops_in_order(watch, mark, number):
    supervisor = watch(("queue", IN_ORDER, 3), ("web", IN_ORDER, 1), ("worker", IN_ORDER, 0))
    supervisor.wait_for(lambda: supervisor.output.count("| up") == 3)

    assert supervisor.stop(number=number) == 0

    assert re.findall(r"(\w+) +\| goodbye", supervisor.output) == ["worker", "web", "queue"]
    assert remaining_processes(mark) == []


def test_a_program_that_does_not_end_is_killed(watch, mark):
    supervisor = watch(("stubborn", STUBBORN, 0))
    supervisor.wait_for(lambda: pids_of(supervisor, "stubborn"))

    assert supervisor.stop() == 0

    assert remaining_processes(mark) == []


def test_a_second_signal_stops_at_once(watch, mark):
    supervisor = watch(("stubborn", STUBBORN, 0), stop_seconds=600)
    supervisor.wait_for(lambda: pids_of(supervisor, "stubborn"))
    supervisor.popen.send_signal(signal.SIGINT)
    supervisor.wait_for(lambda: "Ctrl-C again stops at once." in supervisor.output)
    # Two signals within half a second count as one: a closed terminal sends two.
    time.sleep(0.6)

    assert supervisor.stop(number=signal.SIGINT) == 0

    assert remaining_processes(mark) == []


def test_two_signals_within_half_a_second_are_one_request():
    supervisor = Supervisor([], Console())

    for _signal in range(2):
        supervisor._on_stop_signal(signal.SIGHUP, None)
    assert supervisor.stop_requests == 1

    supervisor._stop_requested_at -= 0.6
    supervisor._on_stop_signal(signal.SIGINT, None)
    assert supervisor.stop_requests == 2


def test_a_program_that_is_not_ready_does_not_hold_up_the_others(watch):
    supervisor = watch(("queue", SLEEPS, 1, "never ready"), ("web", SLEEPS, 0))

    supervisor.wait_for(lambda: pids_of(supervisor, "web"))

    message = "queue is not ready after 0.3 s; the others start all the same."
    assert message in supervisor.output.partition("web ")[0]
    assert is_running(pids_of(supervisor, "queue")[0])
