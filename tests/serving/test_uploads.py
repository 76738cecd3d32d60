"""Uploads at their bounds: too large, no room, nobody goes on."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.images.collecting import collect
from registry_ui.images.disk import free_bytes
from registry_ui.images.store import blob_directory
from registry_ui.images.uploads import open_upload
from registry_ui.serving.chores import tidy
from registry_ui.serving.hashing import RUNNING
from registry_ui.serving.models import Holding, Upload
from tests.parts.images import digest_of

from .calls import codes

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

NAME = "harbour/app"
BLOB = b"some bytes" * 100


@pytest.fixture
def place(admin):
    return admin("POST", f"/v2/{NAME}/blobs/uploads/").headers["Location"]


def test_a_blob_above_the_limit_is_refused_before_its_first_byte(admin, place, settings):
    settings.BLOB_LIMIT = 999
    for method, path in (("PATCH", place), ("PUT", f"{place}?digest={digest_of(BLOB)}")):
        answer = admin(method, path, BLOB)
        assert (answer.status_code, codes(answer)) == (413, ["SIZE_INVALID"])
    assert admin("GET", place).headers["Range"] == "0-0"


def test_chunks_that_are_too_much_together_are_refused(admin, place, settings):
    settings.BLOB_LIMIT = 1500
    assert admin("PATCH", place, BLOB).status_code == 202
    answer = admin("PATCH", place, BLOB)
    assert (answer.status_code, codes(answer)) == (413, ["SIZE_INVALID"])
    assert admin("GET", place).headers["Range"] == "0-999"


def test_a_push_that_would_leave_too_little_room_is_told_so(
    admin, place, settings, images_directory
):
    settings.FREE_SPACE_FLOOR = free_bytes(images_directory) + (1 << 30)
    for answer in (
        admin("PATCH", place, BLOB),
        admin("POST", f"/v2/{NAME}/blobs/uploads/"),
        admin.push_blob(NAME, BLOB),
    ):
        assert (answer.status_code, codes(answer)) == (507, ["UNKNOWN"])
        assert "have to stay free" in answer.content.decode()
    settings.FREE_SPACE_FLOOR = 0
    assert admin("PUT", f"{place}?digest={digest_of(BLOB)}", BLOB).status_code == 201


def test_two_requests_do_not_write_one_upload_at_once(admin, place):
    upload = Upload.objects.get()
    with open_upload(blob_directory(), upload.pk):
        answer = admin("PATCH", place, BLOB)
    assert (answer.status_code, codes(answer)) == (409, ["BLOB_UPLOAD_INVALID"])
    assert admin("PATCH", place, BLOB).status_code == 202


def test_the_digest_is_right_whether_this_process_has_seen_every_chunk_or_not(admin, place):
    admin("PATCH", place, BLOB[:300])
    RUNNING.take(Upload.objects.get().pk, 1)  # as if another process had taken the first chunk
    admin("PATCH", place, BLOB[300:])
    assert admin("PUT", f"{place}?digest={digest_of(BLOB)}").status_code == 201


def test_an_upload_that_nobody_goes_on_with_is_collected(admin, place, settings):
    admin("PATCH", place, BLOB)
    Upload.objects.update(created_at=timezone.now() - timedelta(days=3))
    tidy()
    assert admin("GET", place).headers["Range"] == "0-999"
    collect(grace_seconds=-1)
    tidy()
    assert codes(admin("GET", place)) == ["BLOB_UPLOAD_UNKNOWN"]
    assert not Upload.objects.exists()


def test_what_was_held_of_a_collected_blob_is_forgotten(admin):
    admin.push_blob(NAME, BLOB)
    collect(grace_seconds=-1)
    Holding.objects.update(created_at=timezone.now() - timedelta(hours=2))
    tidy()
    assert not Holding.objects.exists()
