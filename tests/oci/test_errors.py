import json
import re

import pytest

from registry_ui.oci import errors
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import (
    ConnectionFailed,
    ContentMismatch,
    HostUnknown,
    OciError,
    RateLimited,
)
from tests.parts.scripted_server import Reply
from tests.parts.small_manifest import error_body
from tests.parts.tag_lists import TAGS


def test_control_characters_do_not_reach_a_message(scripted, client_of):
    scripted.on("GET", TAGS, Reply(400, error_body("X", "line\nline\x1b[31mred\u202eevil")))
    with pytest.raises(OciError) as caught:
        client_of(scripted).list_tags("team/app")
    assert not any(
        ord(character) < 32 or character in "\u202e\x7f"
        for text in (str(caught.value), *map(str, caught.value.parameters.values()))
        for character in text
    )


def subclasses(kind, depth=0):
    """Yield the classes of the tree with their depths, as they were defined."""
    yield depth, kind.__name__
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from subclasses(child, depth + 1)


def test_the_drawn_tree_is_the_tree_of_the_classes():
    drawn = re.findall(r"^([│├└─ ]*)(\w+)(?: {2,}.*)?$", errors.__doc__, re.MULTILINE)

    assert [(len(indent) // 4, name) for indent, name in drawn] == list(subclasses(OciError))


def test_an_error_has_the_permanence_of_its_kind():
    assert ConnectionFailed("cut").temporary
    assert not HostUnknown("unknown").temporary
    assert not ConnectionFailed("refused", temporary=False).temporary


def test_an_error_keeps_the_answer_that_it_describes():
    error = RateLimited("slow_down", status=429, codes=["TOOMANYREQUESTS"], retry_after=3)

    assert (error.status, error.codes, error.retry_after) == (429, ("TOOMANYREQUESTS",), 3)
    assert (error.code, error.parameters) == ("slow_down", {})


def test_an_error_is_stored_with_plain_values_and_its_cause():
    cause = ContentMismatch("differs", digest=Digest.of(b"x"))
    error = OciError(
        "failed", cause=cause, names=("a\nb", "c"), count=3, is_whole=True, left=None, code="x"
    )

    assert error.stored() == {
        "kind": "OciError",
        "code": "failed",
        "parameters": {
            "cause": {
                "kind": "ContentMismatch",
                "code": "differs",
                "parameters": {"digest": str(Digest.of(b"x"))},
            },
            "names": ["a b", "c"],
            "count": 3,
            "is_whole": True,
            "code": "x",
        },
    }
    assert json.loads(json.dumps(error.stored())) == error.stored()


def test_a_log_gets_one_line_with_the_cause():
    cause = ContentMismatch("differs", host="registry.example.com")
    error = OciError("failed", cause=cause, names=["a", "b"], text="two\nlines")

    assert str(error) == (
        "failed cause=(differs host=registry.example.com) names=a,b text=two lines"
    )
