"""The forms of an import, and the handler that writes a form's file."""

import pytest
from django.core.files.uploadhandler import SkipFile

from registry_ui.images.archives.archive_uploads import received_bytes
from registry_ui.images.archives.forms import FIELD, ArchiveUploadHandler, BeginForm, ImportForm
from registry_ui.oci.errors import InvalidArchive

pytestmark = pytest.mark.django_db


@pytest.fixture
def handler(team, bob, rf):
    return ArchiveUploadHandler(rf.post("/"), team, bob)


def receive(handler, *chunks, field=FIELD):
    handler.new_file(field, "app.tar", "application/x-tar", None)
    offset = 0
    for chunk in chunks:
        handler.receive_data_chunk(chunk, offset)
        offset += len(chunk)
    return handler.file_complete(offset)


def test_the_files_bytes_are_on_the_disk_and_not_in_memory(handler, images_directory):
    file = receive(handler, b"a" * 10, b"b" * 5)

    assert (file.name, file.size, file.read()) == ("app.tar", 15, b"")
    assert received_bytes(handler.upload) == 15


def test_a_form_that_is_not_accepted_leaves_no_file(handler, images_directory):
    receive(handler, b"a" * 10)
    handler.clean_up()

    assert received_bytes(handler.upload) == 0


def test_an_accepted_one_is_kept(handler, images_directory):
    receive(handler, b"a" * 10)
    handler.is_kept = True
    handler.clean_up()

    assert received_bytes(handler.upload) == 10


def test_other_files_and_a_second_one_are_skipped(handler, images_directory):
    with pytest.raises(SkipFile):
        receive(handler, field="other")
    receive(handler, b"a")
    with pytest.raises(SkipFile):
        receive(handler, b"b")


def test_the_limit_is_checked_for_each_chunk(handler, images_directory, settings):
    settings.ARCHIVE_LIMIT = 10

    with pytest.raises(InvalidArchive):
        receive(handler, b"a" * 10, b"b")


@pytest.mark.parametrize(
    "values", [{"name": "x", "size": -1}, {"name": "x"}, {"size": 1}, {"name": "x", "size": 2**63}]
)
def test_impossible_details_are_refused(values):
    assert not BeginForm(values).is_valid()


def test_a_wrong_checksum_is_an_error_of_its_field():
    form = ImportForm({"sha256": "abc"}, {})

    assert "sha256" in form.errors
