"""Retries, and the pauses before them."""

import datetime
import email.utils
import threading
import time

import pytest

from registry_ui.oci.connections import Limits
from registry_ui.oci.errors import Cancelled, OciError, RateLimited, ServerFailed
from registry_ui.oci.retries import Attempts, Pacer, retry_after
from registry_ui.oci.store import Cancellation
from tests.parts.scripted_server import Reply
from tests.parts.small_manifest import error_body
from tests.parts.tag_lists import TAGS, page


def test_three_503_answers_and_then_success(scripted, client_of):
    pauses = []
    scripted.on("GET", TAGS, Reply(503), Reply(503), Reply(503), page(["1"]))
    client = client_of(scripted, on_pause=lambda seconds, reason: pauses.append((seconds, reason)))
    assert client.list_tags("team/app") == ["1"]
    assert len(pauses) == 3
    assert str(pauses[0][1]).startswith("server_failed ")


@pytest.mark.parametrize("status", [408, 429, 499, 500, 502, 503, 504, 522])
def test_temporary_statuses_are_tried_again(scripted, client_of, status):
    scripted.on("GET", TAGS, Reply(status), page(["1"]))
    assert client_of(scripted).list_tags("team/app") == ["1"]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 418, 501])
def test_final_statuses_are_not(scripted, client_of, status):
    scripted.on("GET", TAGS, Reply(status), page(["1"]))
    with pytest.raises(OciError):
        client_of(scripted).list_tags("team/app")
    assert len(scripted.made("GET", TAGS)) == 1


def in_a_second():
    return email.utils.format_datetime(
        datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2), usegmt=True
    )


@pytest.mark.parametrize("header", [lambda: "1", in_a_second])
def test_retry_after_is_obeyed(scripted, client_of, header):
    pauses = []
    scripted.on(
        "GET", TAGS, lambda call: Reply(429, headers={"Retry-After": header()}), page(["1"])
    )
    client = client_of(
        scripted, on_pause=lambda seconds, reason: pauses.append(seconds), limits=Limits()
    )
    started = time.monotonic()
    assert client.list_tags("team/app") == ["1"]
    assert time.monotonic() - started > 0.9
    assert 0.9 < pauses[0] < 2.3


def test_long_retry_after_says_when_and_ends(scripted, client_of):
    scripted.on(
        "GET",
        TAGS,
        Reply(429, error_body("TOOMANYREQUESTS", "pull rate limit"), {"Retry-After": "10800"}),
    )
    with pytest.raises(RateLimited, match=r"^rate_limited_for .*seconds=10800") as caught:
        client_of(scripted, limits=Limits()).list_tags("team/app")
    assert caught.value.retry_after == 10800
    assert len(scripted.made("GET", TAGS)) == 1


def test_pause_holds_for_the_whole_client(scripted, client_of):
    scripted.on("GET", "/v2/one/tags/list", Reply(429, headers={"Retry-After": "1"}), page(["1"]))
    scripted.on("GET", "/v2/two/tags/list", page(["2"]))
    begun = threading.Event()
    client = client_of(scripted, on_pause=lambda *_: begun.set(), limits=Limits())
    other = threading.Thread(target=client.list_tags, args=("one",))
    other.start()
    assert begun.wait(2)
    started = time.monotonic()
    client.list_tags("two")
    assert time.monotonic() - started > 0.7
    other.join()


def test_reset_connections_are_tried_again(scripted, client_of):
    scripted.on("GET", TAGS, Reply(reset=True), Reply(reset=True), page(["1"]))
    assert client_of(scripted).list_tags("team/app") == ["1"]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": " 120 "}, 120),
        ({"Retry-After": "Thu, 01 Jan 2015 00:00:00 GMT"}, 0),
        ({"Retry-After": "Thu, 01 Jan 2015 00:00:00"}, 0),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "1" * 10}, None),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_a_retry_after_is_seconds_or_a_date(header, seconds):
    assert retry_after(header) == seconds


def test_a_future_date_is_the_seconds_until_then():
    then = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=60)
    header = {"Retry-After": email.utils.format_datetime(then, usegmt=True)}

    assert 50 < retry_after(header) <= 60


def test_pauses_grow_until_the_tries_are_used_up():
    pauses = []
    limits = Limits(tries=4, first_pause=0.02)
    pacer = Pacer(limits, Cancellation(), lambda seconds, reason: pauses.append(seconds))
    attempts, error = Attempts(pacer), ServerFailed("It is in trouble.")

    for _try in range(3):
        attempts.fail(error)
    with pytest.raises(ServerFailed):
        attempts.fail(error)

    assert len(pauses) == 3
    for number, pause in enumerate(pauses):
        assert 0.5 <= pause / (0.02 * 2**number) <= 1


def test_progress_gives_all_tries_back():
    attempts = Attempts(Pacer(Limits(tries=2, first_pause=0.001), Cancellation()))
    error = ServerFailed("It is in trouble.")

    attempts.fail(error)
    attempts.progressed()
    attempts.fail(error)
    with pytest.raises(ServerFailed):
        attempts.fail(error)


def test_no_call_pauses_longer_than_its_limit_in_total():
    limits = Limits(tries=100, longest_pause=1, all_pauses=0.7)
    attempts = Attempts(Pacer(limits, Cancellation()))
    error = RateLimited("Slow down.", retry_after=0.4)

    attempts.fail(error)
    with pytest.raises(RateLimited):
        attempts.fail(error)


def test_a_pause_ends_with_the_cancellation():
    cancellation = Cancellation()
    pacer = Pacer(Limits(), cancellation)
    threading.Timer(0.05, cancellation.request).start()

    with pytest.raises(Cancelled):
        pacer.pause(30, "the registry asks to wait")
