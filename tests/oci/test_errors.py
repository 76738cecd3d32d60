import re

import pytest

from registry_ui.oci import errors
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
        ord(character) < 32 or character in "\u202e\x7f" for character in caught.value.message
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


def test_an_error_has_the_advice_and_the_permanence_of_its_kind():
    assert ConnectionFailed("It was cut.").temporary
    assert not HostUnknown("It is unknown.").temporary
    assert not ConnectionFailed("The proxy refuses.", temporary=False).temporary
    assert ContentMismatch("It differs.").advice == ContentMismatch.general_advice
    assert ContentMismatch("It differs.", advice="Empty\nthe cache.").advice == "Empty the cache."


def test_an_error_keeps_the_answer_that_it_describes():
    error = RateLimited("Slow down.", status=429, codes=["TOOMANYREQUESTS"], retry_after=3)

    assert (error.status, error.codes, error.retry_after) == (429, ("TOOMANYREQUESTS",), 3)
    assert str(error) == error.message == "Slow down."
