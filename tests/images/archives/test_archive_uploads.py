"""Uploads of archives: begun, continued, read from a pipe, discarded."""

import hashlib
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.images.archives import archive_uploads
from registry_ui.images.archives.archive_uploads import OffsetConflict
from registry_ui.images.models import ArchiveUpload
from registry_ui.oci.errors import InvalidArchive
from registry_ui.oci.store import Cancellation
from registry_ui.web.errors import describe
from tests.parts import archives
from tests.parts.error_texts import says

pytestmark = pytest.mark.django_db

CONTENT = archives.layout(archives.GOOD)


def begin(team, user, **values):
    options = {"name": "app.tar", "size": len(CONTENT), "modified": 7, **values}
    return archive_uploads.begin_upload(team=team, user=user, **options)


def send(upload, content=CONTENT, offset=0):
    return archive_uploads.receive_chunk(upload, offset, io.BytesIO(content).read)


def test_an_upload_continues_for_its_person_and_file_only(team, alice, bob):
    first = begin(team, bob)

    assert begin(team, bob) == first
    assert begin(team, alice) != first
    assert begin(team, bob, modified=8) != first
    assert begin(team, bob, modified=0) != first


def test_a_chunk_at_another_offset_tells_the_right_one(team, bob):
    upload = begin(team, bob)
    assert send(upload, CONTENT[:100]) == 100

    with pytest.raises(OffsetConflict) as caught:
        send(upload, CONTENT, 50)
    assert caught.value.received_bytes == 100
    assert send(upload, CONTENT[100:], 100) == archive_uploads.received_bytes(upload)


@pytest.mark.parametrize("size", [0, -1])
def test_an_empty_file_is_refused(size):
    with pytest.raises(InvalidArchive, check=says("empty")):
        archive_uploads.check_size(size)


def test_a_file_above_the_limit_names_the_setting(settings):
    settings.ARCHIVE_LIMIT = 10

    with pytest.raises(InvalidArchive) as caught:
        archive_uploads.check_size(11)
    assert "REGISTRY_UI_ARCHIVE_LIMIT_GIB" in describe(caught.value).advice


@pytest.mark.parametrize(
    ("text", "checksum"),
    [("", ""), ("A" * 64, "a" * 64), (f"sha256:{'b' * 64}  app.tar\n", "b" * 64)],
)
def test_a_checksum_may_be_a_line_of_its_file(text, checksum):
    assert archive_uploads.parse_sha256(text) == checksum


def test_another_text_is_no_checksum():
    with pytest.raises(InvalidArchive, check=says("not a SHA-256")):
        archive_uploads.parse_sha256("b" * 63)


def test_a_pipe_above_the_limit_leaves_nothing(team, settings, images_directory):
    settings.ARCHIVE_LIMIT = 10

    with pytest.raises(InvalidArchive):
        archive_uploads.spool_upload(team=team, read=io.BytesIO(CONTENT).read)
    assert not ArchiveUpload.objects.exists()
    assert [path for path in images_directory.rglob("*") if path.is_file()] == []


def test_a_file_with_another_checksum_is_refused(team, bob):
    right = begin(team, bob, sha256=hashlib.sha256(CONTENT).hexdigest())
    wrong = begin(team, bob, sha256="0" * 64)
    for upload in (right, wrong):
        send(upload)

    archive_uploads.check_checksum(right, Cancellation())
    with pytest.raises(InvalidArchive, check=says("SHA-256")):
        archive_uploads.check_checksum(wrong, Cancellation())


def test_the_name_of_a_file_has_no_folder_and_no_invisible_character(team, bob):
    assert begin(team, bob, name="C:\\temp\\a\u202eb.tar").name == "ab.tar"
    assert begin(team, bob, name="\u202e").name == "archive"


def test_expired_uploads_and_files_without_a_row_are_discarded(team, bob, settings):
    upload = begin(team, bob)
    send(upload)
    assert archive_uploads.collect_uploads() == 0

    old = timezone.now() - timedelta(seconds=settings.ARCHIVE_KEEP_SECONDS + 1)
    ArchiveUpload.objects.update(used_at=old)

    assert archive_uploads.collect_uploads() == 1
    assert archive_uploads.received_bytes(upload) == 0
