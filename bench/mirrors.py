"""The benchmark of mirrors and `skopeo sync` in the same run.

It counts seconds and requests, cold and unchanged, on loopback and with 20 ms per round trip.
"""

import json
import re
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.parts.images import build_image, push
from tests.parts.registries import RunningRegistry, open_registry

from .installation import Installation, seconds_between
from .latency import delayed

REPOSITORY = "bench/app"
LAYERS, LAYER_SIZE, MILLISECONDS = 2, 8 * 1024, 20
TARGET_REQUESTS, TARGET_FACTOR = 2, 20
_REQUEST = re.compile(r'"[A-Z]+ /v2/[^"]* HTTP/1\.[01]"')
_MIRROR = """
from registry_ui.accounts.models import Team
from registry_ui.registries.models import Registry
from transfers.mirrors.services import create_mirror
team = Team.objects.get(slug="bench")
source, target = (Registry.objects.get(host=host) for host in {hosts!r})
values = {{
    "name": {name!r},
    "source_registry": source,
    "target_registry": target,
    "repositories": [{repository!r}],
}}
create_mirror(team=team, user=None, values=values)
"""


@dataclass
class Timed:
    """The seconds of each round, and the requests of the last one."""

    seconds: list[float] = field(default_factory=list)
    command: list[float] = field(default_factory=list)
    requests: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


@dataclass
class Line:
    """Two registries at the hosts that both programs use, and the installation."""

    product: Installation
    source: RunningRegistry
    target: RunningRegistry
    source_host: str
    target_host: str

    def run_mirror(self, timed: Timed, name: str) -> None:
        with self._counted() as count:
            started = time.perf_counter()
            self.product.manage("mirror", "run", name, "--now", "--team", "bench")
            timed.command.append(time.perf_counter() - started)
        timed.requests = count()
        timed.seconds.append(_last_run(self.product)["seconds"])

    def skopeo(self, timed: Timed, prefix: str) -> None:
        command = ["skopeo", "--insecure-policy", "sync", "--all", "--src=docker", "--dest=docker"]
        options = ["--src-tls-verify=false", "--dest-tls-verify=false"]
        with self._counted() as count:
            started = time.perf_counter()
            names = [f"{self.source_host}/{REPOSITORY}", f"{self.target_host}/{prefix}"]
            subprocess.run([*command, *options, *names], check=True, capture_output=True)  # noqa: S603
            timed.seconds.append(time.perf_counter() - started)
        timed.requests = count()

    @contextmanager
    def _counted(self) -> Iterator[Callable[[], int]]:
        """Count the requests that reached both registries, by their logs."""
        logs = [registry.folder / "registry.log" for registry in (self.source, self.target)]
        before = [log.stat().st_size for log in logs]

        def count() -> int:
            # The registries write their logs a little after the answers.
            time.sleep(0.2)
            return sum(
                len(_REQUEST.findall(log.read_bytes()[start:].decode(errors="replace")))
                for log, start in zip(logs, before, strict=True)
            )

        yield count


def measure_mirrors(folder: Path, template: Installation, tags: int, rounds: int) -> None:
    print(f"Mirror of {tags} tags, {LAYERS} layers each, medians of {rounds} rounds in turns")
    print(
        f"{'':28}{'job':>9}{'command':>11}{'skopeo':>10}{'skopeo/job':>12}"
        f"{'requests a tag':>17}{'skopeo':>9}"
    )
    for milliseconds in (0, MILLISECONDS):
        cold, same, other_cold, other_same = Timed(), Timed(), Timed(), Timed()
        for number in range(rounds):
            with _line(
                folder / f"mirror-{milliseconds}-{number}", template, tags, milliseconds
            ) as line:
                line.run_mirror(cold, "bench")
                line.run_mirror(same, "bench")
                line.skopeo(other_cold, "skopeo")
                line.skopeo(other_same, "skopeo")
        network = f"{milliseconds} ms a round trip" if milliseconds else "loopback"
        print(_row(f"{network}, cold", cold, other_cold, tags), flush=True)
        print(_row(f"{network}, unchanged", same, other_same, tags), flush=True)
    print(
        f"Target: unchanged {TARGET_REQUESTS} requests a tag, beside five a run (a ping and a list "
        "of tags of each side, and whether "
        f"there is an API for referrers), and {TARGET_FACTOR} times as fast as skopeo on the slow "
        "line."
    )
    print()


def _row(title: str, ours: Timed, skopeo: Timed, tags: int) -> str:
    command = statistics.median(ours.command)
    factor = skopeo.median / ours.median
    times = f"{ours.median:>7.2f} s{command:>9.2f} s{skopeo.median:>8.2f} s{factor:>12.1f}"
    return f"{title:28}{times}{ours.requests / tags:>17.2f}{skopeo.requests / tags:>9.2f}"


@contextmanager
def _line(folder: Path, template: Installation, tags: int, milliseconds: int) -> Iterator[Line]:
    with ExitStack() as stack:
        source = stack.enter_context(open_registry(folder / "source"))
        target = stack.enter_context(open_registry(folder / "target"))
        # Small layers: the benchmark is about requests and not about bandwidth.
        for number in range(tags):
            push(
                source,
                build_image(seed=f"mirror-{number}", layers=LAYERS, layer_size=LAYER_SIZE),
                REPOSITORY,
                f"1.{number}.0",
            )

        hosts = [source.host, target.host]
        if milliseconds:
            lines = (
                (registry, folder / f"{name}.log")
                for name, registry in (("source", source), ("target", target))
            )
            hosts = [
                stack.enter_context(delayed(registry.port, milliseconds, log))
                for registry, log in lines
            ]

        product = template.copy_to(folder / "product")
        for host in hosts:
            product.add_registry(host)
        product.manage(
            "shell",
            "--verbosity=0",
            "-c",
            _MIRROR.format(hosts=hosts, name="bench", repository=REPOSITORY),
        )
        yield Line(product, source, target, *hosts)


def _last_run(product: Installation) -> dict[str, Any]:
    with sqlite3.connect(product.data / "registry-ui.sqlite3") as database:
        query = (
            "SELECT state, started_at, finished_at, error, totals FROM mirrors_mirrorrun "
            "ORDER BY created_at DESC LIMIT 1"
        )
        state, started, finished, error, totals = database.execute(query).fetchone()
    if state != "succeeded":
        raise RuntimeError(f"The run {state}: {error}")
    return {"seconds": seconds_between(started, finished), "totals": json.loads(totals)}
