from datetime import UTC, datetime

import pytest

from registry_ui.oci.address_scope import AddressScope
from registry_ui.oci.archive import tar
from registry_ui.web.errors.parameters import WORDS, Parameters, size, waiting_time


def shown(name, value):
    return Parameters({name: value}, "", lambda cause: ("sentence", "advice"))[name]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("digest", "sha256:" + "ab" * 32, "ab" * 6),
        ("now_digest", "sha512:" + "cd" * 64, "cd" * 6),
        ("limit_bytes", 1024, "1 KiB"),
        ("names", ["a", "b"], "a, b"),
        ("scope", "private", "an address in a private network"),
        ("scope", "unheard of", "unheard of"),
        ("count", 3, "3"),
        ("cause", {"code": "x"}, "sentence"),
    ],
)
def test_a_parameter_is_shown_by_its_name(name, value, text):
    assert shown(name, value) == text


def test_a_point_in_time_is_shown_with_its_zone():
    moment = datetime(2026, 1, 31, 12, 30, tzinfo=UTC)

    assert shown("removed_at", str(moment)).startswith("31 January 2026 ")
    assert "2026" in shown("ended_date", str(moment))


def test_an_unknown_parameter_is_empty():
    assert Parameters({}, "", lambda cause: ("", ""))["absent"] == ""


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (1024**2 - 1, "1 MiB"), (1024**4, "1 TiB")],
)
def test_a_size_has_a_binary_unit(count, text):
    assert size(count) == text


def test_a_time_is_at_least_a_second():
    assert (waiting_time(0), waiting_time(7200)) == ("1 second", "2 hours")


def test_every_word_of_oci_is_known():
    assert {scope.value for scope in AddressScope} - {"public"} == set(WORDS["scope"])
    assert set(tar._KINDS.values()) <= set(WORDS["member_kind"])
