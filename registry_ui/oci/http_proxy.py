"""The installation's HTTP proxy: its address, its login, and tunnels through it."""

import base64
import http.client
import socket
import ssl
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from urllib3.util.ssltransport import SSLTransport


class TunnelRefused(OSError):
    """The proxy's refusal to connect to a host; its text holds the status only."""


@dataclass(frozen=True, slots=True)
class HttpProxy:
    """An HTTP proxy.

    Args:
        is_secure: the connection to the proxy itself is TLS.
        authorization: the value of the Proxy-Authorization header; empty without a login.
    """

    host: str
    port: int
    is_secure: bool
    authorization: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the proxy of a URL, which may carry a login and lack the scheme.

        Raises:
            http.client.InvalidURL: no http or https URL with a host; the text does not repeat it.
        """
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port, parts = None, None, urlsplit("")
        if not host or parts.scheme not in ("http", "https"):
            # `from None`: the URL may hold a password.
            raise http.client.InvalidURL("The proxy's address is no http or https URL.") from None

        login = ""
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            login = f"Basic {base64.b64encode(pair.encode()).decode()}"
        is_secure = parts.scheme == "https"
        return cls(host, port or (443 if is_secure else 80), is_secure, login)

    def open_tunnel(self, sock: socket.socket, host: str, port: int) -> None:
        """Have the proxy at the other end of a connection connect it to a host (CONNECT).

        Raises:
            TunnelRefused: an answer other than success.
            http.client.HTTPException: no answer in HTTP.
        """
        name = host.encode("idna").decode() if ":" not in host else f"[{host}]"
        login = f"Proxy-Authorization: {self.authorization}\r\n" if self.authorization else ""
        head = f"CONNECT {name}:{port} HTTP/1.1\r\nHost: {name}:{port}\r\n{login}\r\n"
        sock.sendall(head.encode("ascii"))

        answer = http.client.HTTPResponse(sock, method="CONNECT")
        # Only the head is read: what follows a success belongs to the tunnel.
        try:
            answer.begin()
            if not 200 <= answer.status < 300:
                raise TunnelRefused(f"CONNECT was answered with {answer.status}.")
        finally:
            answer.close()


def secured(sock: Any, context: ssl.SSLContext, host: str) -> Any:
    """Return a connection with TLS on it, also where it is TLS to a proxy already.

    Raises:
        ssl.SSLError: the handshake failed, or the certificate is not one for `host`.
    """
    # A certificate names a host without the final dot, and an address without its zone.
    name = host.partition("%")[0].rstrip(".")
    if not isinstance(sock, ssl.SSLSocket):
        return context.wrap_socket(sock, server_hostname=name)
    # ssl wraps no socket twice.
    return SSLTransport(sock, context, server_hostname=name)
