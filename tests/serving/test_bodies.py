"""Bodies of requests to /v2/: whole, cut off, too long, with an impossible length."""

import io
from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from registry_ui.serving.bodies import (
    SOCKET_TIMEOUT_SECONDS,
    BodyTruncated,
    RequestBody,
    set_socket_timeout,
)
from registry_ui.serving.errors import ApiError

TOO_LARGE = ApiError(413, "SIZE_INVALID", "Too large.")


def body(content, length=None, **headers):
    request = RequestFactory().generic("PUT", "/v2/", content, headers=headers)
    request.META["wsgi.input"] = io.BytesIO(content)
    if length is not None:
        request.META["CONTENT_LENGTH"] = length
    return RequestBody(request)


def test_a_body_of_announced_length_ends_there():
    read = body(b"content and more", length="7")

    assert (read.length, read.read(100), read.read(100)) == (7, b"content", b"")


def test_a_chunked_body_has_no_length():
    read = body(b"content", **{"Transfer-Encoding": "chunked"})

    assert (read.length, read.read_whole(100, TOO_LARGE)) == (None, b"content")


def test_a_body_that_is_cut_off_is_truncated():
    with pytest.raises(BodyTruncated):
        body(b"con", length="7").read_whole(100, TOO_LARGE)


def test_a_connection_that_breaks_is_truncated():
    read = body(b"content", length="7")
    read._stream = SimpleNamespace(read=lambda _size: (_ for _ in ()).throw(OSError()))

    with pytest.raises(BodyTruncated):
        read.read(7)


def test_a_body_above_the_limit_is_refused():
    with pytest.raises(ApiError):
        body(b"content", length="7").read_whole(6, TOO_LARGE)
    with pytest.raises(ApiError):
        body(b"content", **{"Transfer-Encoding": "chunked"}).read_whole(6, TOO_LARGE)


@pytest.mark.parametrize("length", ["-1", "1e3", "٣"])
def test_an_impossible_length_is_refused(length):
    with pytest.raises(ApiError) as caught:
        body(b"", length=length)
    assert caught.value.status == 400


def test_a_stalled_client_frees_its_thread():
    request = RequestFactory().get("/v2/")
    timeouts = []
    request.META["gunicorn.socket"] = SimpleNamespace(settimeout=timeouts.append)
    set_socket_timeout(request)
    set_socket_timeout(RequestFactory().get("/v2/"))

    assert timeouts == [SOCKET_TIMEOUT_SECONDS]
