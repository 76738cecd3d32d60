import os

import pytest

from registry_ui.images.store import LocalStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ContentMismatch
from registry_ui.oci.manifest import Descriptor
from registry_ui.oci.reference import Reference
from tests.images.blob_sources import Source

pytestmark = pytest.mark.postgresql


NAME = Reference.parse("registry.example.com/team/app:1.0")


CONTENT = os.urandom(200_000)


BLOB = Descriptor("application/octet-stream", Digest.of(CONTENT), len(CONTENT))


@pytest.fixture
def store(team):
    return LocalStore(team, NAME)


def test_wrong_bytes_give_no_right_to_another_teams_blob(store, other_team):
    store.write_blob(BLOB, Source(CONTENT))
    foreign = LocalStore(other_team, NAME)
    for wrong in (bytes(len(CONTENT)), CONTENT[:-1], CONTENT + b"x"):
        with pytest.raises(ContentMismatch):
            foreign.write_blob(BLOB, Source(wrong))
    assert not foreign.has_blob(BLOB)
    assert store.has_blob(BLOB)
