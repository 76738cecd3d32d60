import logging
import sys
import time

import pytest

from registry_ui.web.logs import OneLineFormatter

FORMATTER = OneLineFormatter("%(levelname)s %(name)s: %(message)s")


def line(message, *args, exc_info=None):
    return FORMATTER.format(
        logging.LogRecord("app", logging.WARNING, __file__, 1, message, args, exc_info)
    )


@pytest.mark.parametrize(
    "evil",
    [
        "a\nERROR app: forged",
        "a\r\nforged",
        "\x1b[31mred",
        "a\u2028b",
        "a\x85b",
        "a\u202eb",
        "a\x00b",
        "\x9b31m",
    ],
)
def test_text_from_outside_stays_one_harmless_line(evil):
    text = line("Not Found: %s", evil)
    assert len(text.splitlines()) == 1
    assert text.isprintable()


def test_a_traceback_is_part_of_its_record():
    try:
        raise ValueError("line one\nWARNING app: forged")
    except ValueError:
        text = line("It broke", exc_info=sys.exc_info())
    assert len(text.splitlines()) == 1
    assert "Traceback" in text
    assert r"line one\nWARNING app: forged" in text


def test_harmless_text_stays_readable():
    assert (
        line("镜像 %s → %s", "nginx:1.27", "ghcr.io/a/b")
        == "WARNING app: 镜像 nginx:1.27 → ghcr.io/a/b"
    )
    assert line("Token service of %s answered", "ghcr.io").endswith(
        "Token service of ghcr.io answered"
    )


@pytest.mark.parametrize(
    "message",
    [
        "Authorization: Basic YWxpY2U6Y2FuYXJ5",
        "{'Authorization': 'Bearer CANARY.canary.canary'}",
        "authorization=CANARY",
        "sent Bearer CANARYcanary123 to the host",
        "password=CANARY&grant_type=password",
        '{"password": "CANARY"}',
        "{'secret': 'CANARY', 'x': 1}",
        "https://alice:CANARY@registry.example.com/v2/",
        "redis://:CANARY@127.0.0.1:6379/0",
        "refresh_token: CANARY",
        '{"auth":"CANARY"}',
    ],
)
def test_secrets_are_hidden(message):
    text = line(message)
    assert "CANARY" not in text
    assert "YWxpY2U6Y2FuYXJ5" not in text
    assert "***" in text


def test_arguments_are_hidden_too():
    assert "CANARY" not in line("request failed: %r", {"password": "CANARY"})


def test_a_long_hostile_text_costs_little():
    started = time.thread_time()
    line("%s", "a." * 200_000 + "://" + "password" * 10_000)
    assert time.thread_time() - started < 2


def test_it_is_the_formatter_of_the_installation(settings):
    assert settings.LOGGING["formatters"]["line"]["()"] == "registry_ui.web.logs.OneLineFormatter"
    assert settings.LOGGING["root"]["handlers"] == ["console"]
