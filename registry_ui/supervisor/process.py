"""The process of a program: start, output, end and restart."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence

from registry_ui.environment import BASE_DIR

from .console import Console
from .programs import Program

_PR_SET_PDEATHSIG = 1
_MAX_PAUSE = 30.0
# A program that ran for so long was healthy: the next pause is short again.
_HEALTHY_SECONDS = 30.0
_LINE_LIMIT = 64 * 1024


def end_with_parent(parent: int) -> Callable[[], None]:
    """Return a `preexec_fn` with which the kernel kills the child when the parent ends.

    PR_SET_PDEATHSIG of prctl(2) works however the parent ends.
    """
    libc = ctypes.CDLL(None)

    def request_signal() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # The parent may have ended before the call, and then no signal comes.
        if os.getppid() != parent:
            os._exit(1)

    return request_signal


def start(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start a program that ends with this process.

    It gets a session of its own, so that Ctrl-C in the terminal reaches the supervisor only.
    """
    return subprocess.Popen(  # noqa: S603
        command,
        cwd=BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # A pipe is buffered otherwise, and lines would appear late or, after SIGKILL, never.
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
        preexec_fn=end_with_parent(os.getpid()),
    )


class Child:
    """A program's current process, if any, and the time of its next start."""

    def __init__(self, program: Program, console: Console) -> None:
        self.program = program
        self.console = console
        self.process: subprocess.Popen[bytes] | None = None
        self.start_at = 0.0
        self._started_at = 0.0
        self._failures = 0
        self._partial_line = b""

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def is_running(self) -> bool:
        """Return whether it was started and not yet reaped."""
        return self.process is not None

    @property
    def has_ended(self) -> bool:
        """Return whether `reap` is due."""
        if self.process is None:
            return False
        # WNOWAIT keeps the zombie until `reap`, so its id cannot become another process's.
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.process.pid, options) is not None

    @property
    def output(self) -> int:
        """The file descriptor that `read` reads from."""
        assert self.process is not None
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def start(self) -> None:
        self.start_at = 0.0
        self.process = start(self.program.command)
        self._started_at = time.monotonic()
        # The supervisor has one thread, which must not wait for one program's output.
        os.set_blocking(self.output, False)

    def send(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """Kill the process and its process group."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def reap(self) -> int:
        """Print the last lines of an ended process and return its exit status."""
        assert self.process is not None
        assert self.process.stdout is not None

        # Processes that it started may have outlived it, and hold the pipe open.
        self.kill()
        while self.read():
            pass
        self.process.stdout.close()

        status = self.process.wait()
        self.process = None
        return status

    def read(self) -> bool:
        """Print new output; return False where there is none now, or no more."""
        try:
            data = os.read(self.output, _LINE_LIMIT)
        except BlockingIOError:
            data = b""

        *lines, self._partial_line = (self._partial_line + data).split(b"\n")
        # A line that is too long is printed in parts, so that memory stays bounded.
        if not data or len(self._partial_line) > _LINE_LIMIT:
            lines, self._partial_line = [*lines, self._partial_line], b""
        for line in lines:
            self._print(line.decode(errors="replace").rstrip())
        return bool(data)

    def _print(self, text: str) -> None:
        if text and not (self.program.hidden and self.program.hidden in text):
            self.console.line(self.name, text)

    def schedule_restart(self) -> float:
        """Set `start_at` and return the pause in seconds, which doubles after each early end."""
        uptime = time.monotonic() - self._started_at
        self._failures = 0 if uptime > _HEALTHY_SECONDS else self._failures + 1
        pause: float = min(_MAX_PAUSE, 0.5 * 2 ** max(0, self._failures - 1))
        self.start_at = time.monotonic() + pause
        return pause


def describe(status: int) -> str:
    """Return an exit status in words."""
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"
