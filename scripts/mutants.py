"""Change one line of the product at a time, and check that the nearest tests fail for it.

`scripts/mutations.toml` lists the changes. Each is made in a temporary copy of the tree. A change
that no test notices breaks a promise that no test keeps.
"""

import argparse
import contextlib
import importlib.util
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA_FILE = Path(__file__).with_name("mutations.toml")
OPTIONS = ("--reuse-db",)
# A change that makes a test hang counts too: pytest-timeout turns that into a failed test.
TEST_SECONDS = 90
RUN_SECONDS = 600
_PIECES = re.compile(r"\w+|[^\w\s]")
_CLOSING = (r"\)", r"\]", r"\}")
_FAILED = re.compile(r"^FAILED ", re.MULTILINE)
_TEMPLATE_TEST = "import pytest\n\n@pytest.mark.django_db\ndef test_database():\n    pass\n"


class Verdict(StrEnum):
    """The outcome of one mutation."""

    KILLED = "killed"
    SURVIVED = "survived"
    STALE = "stale"
    ERROR = "error"


class Refused(Exception):
    """The mutations cannot be run as things are; the message says why."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of one file.

    Args:
        name: the promise that it breaks.
        file: the path from the root of the tree.
        text: stands exactly once in the file; line breaks and spaces do not count.
        tests: pytest's node ids or files, of which one has to fail.
    """

    name: str
    file: str
    text: str
    replacement: str
    tests: tuple[str, ...]

    @property
    def pattern(self) -> re.Pattern[str]:
        """The text, however the formatter broke its lines."""
        pieces = [re.escape(piece) for piece in _PIECES.findall(self.text)]
        spaced = r"\s*".join(rf",?\s*{piece}" if piece in _CLOSING else piece for piece in pieces)
        indentation = self.text[: len(self.text) - len(self.text.lstrip())]
        return re.compile(re.escape(indentation) + spaced)

    def is_named_by(self, words: Sequence[str]) -> bool:
        """Return whether its name or its file has one of the words in it."""
        return any(word in self.name or word in self.file for word in words)

    def problem(self, root: Path) -> str:
        """Return why it cannot be made in this tree, in a sentence; empty where it can."""
        path = root / self.file
        if not path.is_file():
            return f"{self.file} does not exist"

        source = path.read_text()
        count = len(self.pattern.findall(source))
        if count != 1:
            return f"the text occurs {count} times in {self.file}: {self.text!r}"

        missing = [test for test in self.tests if not (root / test.partition("::")[0]).is_file()]
        if missing:
            return f"{missing[0]} does not exist"
        return ""

    def applied(self, source: bytes) -> bytes:
        """Return the changed file.

        Raises:
            SyntaxError: the replacement is no Python, which every test would notice.
        """
        changed = self.pattern.sub(lambda _found: self.replacement, source.decode())
        compile(changed, self.file, "exec")
        return changed.encode()


@dataclass(frozen=True, slots=True)
class Result:
    """A verdict, and the end of the output for a mutation that was not killed."""

    mutation: Mutation
    verdict: Verdict
    seconds: float = 0.0
    details: str = ""

    def __str__(self) -> str:
        details = f"\n{self.details}" if self.details else ""
        return f"{self.verdict:9}{self.seconds:6.1f} s  {self.mutation.name}{details}"


def load(path: Path = DATA_FILE) -> list[Mutation]:
    """Read the data file.

    Raises:
        Refused: two mutations have one name, or a mutation changes nothing.
    """
    entries = tomllib.loads(path.read_text())["mutation"]
    mutations = [Mutation(**{**entry, "tests": tuple(entry["tests"])}) for entry in entries]

    names = Counter(mutation.name for mutation in mutations)
    repeated = [name for name, count in names.items() if count > 1]
    if repeated:
        raise Refused(f"Two mutations are named “{repeated[0]}”.")
    for mutation in mutations:
        if mutation.text == mutation.replacement or not mutation.tests:
            raise Refused(f"“{mutation.name}” changes nothing, or names no test.")
    return mutations


def stale(mutations: Sequence[Mutation], root: Path) -> list[Result]:
    """Return a result for each mutation that does not fit the tree."""
    problems = [(mutation, mutation.problem(root)) for mutation in mutations]
    return [Result(each, Verdict.STALE, details=f"    {text}") for each, text in problems if text]


def verdict_of(status: int, output: str) -> Verdict:
    """Judge a run of pytest by its exit status.

    Status 1 counts only with a failed test: an error in a fixture, such as a module that cannot be
    imported, has it too.
    """
    if status == 0:
        return Verdict.SURVIVED
    if status == 1 and _FAILED.search(output):
        return Verdict.KILLED
    return Verdict.ERROR


@dataclass(slots=True)
class Processes:
    """The running processes of all jobs, so that all end when this program ends."""

    running: set[subprocess.Popen[str]] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: bool = False

    def run(self, command: Sequence[str], *, cwd: Path, env: dict[str, str]) -> tuple[int, str]:
        """Run a command to its end; return its status and its output."""
        with self.lock:
            if self.ended:
                return -signal.SIGTERM, ""
            process = subprocess.Popen(  # noqa: S603 (the command is ours)
                command,
                cwd=cwd,
                env=env,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self.running.add(process)
        try:
            output, _none = process.communicate(timeout=RUN_SECONDS)
            return process.returncode, output
        except subprocess.TimeoutExpired:
            self._kill(process)
            return -signal.SIGKILL, f"The tests did not end within {RUN_SECONDS} seconds."
        finally:
            with self.lock:
                self.running.discard(process)

    def end(self) -> None:
        """Kill all that runs, and start nothing more."""
        with self.lock:
            self.ended = True
            for process in self.running:
                self._kill(process)

    def _kill(self, process: subprocess.Popen[str]) -> None:
        """Kill a process with what it has started, which has its process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Copy:
    """A copy of the tree in which one mutation at a time is made and tested.

    Args:
        options: of pytest, for all of its runs.
    """

    def __init__(self, folder: Path, processes: Processes, options: Sequence[str] = OPTIONS):
        self.tree = folder / "tree"
        self._data = folder / "run"
        self._template = folder / "template"
        self._processes = processes
        self._options = options

    def fill(self, source: Path) -> None:
        """Copy what git knows, and what is new and not ignored."""
        listed = _git(source, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        for name in filter(None, listed.split("\0")):
            if (source / name).is_file():
                (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source / name, self.tree / name)

    def prepare_database(self) -> None:
        """Make the test database once: the migrations take longer than most tests.

        Raises:
            Refused
        """
        path = self.tree / "tests" / "test_template_of_mutants.py"
        path.write_text(_TEMPLATE_TEST)
        self._template.mkdir()
        status, output = self._pytest([str(path)], self._template)
        path.unlink()
        if status:
            raise Refused(f"The test database cannot be made:\n{output}")

    def run(self, tests: Sequence[str]) -> tuple[int, str]:
        """Run tests in the copy, with data of their own."""
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir()
        for database in self._template.glob("*.sqlite3"):
            shutil.copy2(database, self._data)
        return self._pytest(tests, self._data)

    def judge(self, mutation: Mutation) -> Result:
        """Make a mutation, run its tests, and put the file back."""
        started = time.monotonic()
        path = self.tree / mutation.file
        original = path.read_bytes()
        try:
            _write(path, mutation.applied(original))
            status, output = self.run(mutation.tests)
        except SyntaxError as exc:
            return Result(mutation, Verdict.ERROR, details=f"    this is no Python: {exc}")
        finally:
            _write(path, original)

        verdict = verdict_of(status, output)
        details = "" if verdict is Verdict.KILLED else _indented(output)
        return Result(mutation, verdict, time.monotonic() - started, details)

    def _pytest(self, tests: Sequence[str], data: Path) -> tuple[int, str]:
        env = {key: text for key, text in os.environ.items() if not key.startswith("REGISTRY_UI_")}
        env |= {"REGISTRY_UI_TEST_FOLDER": str(data), "PYTEST_TIMEOUT": str(TEST_SECONDS)}
        pytest = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        return self._processes.run([*pytest, *self._options, *tests], cwd=self.tree, env=env)


def _write(path: Path, content: bytes) -> None:
    """Write a source file."""
    path.write_bytes(content)
    # Python takes bytecode for current by size and second, and both can be the same after a change.
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)


def _git(root: Path, *arguments: str) -> str:
    return subprocess.check_output(["git", *arguments], cwd=root, text=True)  # noqa: S603, S607


def _indented(output: str, lines: int = 12) -> str:
    return "\n".join(f"    {line}" for line in output.rstrip().splitlines()[-lines:])


def refuse_uncommitted(mutations: Sequence[Mutation], root: Path) -> None:
    """Check that the files that mutations change are as they were committed.

    Raises:
        Refused
    """
    files = sorted({mutation.file for mutation in mutations})
    changed = _git(root, "status", "--porcelain", "--", *files)
    if changed:
        raise Refused(f"Commit or stash these files first:\n{changed.rstrip()}")


def refuse_failing(tests: Sequence[str], copies: Sequence[Copy], pool: ThreadPoolExecutor) -> None:
    """Run tests without a mutation: one that fails anyway would seem to kill.

    Raises:
        Refused
    """
    parts = [tests[number :: len(copies)] for number in range(len(copies))]
    runs = [pool.submit(copy.run, part) for copy, part in zip(copies, parts, strict=True) if part]
    for status, output in (run.result() for run in runs):
        if status:
            raise Refused(f"The tests fail without a mutation:\n{output}")


def judge_all(
    mutations: Sequence[Mutation], copies: Sequence[Copy], pool: ThreadPoolExecutor
) -> Iterator[Result]:
    """Judge each mutation in the next free copy; yield the results as they arrive."""
    free: queue.Queue[Copy] = queue.Queue()
    for copy in copies:
        free.put(copy)

    def judge(mutation: Mutation) -> Result:
        copy = free.get()
        try:
            return copy.judge(mutation)
        finally:
            free.put(copy)

    for future in as_completed([pool.submit(judge, mutation) for mutation in mutations]):
        yield future.result()


def run(mutations: Sequence[Mutation], jobs: int) -> Iterator[Result]:
    """Make the copies, and judge every mutation in them.

    Raises:
        Refused
    """
    processes = Processes()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(jobs) as pool:
        copies = [Copy(Path(folder) / str(number), processes) for number in range(jobs)]
        try:
            list(pool.map(lambda copy: copy.fill(ROOT), copies))
            list(pool.map(lambda copy: copy.prepare_database(), copies))
            tests = sorted({test for mutation in mutations for test in mutation.tests})
            refuse_failing(tests, copies, pool)
            yield from judge_all(mutations, copies, pool)
        finally:
            processes.end()
            pool.shutdown(cancel_futures=True)


def report(mutations: Sequence[Mutation], jobs: int) -> int:
    """Print a line for each mutation, then the number of each verdict; return the exit status."""
    started = time.monotonic()
    done = stale(mutations, ROOT)
    for result in done:
        print(result, flush=True)

    stale_names = {result.mutation.name for result in done}
    for result in run([each for each in mutations if each.name not in stale_names], jobs):
        print(result, flush=True)
        done.append(result)

    counts = Counter(result.verdict for result in done)
    summary = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)
    print(f"\n{len(done)} mutations in {time.monotonic() - started:.0f} s: {summary}")
    return 0 if counts[Verdict.KILLED] == len(done) else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="only mutations with one of these in name or file")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="as many at a time (2)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))

    try:
        mutations = load()
        if arguments.words:
            mutations = [each for each in mutations if each.is_named_by(arguments.words)]
        refuse_uncommitted(mutations, ROOT)
        return report(mutations, max(1, arguments.jobs))
    except Refused as exc:
        print(exc, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
