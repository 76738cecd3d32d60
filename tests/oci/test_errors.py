import pytest

from registry_ui.oci.errors import OciError
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
