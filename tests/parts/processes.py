"""Programs that tests start. They end with pytest, however that ends."""

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import SystemRandom

_PR_SET_PDEATHSIG = 1


def _prepare_child() -> None:
    """Make the program end with pytest and accept SIGINT."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # A shell that runs pytest in the background lets its children ignore SIGINT.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def free_port() -> int:
    """Return a free port of the loopback interface.

    It is below the ports that the kernel gives to outgoing connections.
    """
    # Not `random`: Hypothesis seeds that, and two pytest processes would get the same ports.
    for port in SystemRandom().sample(range(20000, 32000), 200):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("There is no free port.")


def is_listening(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False


def wait_until(
    condition: Callable[[], object], *, seconds: float = 20, what: str = "the condition"
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Return whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Process:
    """A started program, with its output in `.output`."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        directory: Path | None = None,
    ) -> None:
        self.log = log
        self.command = " ".join(str(word) for word in command)
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment} if environment else None,
                user=user,
                cwd=directory,
                preexec_fn=_prepare_child,
            )

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_for(self, condition: Callable[[], object], *, seconds: float = 30) -> None:
        """Wait for a condition; raise with the output where the program ends before."""

        def is_ready() -> object:
            if self.popen.poll() is not None:
                raise RuntimeError(
                    f"{self.command} ended with {self.popen.returncode}:\n{self.output[-4000:]}"
                )
            return condition()

        try:
            wait_until(is_ready, seconds=seconds, what=self.command)
        except TimeoutError as exc:
            raise TimeoutError(f"{exc}\n{self.output[-4000:]}") from None

    def send(self, number: signal.Signals) -> None:
        if self.popen.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL, as the kernel does where memory runs out."""
        self.send(signal.SIGKILL)
        self.popen.wait(10)

    def stop(self, *, seconds: float = 15, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, and SIGKILL after some seconds; return the exit status."""
        self.send(number)
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.popen.returncode
