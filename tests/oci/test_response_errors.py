"""The typed errors of unexpected responses."""

import pytest

from registry_ui.oci.errors import (
    OciError,
    RepositoryUnknown,
)
from tests.parts.scripted_server import Reply
from tests.parts.small_manifest import error_body
from tests.parts.tag_lists import TAGS


def test_missing_repository(scripted, client_of):
    scripted.on(
        "GET", TAGS, Reply(404, error_body("NAME_UNKNOWN", "repository name not known to registry"))
    )
    with pytest.raises(RepositoryUnknown, match="has no repository team/app"):
        client_of(scripted).list_tags("team/app")


def test_error_body_is_read_only_to_a_limit(scripted, client_of):
    scripted.on("GET", TAGS, Reply(400, b"x" * 10_000_000))
    with pytest.raises(OciError) as caught:
        client_of(scripted).list_tags("team/app")
    assert len(caught.value.message) < 500
