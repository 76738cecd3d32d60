"""The main loop of the supervisor."""

import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

from .console import Console
from .process import Child, describe
from .programs import Program

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """A single-threaded loop that keeps programs running and stops them in order.

    A selector waits for output, for the end of a process (SIGCHLD) and for a stop signal.
    """

    def __init__(self, programs: Sequence[Program], console: Console) -> None:
        self.console = console
        self.children = [Child(program, console) for program in programs]
        self.stop_requests = 0
        self._stop_requested_at = float("-inf")
        self._selector = selectors.DefaultSelector()

    @property
    def is_stopping(self) -> bool:
        return self.stop_requests > 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handle signals while the block runs, and kill all programs at its end.

        Signals wake the selector through a pipe (signal.set_wakeup_fd).
        """
        reader, writer = os.pipe()
        # set_wakeup_fd requires a non-blocking descriptor.
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        self._selector.register(reader, selectors.EVENT_READ, None)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

        # Without a handler, Python would not write SIGCHLD to the pipe.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in _STOP_SIGNALS:
            signal.signal(number, self._on_stop_signal)

        try:
            yield
        finally:
            for child in self.children:
                child.kill()

    def _on_stop_signal(self, number: int, frame: object) -> None:
        # A terminal that is closed sends SIGHUP twice: once by the kernel, once by the shell.
        if time.monotonic() - self._stop_requested_at > 0.5:
            self._stop_requested_at = time.monotonic()
            self.stop_requests += 1

    def start_all(self, *, seconds: float = 30) -> None:
        """Start the programs in order, each after those before it are ready."""
        for child in self.children:
            if self.is_stopping:
                return
            self._start(child)

            ready = child.program.ready
            is_ready = ready is None or self.wait_until(ready, seconds=seconds)
            if not is_ready and not self.is_stopping:
                self.console.write_message(
                    f"{child.name} is not ready after {seconds:g} s; the others start all the same."
                )

    def wait_until(self, condition: Callable[[], bool], *, seconds: float) -> bool:
        """Watch until the condition is true; return False after the time or a stop signal."""
        deadline = time.monotonic() + seconds
        while not self.is_stopping:
            if condition():
                return True
            if time.monotonic() > deadline:
                return False
            self.watch_once(0.1)
        return False

    def watch(self) -> None:
        """Watch the programs until a stop signal."""
        while not self.is_stopping:
            self.watch_once(self._seconds_to_next_start())

    def watch_once(self, seconds: float | None) -> None:
        """Wait for events, print output, reap ended processes and start what is due."""
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                self._drain_wakeups(key.fd)
            elif not key.data.read():
                self._selector.unregister(key.fileobj)

        for child in self.children:
            if child.has_ended:
                self._handle_end(child)
            if not self.is_stopping and 0 < child.start_at <= time.monotonic():
                self._start(child)

    def stop(self) -> None:
        """Stop in order: workers, web, scheduler, queue. A second signal kills what is left."""
        self.console.write_message(
            "Stopping. Transfers that do not end within ten seconds go on at the next start. "
            "Ctrl-C again stops at once."
        )
        in_order = sorted(self.children, key=lambda child: child.program.stop_order)
        for _, group in groupby(in_order, key=lambda child: child.program.stop_order):
            self._stop_together(list(group))
        self.console.write_message("Stopped.")

    def _stop_together(self, group: list[Child]) -> None:
        deadline = time.monotonic() + max(child.program.stop_seconds for child in group)
        for child in group:
            child.send(signal.SIGTERM)

        while any(child.is_running for child in group):
            # A second signal, or the end of the programs' own time.
            if self.stop_requests > 1 or time.monotonic() > deadline:
                for child in group:
                    child.kill()
            self.watch_once(0.2)

    def _start(self, child: Child) -> None:
        child.start()
        self._selector.register(child.output, selectors.EVENT_READ, child)

    def _handle_end(self, child: Child) -> None:
        if child.output in self._selector.get_map():
            self._selector.unregister(child.output)
        status = child.reap()
        if not self.is_stopping:
            pause = child.schedule_restart()
            self.console.write_message(
                f"{child.name} {describe(status)}; it starts again in {pause:g} s."
            )

    def _drain_wakeups(self, descriptor: int) -> None:
        try:
            while os.read(descriptor, 512):
                pass
        except BlockingIOError:
            pass

    def _seconds_to_next_start(self) -> float | None:
        waiting = [child.start_at for child in self.children if child.start_at]
        return max(0.0, min(waiting) - time.monotonic()) if waiting else None
