"""HTTP exchanges: requests and responses, redirects, time limits (RFC 9110)."""

import functools
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from urllib3.util import Timeout

from .connections import Connections, Limits
from .egress import Dialer, host_and_port
from .errors import (
    EgressRefused,
)
from .http_failures import Translation
from .http_messages import Request, Response
from .http_proxy import HttpProxy
from .store import Cancellation

REDIRECTS = 3

_USER_AGENT = "registry-ui/0.1"

# 300 and 304 are answers of their own (RFC 9110, "Redirection 3xx").
_REDIRECT_CODES = frozenset({301, 302, 303, 307, 308})


class Transport:
    """The connections of one client, kept open and shared by its threads."""

    def __init__(
        self, dialer: Dialer, *, ca_pem: str, limits: Limits, cancellation: Cancellation
    ) -> None:
        self.limits = limits
        self._dialer = dialer
        self._cancellation = cancellation
        self._connections = Connections(dialer, ca_pem, limits)

    def exchange(self, request: Request) -> Response:
        """Send one request and follow at most three redirects. Nothing is retried here.

        A redirect to another scheme, host or port loses the Authorization for good. Only 307 and
        308 send a body again.

        Raises:
            ConnectionFailed and its kinds: no answer.
            EgressRefused: a redirect from https to http, to a forbidden address or in circles.
            Cancelled
        """
        start = _origin(request.url)
        is_foreign = False

        for _ in range(REDIRECTS + 1):
            response = self._send(request, is_foreign=is_foreign)
            location = response.headers.get("Location")
            if response.status not in _REDIRECT_CODES or not location or not request.follow:
                return response

            response.discard()
            request = self._redirected(request, response.status, location)

            # The credential is for the registry only, also if the chain leads back to it.
            if _origin(request.url) != start:
                is_foreign = True
                request = replace(request, authorization=None)
        raise EgressRefused(
            "too_many_redirects", host=urlsplit(request.url).netloc, limit=REDIRECTS
        )

    def resolve(self, base: str, location: str) -> str:
        """Return the URL that a response names, relative or absolute.

        Raises:
            EgressRefused: not http or https, or from https to http.
        """
        try:
            url = urljoin(base, location)
        except ValueError:
            url = ""

        host, _ = host_and_port(url)
        # A registry behind a proxy often does not know its own scheme; its tokens must not travel
        # in clear.
        if base.startswith("https://") and not url.startswith("https://"):
            raise EgressRefused(
                "redirect_to_own_plain_http"
                if self._dialer.is_own(host)
                else "redirect_to_plain_http",
                host=urlsplit(base).netloc,
                other_host=host,
            )

        return url

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()
        self._dialer.watch.close()

    def _redirected(self, request: Request, status: int, location: str) -> Request:
        url = self.resolve(request.url, location)
        # 303 always becomes a GET (RFC 9110, "303 See Other").
        if status == 303 and request.method != "HEAD":
            return replace(request, url=url, method="GET", body=None)
        # A body is sent again only where the status promises the same method.
        if request.method not in ("GET", "HEAD") and status not in (307, 308):
            raise EgressRefused(
                "redirect_of_write",
                host=urlsplit(request.url).netloc,
                other_host=urlsplit(url).netloc,
                method=request.method,
            )
        return replace(request, url=url)

    def _send(self, request: Request, *, is_foreign: bool) -> Response:
        self._cancellation.check()
        with self.translated(request.url):
            proxy = self._proxy_for(request.url)
            raw = self._answer(request, proxy)
            message = raw.connection.message

        self._cancellation.check()  # a head that was cut by the cancellation can look complete
        return Response(
            raw, message, request.url, self.translated, self.limits.read, is_foreign=is_foreign
        )

    def _answer(self, request: Request, proxy: HttpProxy | None) -> Any:
        """Send a request by urllib3's connections and return its response.

        Not by a session of `requests`: half of the cost of a small request is what that prepares
        and builds around it, and a mirror sends thousands of them. It would also read netrc, keep
        cookies, and unpack the body of a redirect without a limit.
        """
        headers, body = _head_and_body(request)
        parts = urlsplit(request.url)
        target = parts.path or "/"
        if parts.query:
            target += f"?{parts.query}"
        # A proxy needs the whole URL where it is not a tunnel (RFC 9112, "absolute-form").
        if proxy is not None and parts.scheme == "http":
            target = f"http://{parts.netloc}{target}"
            if proxy.authorization:
                headers["Proxy-Authorization"] = proxy.authorization

        read_seconds = request.read_seconds or self.limits.read
        return self._connections.pool_for(request.url, proxy).urlopen(
            request.method,
            target,
            body=body,
            headers=headers,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            retries=False,
            timeout=Timeout(connect=self.limits.connect, read=read_seconds),
        )

    def _proxy_for(self, url: str) -> HttpProxy | None:
        host, port = host_and_port(url)
        proxy_url = self._dialer.policy.proxy_for(host, port)
        if not proxy_url:
            return None
        self._dialer.check_proxied(host, port, self.limits.connect)
        return HttpProxy.parse(proxy_url)

    def translated(self, url: str) -> Translation:
        """Return a block in which the exceptions of the HTTP libraries become typed errors."""
        return Translation(url, self._cancellation)


def _head_and_body(request: Request) -> tuple[dict[str, str], Any]:
    headers = {"User-Agent": _USER_AGENT, "Accept-Encoding": "identity", **request.headers}
    if request.authorization is not None:
        headers["Authorization"] = request.authorization.header
    body = request.body() if callable(request.body) else request.body

    # Without a length, http.client sends no Content-Length for an empty POST, which servers refuse.
    if body is not None or request.method in ("POST", "PUT", "PATCH"):
        headers["Content-Length"] = str(len(body or b""))
    return headers, body or None


@functools.lru_cache(maxsize=512)
def _origin(url: str) -> tuple[str, str, int]:
    # Cached: each request compares origins, and parsing a URL is slow.
    return (urlsplit(url).scheme, *host_and_port(url))


def same_origin(one: str, other: str) -> bool:
    """Return whether two URLs have scheme, host and port in common."""
    return _origin(one) == _origin(other)
