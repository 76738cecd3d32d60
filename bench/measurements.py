"""The measurements of pulls and pushes, alternating with skopeo."""

import os
import re
import shutil
import statistics
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.parts.processes import Process
from tests.parts.registries import RunningRegistry, open_registry

from . import skopeo
from .images import push_large_image
from .installation import Installation
from .relay import Relay

MIB = 1024 * 1024


@dataclass
class Comparison:
    """The seconds of each round: of the job, of the whole command and of skopeo."""

    job: list[float] = field(default_factory=list)
    command: list[float] = field(default_factory=list)
    skopeo: list[float] = field(default_factory=list)

    def add_product(self, times: tuple[float, float]) -> None:
        self.job.append(times[0])
        self.command.append(times[1])

    def medians(self) -> tuple[float, float, float]:
        return (
            statistics.median(self.job),
            statistics.median(self.command),
            statistics.median(self.skopeo),
        )


def settle() -> None:
    """Flush the disks, so that no measurement includes the writes of another one."""
    os.sync()
    time.sleep(0.3)


def compare_pulls(
    folder: Path, template: Installation, registry: RunningRegistry, name: str, rounds: int
) -> Comparison:
    """Pull from a local registry into empty local images, and into skopeo's empty OCI layout."""
    result = Comparison()
    for number in range(rounds):
        product = template.copy_to(folder / f"pull-{number}")
        settle()
        result.add_product(product.timed("pull", f"{registry.host}/{name}"))
        shutil.rmtree(product.data)

        settle()
        layout = folder / f"layout-{number}"
        result.skopeo.append(skopeo.copy(f"docker://{registry.host}/{name}", f"oci:{layout}:bench"))
        shutil.rmtree(layout)
    return result


def compare_pushes(
    folder: Path, template: Installation, registry: RunningRegistry, name: str, rounds: int
) -> Comparison:
    """Push from the local images, and from skopeo's OCI layout, to empty local registries."""
    result = Comparison()
    product = template.copy_to(folder / "push")
    product.timed("pull", f"{registry.host}/{name}")
    layout = folder / "push-layout"
    skopeo.copy(f"docker://{registry.host}/{name}", f"oci:{layout}:bench")

    for number in range(rounds):
        with open_registry(folder / f"target-{number}") as target:
            product.manage(
                "tag", f"{registry.host}/{name}", f"{target.host}/{name}", "--team", "bench"
            )
            settle()
            result.add_product(product.timed("push", f"{target.host}/{name}"))
        shutil.rmtree(target.folder)

        with open_registry(folder / f"other-{number}") as target:
            settle()
            result.skopeo.append(
                skopeo.copy(f"oci:{layout}:bench", f"docker://{target.host}/{name}")
            )
        shutil.rmtree(target.folder)
    shutil.rmtree(product.data)
    shutil.rmtree(layout)
    return result


class Browser:
    """A session that submits the pull form without the time of a real browser."""

    def __init__(self, product: Installation) -> None:
        self.product = product
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.cookies.set(*product.session_cookie())

    def pull(self, reference: str) -> float:
        """Submit the form and return the time of the click."""
        address = f"{self.product.url}/transfers/pull/"
        page = self.session.get(address, timeout=30).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        form = {
            "reference": reference,
            "platform_choice": "machine",
            "csrfmiddlewaretoken": token[1] if token else "",
        }
        clicked = time.perf_counter()
        answer = self.session.post(
            address, data=form, allow_redirects=False, headers={"Referer": address}, timeout=30
        )
        if answer.status_code != 302:
            raise RuntimeError(
                f"The pull form answered {answer.status_code}: {_errors(answer.text)}"
            )
        return clicked


def _errors(page: str) -> str:
    """Return the text of a form or of an error page, without markup."""
    main = re.search(r"<main.*</main>", page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", main[0] if main else page).split())[:2000]


def click_to_first_byte(
    product: Installation, browser: Browser, registry: RunningRegistry, rounds: int
) -> float:
    """Return the median seconds from the form to the registry's request for the first blob."""
    seconds = []
    for number in range(rounds):
        repository = f"click/round-{number}"
        push_large_image(
            registry, repository, "1.0", registry.folder / "new", layers=2, layer_size=4 * MIB
        )
        relay = Relay(registry.port)
        product.add_registry(relay.host)
        clicked = browser.pull(f"{relay.host}/{repository}:1.0")
        deadline = time.monotonic() + 30
        while relay.first_blob_at is None and time.monotonic() < deadline:
            time.sleep(0.01)
        seconds.append((relay.first_blob_at or float("inf")) - clicked)
        wait_for_end(product)
    return statistics.median(seconds)


def wait_for_end(product: Installation, seconds: float = 600) -> None:
    deadline = time.monotonic() + seconds
    while (last := product.last_transfer())["state"] in ("queued", "running"):
        if time.monotonic() > deadline:
            raise TimeoutError("The transfer does not end.")
        time.sleep(0.05)
    if last["state"] != "succeeded":
        raise RuntimeError(f"The transfer {last['state']}: {last['error']}")


def peak_memory(
    product: Installation, supervisor: Process, browser: Browser, reference: str
) -> int:
    """Return the highest resident memory, in bytes, of the process that pulls the reference."""
    worker = _worker_of(supervisor)
    browser.pull(reference)
    peak = 0
    while (last := product.last_transfer())["state"] in ("queued", "running"):
        peak = max([peak, *(_high_water(horse) for horse in _children(worker))])
        time.sleep(0.05)
    if last["state"] != "succeeded":
        raise RuntimeError(f"The transfer {last['state']}: {last['error']}")
    return peak


def web_processes_of(supervisor: Process) -> list[int]:
    """Return the gunicorn processes that answer requests."""
    for child in _children(supervisor.pid):
        if b"gunicorn" in Path(f"/proc/{child}/cmdline").read_bytes():
            return _children(child)
    raise RuntimeError("There is no web process.")


def process_peak(pid: int) -> int:
    """Return the highest resident memory of a process, in bytes."""
    return _high_water(pid)


def _worker_of(supervisor: Process) -> int:
    for child in _children(supervisor.pid):
        if b"rqworker" in Path(f"/proc/{child}/cmdline").read_bytes():
            return child
    raise RuntimeError("There is no worker.")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _high_water(pid: int) -> int:
    # A process that ends meanwhile has no memory to measure.
    with suppress(FileNotFoundError, ProcessLookupError):
        match = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(match[1]) * 1024 if match else 0
    return 0
