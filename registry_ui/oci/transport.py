"""One HTTP exchange after another: requests and answers, redirects, time limits."""

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self
from urllib.parse import urljoin, urlsplit

import requests
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict
from urllib3.util import Timeout

from .connections import Adapter, Limits, NoCookies
from .egress import Dialer, host_and_port
from .errors import (
    ConnectionFailed,
    ConnectionTimeout,
    EgressRefused,
    InvalidManifest,
    ResponseError,
)
from .failures import READ_FAILURES, Translation
from .store import Cancellation

REDIRECTS = 3
_USER_AGENT = "registry-ui/0.1"
_REDIRECT_CODES = frozenset({301, 302, 303, 307, 308})


class _Session(requests.Session):
    """Leaves redirects alone: even when told not to follow one, requests reads and unpacks its body without a limit."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


class Body(Protocol):
    """A request's body that is read once, in pieces."""

    def __len__(self) -> int: ...

    def read(self, size: int = -1, /) -> bytes | memoryview: ...


@dataclass(frozen=True, slots=True)
class Authorization:
    """The value of one Authorization header; its repr hides it."""

    header: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `body` is bytes, or makes a fresh `Body` each time it is sent."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Callable[[], Body] | None = None
    authorization: Authorization | None = None
    read_seconds: float | None = None
    follow: bool = True


class Answer:
    """A response whose body has not been read. Closing it returns the connection when the body is used up."""

    def __init__(
        self, raw: Any, request: Request, transport: "Transport", *, is_foreign: bool
    ) -> None:
        self.status: int = raw.status
        self.headers: Mapping[str, str] = raw.headers
        self.url = request.url
        self.is_foreign = is_foreign
        """Whether a redirect led to another scheme, host or port than the one that was asked."""
        self._raw = raw
        self._transport = transport
        self._deadline = time.monotonic() + 2 * transport.limits.read

    @property
    def media_type(self) -> str:
        """The Content-Type without parameters, lower case."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def length(self) -> int | None:
        """The Content-Length, where there is a sane one."""
        text = self.headers.get("Content-Length", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None

    @property
    def is_encoded(self) -> bool:
        """Whether the body is compressed, although identity was asked for."""
        return self.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity")

    def read(self, limit: int) -> bytes:
        """The whole body.

        Raises:
            InvalidManifest: more than `limit` bytes.
            ResponseError: compressed, although identity was asked for.
            ConnectionFailed: cut off or too slow.
        """
        if self.is_encoded:
            self.close()
            raise ResponseError(
                f"{self.place} compresses its answer although it was asked not to.",
                advice="A proxy between here and the registry probably does it; switch that off.",
                status=self.status,
            )
        content = self._read_up_to(limit + 1)
        if len(content) > limit:
            self.close()
            raise InvalidManifest(
                f"{self.place} sends more than the {limit // 1024} KiB that such an answer may have."
            )
        self.close()
        return content

    def read_start(self, limit: int) -> bytes:
        """At most `limit` bytes of an error's body, then nothing more; empty where they cannot be had."""
        try:
            return b"" if self.is_encoded else self._read_up_to(limit)
        except (ConnectionFailed, InvalidManifest):
            return b""
        finally:
            self.close()

    def _read_up_to(self, limit: int) -> bytes:
        content = bytearray()
        while len(content) < limit:
            with self._transport.translated(self.url):
                piece = self._raw.read1(min(limit - len(content), 65536), decode_content=False)
            if not piece:
                break
            content += piece
            if time.monotonic() > self._deadline:
                self.close()
                raise ConnectionTimeout(f"{self.place} sends its answer too slowly.")
        return bytes(content)

    def readinto(self, buffer: memoryview) -> int:
        """Some bytes of the body into `buffer`, without a copy where the length is known; 0 at its end."""
        with self._transport.translated(self.url):
            inner = self._raw._fp
            if inner.chunked or inner.length is None or inner.fp is None:
                piece = self._raw.read1(len(buffer), decode_content=False)
                buffer[: len(piece)] = piece
                return len(piece)
            count: int = inner.fp.readinto1(buffer[: min(len(buffer), inner.length)])
            inner.length -= count
            return count

    def close(self) -> None:
        """Give the connection back where nothing is left to read; else close it."""
        inner = getattr(self._raw, "_fp", None)
        try:
            if (
                inner is not None
                and getattr(inner, "length", None) == 0
                and not getattr(inner, "chunked", True)
            ):
                inner.read(1)  # lets http.client see that the body is used up
            if inner is None or inner.isclosed():
                self._raw.release_conn()
        except READ_FAILURES:
            pass
        self._raw.close()

    def discard(self) -> None:
        """Read a short rest away, so that the connection can be used again; close it otherwise."""
        if (self.length or 0) <= 65536 and not self.is_encoded:
            self.read_start(65536 + 1)
        self.close()

    @property
    def place(self) -> str:
        """The host that answered, for a person."""
        return urlsplit(self.url).netloc

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Transport:
    """The connections of one client, kept open and shared by its threads."""

    def __init__(
        self, dialer: Dialer, *, ca_pem: str, limits: Limits, cancellation: Cancellation
    ) -> None:
        self.limits = limits
        self._dialer = dialer
        self._cancellation = cancellation
        self._session = _Session()
        self._session.trust_env = False
        self._session.cookies = NoCookies()
        self._adapter = Adapter(dialer, ca_pem, limits)
        self._session.mount("https://", self._adapter)
        self._session.mount("http://", self._adapter)

    def exchange(self, request: Request) -> Answer:
        """Send one request and follow at most three redirects.

        A redirect to another scheme, host or port loses the Authorization for good. Bodies are sent on only by 307 and
        308. Nothing is tried again here.

        Raises:
            ConnectionFailed and its kinds: no answer.
            EgressRefused: a redirect that leads from https to http, to a forbidden address or in circles.
            Cancelled.
        """
        start = _origin(request.url)
        is_foreign = False
        for _ in range(REDIRECTS + 1):
            answer = self._send(request, is_foreign=is_foreign)
            location = answer.headers.get("Location")
            if answer.status not in _REDIRECT_CODES or not location or not request.follow:
                return answer
            answer.discard()
            request = self._redirected(request, answer.status, location)
            if _origin(request.url) != start:
                is_foreign = True
                request = replace(request, authorization=None)
        raise EgressRefused(
            f"{urlsplit(request.url).netloc} redirects more than {REDIRECTS} times: refused.",
            advice="Check the registry's address.",
        )

    def resolve(self, base: str, location: str) -> str:
        """The URL that an answer names, relative or absolute, as long as it may be followed at all.

        Raises:
            EgressRefused: not http or https, or from https to http.
        """
        try:
            url = urljoin(base, location)
        except ValueError:
            url = ""
        host, _ = host_and_port(url)
        if base.startswith("https://") and not url.startswith("https://"):
            raise EgressRefused(
                f"{urlsplit(base).netloc} sends this client from https to plain http at {host}: refused.",
                advice="The registry does not know that it is served over https: its administrator should set its external URL, "
                "or have the proxy before it send X-Forwarded-Proto."
                if self._dialer.is_own(host)
                else "Do not trust that registry before its administrator has explained this.",
            )
        return url

    def close(self) -> None:
        self._session.close()
        self._dialer.watch.close()

    def _redirected(self, request: Request, status: int, location: str) -> Request:
        url = self.resolve(request.url, location)
        if status == 303 and request.method != "HEAD":
            return replace(request, url=url, method="GET", body=None)
        if request.method not in ("GET", "HEAD") and status not in (307, 308):
            raise EgressRefused(
                f"{urlsplit(request.url).netloc} redirects a {request.method} to {urlsplit(url).netloc}: refused.",
                advice="Use the address to which it redirects as the registry's host.",
            )
        return replace(request, url=url)

    def _send(self, request: Request, *, is_foreign: bool) -> Answer:
        self._cancellation.check()
        proxy = self._proxy_for(request.url)
        timeout = (self.limits.connect, request.read_seconds or self.limits.read)
        with self.translated(request.url):
            raw = (
                self._sent_directly(request, timeout)
                if proxy is None
                else self._sent_by_proxy(request, timeout, proxy)
            )
        self._cancellation.check()  # a head that was cut by the cancellation can look complete
        return Answer(raw, request, self, is_foreign=is_foreign)

    def _sent_directly(self, request: Request, timeout: tuple[float, float]) -> Any:
        """By the adapter's own connections, past the session: half of what a small request costs goes into what requests prepares
        and builds around it, and a mirror sends thousands of them."""
        headers, body = _head_and_body(request)
        parts = urlsplit(request.url)
        return self._adapter.pool_for(request.url).urlopen(
            request.method,
            f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/",
            body=body,
            headers=headers,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            retries=False,
            timeout=Timeout(connect=timeout[0], read=timeout[1]),
        )

    def _sent_by_proxy(self, request: Request, timeout: tuple[float, float], proxy: str) -> Any:
        proxies = {"http": proxy, "https": proxy}
        return self._session.send(
            _prepared(request), stream=True, allow_redirects=False, timeout=timeout, proxies=proxies
        ).raw

    def _proxy_for(self, url: str) -> str | None:
        host, port = host_and_port(url)
        proxy = self._dialer.policy.proxy_for(host, port)
        if proxy:
            self._dialer.check_proxied(host, port, self.limits.connect)
        return proxy

    def translated(self, url: str) -> Translation:
        """A block in which the HTTP libraries' exceptions become typed ones."""
        return Translation(url, self._cancellation)


def _head_and_body(request: Request) -> tuple[dict[str, str], Any]:
    headers = {"User-Agent": _USER_AGENT, "Accept-Encoding": "identity", **request.headers}
    if request.authorization is not None:
        headers["Authorization"] = request.authorization.header
    body = request.body() if callable(request.body) else request.body
    if body is not None or request.method in ("POST", "PUT", "PATCH"):
        headers["Content-Length"] = str(len(body or b""))
    return headers, body or None


def _prepared(request: Request) -> requests.PreparedRequest:
    """Built by hand, because requests' own preparation rewrites URLs, decides on encodings and reads netrc."""
    headers, body = _head_and_body(request)
    prepared = requests.PreparedRequest()
    prepared.method = request.method
    prepared.url = request.url
    prepared.headers = CaseInsensitiveDict(headers)
    prepared.body = body
    prepared.hooks = {"response": []}
    prepared._cookies = RequestsCookieJar()  # type: ignore[attr-defined]
    return prepared


@functools.lru_cache(maxsize=512)
def _origin(url: str) -> tuple[str, str, int]:
    return (urlsplit(url).scheme, *host_and_port(url))


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs have scheme, host and port in common."""
    return _origin(one) == _origin(other)
