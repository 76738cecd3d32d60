"""A gateway before a real registry: it counts pulls, and tells how many are left."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import requests

from .scripted_server import Call, Reply, ScriptedServer

_FORWARDED_HEADERS = (
    "Content-Type",
    "Docker-Content-Digest",
    "Location",
    "Link",
    "WWW-Authenticate",
    "Range",
    "Docker-Upload-UUID",
)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class Gateway:
    """`host` stands for the registry behind it.

    Args:
        pulls: manifests that may be fetched until `refill`; HEAD is free; None: no limit.
        seconds: that each request takes longer.
    """

    def __init__(
        self, registry_host: str, server: ScriptedServer, *, pulls: int | None, seconds: float
    ) -> None:
        self.host = server.host
        self.left = pulls
        self.sends_rate_limit = True
        self.refused = 0
        self.max_concurrent = 0
        self._limit = pulls
        self._seconds = seconds
        self._registry = f"http://{registry_host}"
        self.server = server
        self._lock = threading.Lock()
        self._now = 0
        for method in _METHODS:
            server.on(method, "/v2/.*", self.answer)

    def refill(self) -> None:
        self.left = self._limit

    def answer(self, call: Call) -> Reply:
        with self._lock:
            self._now += 1
            self.max_concurrent = max(self.max_concurrent, self._now)
        try:
            self.server.wait(self._seconds)
            is_pull = call.method == "GET" and "/manifests/" in call.path
            if is_pull and not self._acquire():
                return Reply(429, headers={**self._limits(), "Retry-After": "3600"})
            return self._forwarded(call)
        finally:
            with self._lock:
                self._now -= 1

    def _acquire(self) -> bool:
        with self._lock:
            if self.left is None:
                return True
            if self.left == 0:
                self.refused += 1
                return False
            self.left -= 1
            return True

    def _forwarded(self, call: Call) -> Reply:
        query = f"?{urlencode(call.query, doseq=True)}" if call.query else ""
        kept = {
            name: value
            for name in ("Accept", "Content-Type", "Content-Range", "Range")
            if (value := call.headers.get(name))
        }
        answer = requests.request(
            call.method,
            f"{self._registry}{call.path}{query}",
            headers={**kept, "Host": self.host, "Accept-Encoding": "identity"},
            data=call.body or None,
            timeout=30,
            allow_redirects=False,
        )
        headers = {
            name: answer.headers[name] for name in _FORWARDED_HEADERS if name in answer.headers
        }
        length = (
            int(answer.headers["Content-Length"])
            if call.method == "HEAD" and "Content-Length" in answer.headers
            else None
        )
        return Reply(
            answer.status_code, answer.content, {**headers, **self._limits()}, length=length
        )

    def _limits(self) -> dict[str, str]:
        if self.left is None or not self.sends_rate_limit:
            return {}
        return {
            "RateLimit-Limit": f"{self._limit};w=600",
            "RateLimit-Remaining": f"{self.left};w=600",
        }


@contextmanager
def gateway(
    registry_host: str, *, pulls: int | None = None, seconds: float = 0
) -> Iterator[Gateway]:
    server = ScriptedServer()
    try:
        yield Gateway(registry_host, server, pulls=pulls, seconds=seconds)
    finally:
        server.stop()
