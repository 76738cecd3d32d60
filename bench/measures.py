"""What is measured, each with our way and skopeo's in turns."""

import os
import re
import shutil
import statistics
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.parts.process import Process
from tests.parts.registries import RunningRegistry, open_registry

from . import skopeo
from .images import push_large_image
from .installation import Installation
from .relay import Relay

MIB = 1024 * 1024


@dataclass
class Comparison:
    """Seconds of each round."""

    job: list[float] = field(default_factory=list)
    command: list[float] = field(default_factory=list)
    skopeo: list[float] = field(default_factory=list)

    def add_ours(self, times: tuple[float, float]) -> None:
        self.job.append(times[0])
        self.command.append(times[1])

    def medians(self) -> tuple[float, float, float]:
        return (
            statistics.median(self.job),
            statistics.median(self.command),
            statistics.median(self.skopeo),
        )


def settle() -> None:
    """Nobody pays for what another left to be written."""
    os.sync()
    time.sleep(0.3)


def compare_pulls(
    folder: Path, template: Installation, registry: RunningRegistry, name: str, rounds: int
) -> Comparison:
    """From a local registry: into our store, and into skopeo's OCI layout; each time into nothing."""
    result = Comparison()
    for number in range(rounds):
        ours = template.copy_to(folder / f"pull-{number}")
        settle()
        result.add_ours(ours.timed("pull", f"{registry.host}/{name}"))
        shutil.rmtree(ours.data)
        settle()
        layout = folder / f"layout-{number}"
        result.skopeo.append(skopeo.copy(f"docker://{registry.host}/{name}", f"oci:{layout}:bench"))
        shutil.rmtree(layout)
    return result


def compare_pushes(
    folder: Path, template: Installation, registry: RunningRegistry, name: str, rounds: int
) -> Comparison:
    """From our store, and from skopeo's OCI layout, to a local registry; each time to one that is empty."""
    result = Comparison()
    ours = template.copy_to(folder / "push")
    ours.timed("pull", f"{registry.host}/{name}")
    layout = folder / "push-layout"
    skopeo.copy(f"docker://{registry.host}/{name}", f"oci:{layout}:bench")
    for number in range(rounds):
        with open_registry(folder / f"target-{number}") as target:
            ours.manage(
                "tag", f"{registry.host}/{name}", f"{target.host}/{name}", "--team", "bench"
            )
            settle()
            result.add_ours(ours.timed("push", f"{target.host}/{name}"))
        shutil.rmtree(target.folder)
        with open_registry(folder / f"other-{number}") as target:
            settle()
            result.skopeo.append(
                skopeo.copy(f"oci:{layout}:bench", f"docker://{target.host}/{name}")
            )
        shutil.rmtree(target.folder)
    shutil.rmtree(ours.data)
    shutil.rmtree(layout)
    return result


class Browser:
    """Somebody who fills in the pull form, without a browser's own time."""

    def __init__(self, product: Installation) -> None:
        self.product = product
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.cookies.set(*product.session_cookie())

    def pull(self, reference: str) -> float:
        """Send the form; the moment of the click."""
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
    """What a form or an error page says, without its markup."""
    main = re.search(r"<main.*</main>", page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", main[0] if main else page).split())[:2000]


def click_to_first_byte(
    product: Installation, browser: Browser, registry: RunningRegistry, rounds: int
) -> float:
    """Median seconds from sending the form to the request for the first blob at the registry."""
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
    """The most resident memory, in bytes, of the work horse that pulls the reference."""
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
    """The processes of gunicorn that answer requests."""
    for child in _children(supervisor.pid):
        if b"gunicorn" in Path(f"/proc/{child}/cmdline").read_bytes():
            return _children(child)
    raise RuntimeError("There is no web process.")


def process_peak(pid: int) -> int:
    """The most resident memory that a process has had, in bytes."""
    return _high_water(pid)


def _worker_of(supervisor: Process) -> int:
    for child in _children(supervisor.pid):
        if b"rqworker" in Path(f"/proc/{child}/cmdline").read_bytes():
            return child
    raise RuntimeError("There is no worker.")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _high_water(pid: int) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) * 1024 if found else 0
    return 0
