"""The benchmark of the built-in registry and docker-registry.

It measures large layers in both directions, small manifests for many clients, and memory.
"""

import base64
import http.client
import json
import shutil
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.parts.images import OCI_MANIFEST, digest_of
from tests.parts.registries import open_registry

from .images import make_layer
from .installation import Installation
from .measurements import MIB, process_peak, settle, web_processes_of

# As many parallel blobs as docker transfers
_CONNECTIONS = 4
_CLIENTS = 16
_MAKE_LOGIN = """
from datetime import timedelta
from django.utils import timezone
from registry_ui.accounts.tokens import service
from registry_ui.accounts.models import Scope, User
user = User.objects.get(username="bench")
expires_at = timezone.now() + timedelta(days=1)
options = {"scope": Scope.ADMIN, "team": None, "expires_at": expires_at}
print(service.create_token(by=user, name="bench", **options)[1])
"""


@dataclass
class Peer:
    """A registry with its authorization header, used by a client with little overhead."""

    host: str
    authorization: str = ""

    def headers(self, **more: str) -> dict[str, str]:
        login = {"Authorization": self.authorization} if self.authorization else {}
        return {**login, **{name.replace("_", "-"): value for name, value in more.items()}}

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, timeout=600)

    def push_blob(self, repository: str, path: Path, digest: str) -> None:
        connection = self.connection()
        connection.request(
            "POST", f"/v2/{repository}/blobs/uploads/", headers=self.headers(Content_Length="0")
        )
        begun = connection.getresponse()
        begun.read()
        location = begun.headers["Location"].removeprefix(f"http://{self.host}")
        separator = "&" if "?" in location else "?"
        connection.putrequest("PUT", f"{location}{separator}digest={digest}")
        for name, value in self.headers(Content_Length=str(path.stat().st_size)).items():
            connection.putheader(name, value)
        connection.endheaders()
        with path.open("rb") as content:
            connection.sock.sendfile(content)
        _check(connection.getresponse(), 201)
        connection.close()

    def pull_blob(self, repository: str, digest: str) -> None:
        connection = self.connection()
        connection.request("GET", f"/v2/{repository}/blobs/{digest}", headers=self.headers())
        answer, buffer = connection.getresponse(), bytearray(MIB)
        while answer.readinto(buffer):
            pass
        connection.close()

    def put_manifest(self, repository: str, tag: str, document: dict[str, object]) -> None:
        connection = self.connection()
        connection.request(
            "PUT",
            f"/v2/{repository}/manifests/{tag}",
            json.dumps(document),
            self.headers(Content_Type=OCI_MANIFEST),
        )
        _check(connection.getresponse(), 201)
        connection.close()

    def get_manifests(self, repository: str, count: int) -> None:
        connection = self.connection()
        for _number in range(count):
            connection.request(
                "GET", f"/v2/{repository}/manifests/1.0", headers=self.headers(Accept=OCI_MANIFEST)
            )
            _check(connection.getresponse(), 200)
        connection.close()


def _check(answer: http.client.HTTPResponse, status: int) -> None:
    text = answer.read()
    if answer.status != status:
        raise RuntimeError(f"{answer.status}, not {status}: {text[:300]!r}")


def measure_serving(
    folder: Path, template: Installation, size: int, rounds: int, manifests: int
) -> None:
    layers = _layers(folder / "layers", size)
    product = template.copy_to(folder / "serving")
    supervisor = product.start()
    try:
        secret = (
            product.manage("shell", "--verbosity=0", "-c", _MAKE_LOGIN).strip().splitlines()[-1]
        )
        ours = Peer(
            f"127.0.0.1:{product.port}",
            "Basic " + base64.b64encode(f"bench:{secret}".encode()).decode(),
        )
        with open_registry(folder / "served") as registry:
            peers = {"this server": ours, "docker-registry": Peer(registry.host)}
            print(
                f"This server at /v2/ beside docker-registry: {size} MiB in {len(layers)} layers, "
                f"medians of {rounds} rounds in turns"
            )
            print(
                "docker-registry is asked without a login, so it looks nothing up; this server "
                "checks a token with every request."
            )
            print(f"{'':28}{'this server':>13}{'docker-registry':>17}{'ratio':>8}")
            for title, operation in (("push", _push), ("pull", _pull)):
                _show(f"{title} of {size} MiB", _timed(peers, operation, layers, rounds), "s")
            _show(
                f"{_CLIENTS} clients, {manifests} manifests", _small(peers, manifests, folder), "s"
            )
        peak = max(map(process_peak, web_processes_of(supervisor)))
        print(f"Peak memory of a web process: {peak / MIB:.0f} MiB", flush=True)
        print()
    finally:
        supervisor.stop(seconds=60)
        shutil.rmtree(folder / "layers")


def _layers(folder: Path, size: int) -> dict[str, Path]:
    folder.mkdir()
    made = {}
    for number in range(8):
        path = folder / str(number)
        made[str(make_layer(path, size * MIB // 8)["digest"])] = path
    return made


Operation = Callable[[Peer, str, dict[str, Path]], None]


def _timed(
    peers: dict[str, Peer], operation: Operation, layers: dict[str, Path], rounds: int
) -> list[float]:
    """Return the median seconds of an operation with each peer."""
    times: dict[str, list[float]] = {name: [] for name in peers}
    for number in range(rounds):
        # The peers alternate, so that a slow phase of the machine affects both.
        for name, peer in peers.items():
            settle()
            started = time.perf_counter()
            operation(peer, f"bench/round-{number}", layers)
            times[name].append(time.perf_counter() - started)
    return [statistics.median(seconds) for seconds in times.values()]


def _push(peer: Peer, repository: str, layers: dict[str, Path]) -> None:
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        pushes = [
            pool.submit(peer.push_blob, repository, path, digest) for digest, path in layers.items()
        ]
        for push in pushes:
            push.result()


def _pull(peer: Peer, repository: str, layers: dict[str, Path]) -> None:
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        list(pool.map(lambda digest: peer.pull_blob(repository, digest), layers))


def _small(peers: dict[str, Peer], count: int, folder: Path) -> list[float]:
    """Measure clients that each request a small manifest `count` times."""
    config = b"{}"
    path = folder / "config"
    path.write_bytes(config)
    descriptor = {
        "mediaType": "application/vnd.oci.empty.v1+json",
        "digest": digest_of(config),
        "size": len(config),
    }
    times = []
    for peer in peers.values():
        peer.push_blob("bench/small", path, digest_of(config))
        peer.put_manifest(
            "bench/small",
            "1.0",
            {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor, "layers": []},
        )
        settle()
        started = time.perf_counter()
        with ThreadPoolExecutor(_CLIENTS) as clients:
            list(
                clients.map(
                    lambda _number, peer=peer: peer.get_manifests("bench/small", count),
                    range(_CLIENTS),
                )
            )
        times.append(time.perf_counter() - started)
    return times


def _show(title: str, times: list[float], unit: str) -> None:
    ours, theirs = times
    print(f"{title:28}{ours:>11.2f} {unit}{theirs:>15.2f} {unit}{ours / theirs:>8.2f}", flush=True)
