"""The process of a program: its output and its end."""

from tests.parts.processes import wait_until
from tests.parts.supervisors import SLEEPS, STUBBORN, pids_of, remaining_processes

TALKS = (
    "import sys, time; sys.stdout.write('x' * 200000 + '\\nafter\\nno end of line'); "
    "sys.stdout.flush(); time.sleep(600)"
)


def test_programs_end_with_a_killed_supervisor(watch, mark):
    supervisor = watch(("stubborn", STUBBORN, 0), ("sleeper", SLEEPS, 1))
    supervisor.wait_for(lambda: pids_of(supervisor, "stubborn") and pids_of(supervisor, "sleeper"))

    supervisor.kill()

    wait_until(lambda: not remaining_processes(mark), seconds=5)


def test_long_lines_are_printed_in_parts(watch):
    supervisor = watch(("talker", TALKS, 0))

    supervisor.wait_for(lambda: "talker     | after" in supervisor.output)

    assert supervisor.output.count("x") == 200000
    assert all(line.startswith("talker     | ") for line in supervisor.output.splitlines())
    supervisor.stop()
    assert "talker     | no end of line" in supervisor.output
