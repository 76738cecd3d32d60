"""The address of the installation's HTTP proxy, and the tunnels that it opens or refuses."""

import http.client
import socket
import threading

import pytest

from registry_ui.oci.egress import EgressPolicy
from registry_ui.oci.errors import ConnectionFailed
from registry_ui.oci.http_proxy import HttpProxy, TunnelRefused


@pytest.mark.parametrize(
    ("url", "host", "port", "is_secure", "authorization"),
    [
        ("http://proxy:3128", "proxy", 3128, False, ""),
        ("proxy.corp:3128", "proxy.corp", 3128, False, ""),
        ("http://proxy", "proxy", 80, False, ""),
        ("https://proxy", "proxy", 443, True, ""),
        ("http://[fd00::1]:8080/", "fd00::1", 8080, False, ""),
        ("http://a:b%40c@proxy:1", "proxy", 1, False, "Basic YTpiQGM="),
        ("http://a@proxy:1", "proxy", 1, False, "Basic YTo="),
    ],
)
def test_the_url_of_a_proxy(url, host, port, is_secure, authorization):
    assert HttpProxy.parse(url) == HttpProxy(host, port, is_secure, authorization)


@pytest.mark.parametrize(
    "url", ["socks5://a:hidden@proxy:1", "http://", "http://a:hidden@proxy:x", "http://[::1"]
)
def test_a_url_that_names_no_proxy_is_not_repeated(url, client_of):
    with pytest.raises(http.client.InvalidURL) as caught:
        HttpProxy.parse(url)
    assert "hidden" not in f"{caught.value!r} {caught.value.__cause__!r}"

    with pytest.raises(ConnectionFailed) as failure:
        client_of("registry.example", egress=EgressPolicy(proxy_url=url)).ping()
    assert not failure.value.temporary
    assert "hidden" not in repr(failure.value)


def test_the_login_of_a_proxy_is_not_shown():
    assert "YTo" not in repr(HttpProxy.parse("http://a@proxy:1"))


def answered(answer, proxy, host):
    """Open a tunnel that is answered with some bytes; return the request's head."""
    near, far = socket.socketpair()
    with near, far:
        sent = []

        def answer_it():
            sent.append(far.recv(4096))
            far.sendall(answer)
            far.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=answer_it)
        thread.start()
        try:
            proxy.open_tunnel(near, host, 443)
        finally:
            thread.join()
        return sent[0].decode()


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("registry.example", "registry.example"),
        ("fd00::1", "[fd00::1]"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_tunnel_is_asked_for_by_name(host, name):
    head = answered(b"HTTP/1.1 200 OK\r\n\r\n", HttpProxy.parse("http://a@proxy:1"), host)

    assert head.splitlines() == [
        f"CONNECT {name}:443 HTTP/1.1",
        f"Host: {name}:443",
        "Proxy-Authorization: Basic YTo=",
        "",
    ]


def test_every_answer_but_success_is_a_refusal():
    proxy = HttpProxy.parse("http://proxy:1")

    for status in (b"301 x", b"403 secret", b"407 x", b"502 x"):
        with pytest.raises(TunnelRefused) as caught:
            answered(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n", proxy, "host")
        assert "secret" not in str(caught.value)
    with pytest.raises(http.client.HTTPException):
        answered(b"", proxy, "host")
