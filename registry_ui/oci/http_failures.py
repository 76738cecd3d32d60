"""The translation of exceptions of urllib3 and http.client into `errors`.

It is the only place that does so. Their texts and chains carry URLs and headers, so the typed error
is chained only to the bare operating-system or TLS error at the root, without their frames.
"""

import http.client
import ssl
from urllib.parse import urlsplit

import urllib3

from .errors import Cancelled, ConnectionFailed, ConnectionTimeout, OciError
from .http_proxy import TunnelRefused
from .store import Cancellation
from .tls import explain_tls

READ_FAILURES = (
    OSError,
    ssl.SSLError,
    http.client.HTTPException,
    urllib3.exceptions.HTTPError,
    ValueError,
)


class Translation:
    """A block that turns exceptions into `OciError`s without URL queries, headers or frames.

    Args:
        url: the request's.
        cancellation: once requested, every failure is a `Cancelled`.
    """

    __slots__ = ("_cancellation", "_url")

    def __init__(self, url: str, cancellation: Cancellation) -> None:
        self._url = url
        self._cancellation = cancellation

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, _trace: object
    ) -> None:
        if failure is None:
            return

        if isinstance(failure, OciError):
            error, root = failure, failure.__cause__
        elif isinstance(failure, READ_FAILURES):
            root = _root_of(failure)
            error = _explain(root, self._url)
        else:
            return

        # A cancellation shuts sockets down, so any failure after it is its effect.
        if self._cancellation.requested:
            error, root = Cancelled("cancelled"), None

        error = error.with_traceback(None)
        # `__context__` is set at the raise, so it can be cleared afterwards only.
        try:
            raise error from _without_context(root)
        finally:
            error.__context__ = None


def _without_context(root: BaseException | None) -> BaseException | None:
    """Return the root of a failure, cut off from the frames and exceptions that hold URLs."""
    if not isinstance(root, OSError):
        return None
    # A TLS or socket error names no URL; anything else might.
    cleaned = root.with_traceback(None)
    cleaned.__cause__ = cleaned.__context__ = None
    return cleaned


def _root_of(failure: BaseException) -> BaseException:
    """Return the innermost exception, where the libraries have wrapped one in another."""
    visited: set[int] = set()
    while id(failure) not in visited:
        visited.add(id(failure))
        # urllib3 keeps the cause in `reason` or in its arguments.
        inner = getattr(failure, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next(
                (
                    argument
                    for argument in reversed(failure.args)
                    if isinstance(argument, BaseException)
                ),
                None,
            )

        if inner is None:
            inner = failure.__cause__
        # ssl errors are the most exact ones, although they wrap others.
        if inner is None or isinstance(failure, ssl.SSLError):
            break
        failure = inner
    return failure


def _explain(root: BaseException, url: str) -> OciError:
    location = urlsplit(url).netloc
    # An abrupt end is reported by ssl too, and is no fault of the certificate.
    if isinstance(root, ssl.SSLError) and not isinstance(
        root, ssl.SSLEOFError | ssl.SSLZeroReturnError
    ):
        return explain_tls(root, location)

    if isinstance(root, TimeoutError | urllib3.exceptions.TimeoutError):
        return ConnectionTimeout("connection_stalled", location=location)

    if isinstance(root, TunnelRefused):
        return ConnectionFailed("proxy_refused", temporary=False, location=location)

    # A closed connection is a bad status line too, but says nothing about the protocol.
    if isinstance(root, http.client.BadStatusLine | http.client.LineTooLong) and not isinstance(
        root, http.client.RemoteDisconnected
    ):
        return ConnectionFailed("not_http", temporary=False, location=location)
    if isinstance(
        root, urllib3.exceptions.LocationValueError | http.client.InvalidURL | UnicodeError
    ):
        return ConnectionFailed("address_invalid", temporary=False, location=location)
    return ConnectionFailed("connection_closed", location=location)
