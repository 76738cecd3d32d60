"""What a failed exchange means. The one place that turns exceptions of requests, urllib3 and http.client into `errors`.

Their texts and their chains carry URLs and headers, so the typed error is chained only to the bare operating-system or
TLS error at the root, and keeps no frame of the libraries.
"""

import http.client
import ssl
from urllib.parse import urlsplit

import requests
import urllib3

from .errors import Cancelled, ConnectionFailed, ConnectionTimeout, OciError
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
    """Turns exceptions into `OciError`s that carry no URL query, no header and no frame of the libraries."""

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
        elif isinstance(failure, (*READ_FAILURES, requests.RequestException)):
            root = _root_of(failure)
            error = _explain(root, self._url)
        else:
            return
        if self._cancellation.requested:
            error, root = Cancelled("The transfer was cancelled."), None
        error = error.with_traceback(None)
        try:
            raise error from _bare(root)
        finally:
            error.__context__ = None


def _bare(root: BaseException | None) -> BaseException | None:
    """The root of a failure, cut off from the frames and exceptions that know URLs and headers."""
    if not isinstance(root, OSError):
        return None
    bare = root.with_traceback(None)
    bare.__cause__ = bare.__context__ = None
    return bare


def _root_of(failure: BaseException) -> BaseException:
    """The innermost exception, where the libraries have wrapped one in another."""
    seen: set[int] = set()
    while id(failure) not in seen:
        seen.add(id(failure))
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
        if inner is None or isinstance(failure, ssl.SSLError):
            break
        failure = inner
    return failure


def _explain(root: BaseException, url: str) -> OciError:
    place = urlsplit(url).netloc
    if isinstance(root, ssl.SSLError) and not isinstance(
        root, ssl.SSLEOFError | ssl.SSLZeroReturnError
    ):
        return explain_tls(root, place)
    if isinstance(root, TimeoutError | urllib3.exceptions.TimeoutError):
        return ConnectionTimeout(
            f"{place} stopped answering.",
            advice="Try again; if it persists, check the registry and the network.",
        )
    if isinstance(root, OSError) and "Tunnel connection failed" in str(root):
        return ConnectionFailed(
            f"The proxy refused to connect to {place}.",
            advice="Check the proxy's settings.",
            temporary=False,
        )
    if isinstance(root, http.client.BadStatusLine | http.client.LineTooLong) and not isinstance(
        root, http.client.RemoteDisconnected
    ):
        return ConnectionFailed(
            f"{place} does not answer in HTTP.",
            advice="Check the port and the scheme of the registry.",
            temporary=False,
        )
    if isinstance(
        root, urllib3.exceptions.LocationValueError | requests.exceptions.InvalidURL | UnicodeError
    ):
        return ConnectionFailed(
            f"{place} is not an address that can be asked.",
            advice="Check the registry's host.",
            temporary=False,
        )
    return ConnectionFailed(
        f"{place} closed the connection before its answer was complete.",
        advice="Try again; if it persists, check the registry and the network.",
    )
