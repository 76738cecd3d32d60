import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_ui.oci.challenges import parse_challenges


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Basic realm="r"', [("basic", {"realm": "r"})]),
        ("Negotiate", [("negotiate", {})]),
        ('Negotiate, Basic realm="r"', [("negotiate", {}), ("basic", {"realm": "r"})]),
        (
            'Bearer realm="https://a/t?x=1",service="s",scope="repository:a:pull,push"',
            [
                (
                    "bearer",
                    {"realm": "https://a/t?x=1", "service": "s", "scope": "repository:a:pull,push"},
                )
            ],
        ),
        (
            'Bearer realm="a", service="b", Basic realm="c"',
            [("bearer", {"realm": "a", "service": "b"}), ("basic", {"realm": "c"})],
        ),
        (
            r'Basic realm="with \"quotes\" and \\ inside"',
            [("basic", {"realm": 'with "quotes" and \\ inside'})],
        ),
        ("bearer  REALM = plain , service= s", [("bearer", {"realm": "plain", "service": "s"})]),
        ("NTLM TlRMTVNTUAAC==, Basic realm=x", [("ntlm", {}), ("basic", {"realm": "x"})]),
        ("", []),
        (", ,", []),
    ],
)
def test_challenges_are_parsed(header, expected):
    assert [
        (challenge.scheme, dict(challenge.parameters)) for challenge in parse_challenges(header)
    ] == expected


@given(st.text(max_size=300))
def test_any_challenge_is_parsed_without_an_error(header):
    parse_challenges(header)


def test_hostile_challenges_are_parsed_quickly():
    started = time.thread_time()
    for hostile in (
        'a="' + "\\" * 100_000,
        "a," * 100_000,
        "a" * 100_000,
        'Bearer realm="' + "x" * 100_000,
        "a=b " * 50_000,
    ):
        parse_challenges(hostile)
    assert time.thread_time() - started < 5
