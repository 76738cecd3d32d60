"""One running program: its process, its output, and when it may start again."""

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
_LONGEST_PAUSE = 30.0
# Who lived that long was well: the next pause is short again.
_SOUND_SECONDS = 30.0
_LINE_LIMIT = 64 * 1024


def die_with(parent: int) -> Callable[[], None]:
    """For `preexec_fn`: the kernel kills the child when the parent ends, however that ends (prctl(2))."""
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def start(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start a program that dies with this one. It gets a session of its own: Ctrl-C in the terminal reaches only us."""
    return subprocess.Popen(  # noqa: S603
        command,
        cwd=BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
        preexec_fn=die_with(os.getpid()),
    )


class Child:
    def __init__(self, program: Program, console: Console) -> None:
        self.program = program
        self.console = console
        self.process: subprocess.Popen[bytes] | None = None
        self.start_at = 0.0
        self._started_at = 0.0
        self._failures = 0
        self._rest = b""

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def is_running(self) -> bool:
        """Started, and its end not yet taken notice of by `finish`."""
        return self.process is not None

    @property
    def has_ended(self) -> bool:
        """Whether `finish` is due. The process stays a zombie until then, so its id cannot be anybody else's."""
        if self.process is None:
            return False
        return (
            os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        )

    @property
    def output(self) -> int:
        """The descriptor from which `read` reads."""
        assert self.process is not None
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def start(self) -> None:
        self.start_at = 0.0
        self.process = start(self.program.command)
        self._started_at = time.monotonic()
        os.set_blocking(self.output, False)

    def send(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """The process and all that shares its process group."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def finish(self) -> int:
        """Take notice of the end: nothing of it is left over, its last lines are printed. Returns the exit status."""
        assert self.process is not None
        assert self.process.stdout is not None
        self.kill()
        while self.read():
            pass
        self.process.stdout.close()
        status = self.process.wait()
        self.process = None
        return status

    def read(self) -> bool:
        """Print what it wrote; False at the end of its output, and when there is nothing for now."""
        try:
            data = os.read(self.output, _LINE_LIMIT)
        except BlockingIOError:
            data = b""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if not data or len(self._rest) > _LINE_LIMIT:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._print(line.decode(errors="replace").rstrip())
        return bool(data)

    def _print(self, text: str) -> None:
        if text and not (self.program.hidden and self.program.hidden in text):
            self.console.line(self.name, text)

    def plan_restart(self) -> float:
        """Set `start_at`: half a second after a first death, longer after each that follows at once."""
        lived = time.monotonic() - self._started_at
        self._failures = 0 if lived > _SOUND_SECONDS else self._failures + 1
        pause = min(_LONGEST_PAUSE, 0.5 * 2 ** max(0, self._failures - 1))
        self.start_at = time.monotonic() + pause
        return pause


def describe(status: int) -> str:
    """An exit status in words."""
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"
