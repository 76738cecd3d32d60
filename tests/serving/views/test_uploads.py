from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.images.blob_uploads import open_upload
from registry_ui.images.disk import free_bytes
from registry_ui.images.garbage_collection import collect
from registry_ui.images.store import blob_directory
from registry_ui.serving.hash_cache import RUNNING_HASHES
from registry_ui.serving.maintenance import maintain_builtin_registry
from registry_ui.serving.models import BlobUpload
from tests.parts.images import digest_of
from tests.serving.client import codes

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


NAME = "harbour/app"


BLOB = b"some bytes" * 100


@pytest.fixture
def location(admin):
    return admin("POST", f"/v2/{NAME}/blobs/uploads/").headers["Location"]


def test_a_blob_above_the_limit_is_refused_before_its_first_byte(admin, location, settings):
    settings.BLOB_LIMIT = 999
    for method, path in (("PATCH", location), ("PUT", f"{location}?digest={digest_of(BLOB)}")):
        answer = admin(method, path, BLOB)
        assert (answer.status_code, codes(answer)) == (413, ["SIZE_INVALID"])
    assert admin("GET", location).headers["Range"] == "0-0"


def test_chunks_above_the_limit_in_total_are_refused(admin, location, settings):
    settings.BLOB_LIMIT = 1500
    assert admin("PATCH", location, BLOB).status_code == 202
    answer = admin("PATCH", location, BLOB)
    assert (answer.status_code, codes(answer)) == (413, ["SIZE_INVALID"])
    assert admin("GET", location).headers["Range"] == "0-999"


def test_a_push_without_enough_free_space_is_refused(admin, location, settings, images_directory):
    settings.FREE_SPACE_FLOOR = free_bytes(images_directory) + (1 << 30)
    for answer in (
        admin("PATCH", location, BLOB),
        admin("POST", f"/v2/{NAME}/blobs/uploads/"),
        admin.push_blob(NAME, BLOB),
    ):
        assert (answer.status_code, codes(answer)) == (507, ["UNKNOWN"])
        assert "have to stay free" in answer.content.decode()
    settings.FREE_SPACE_FLOOR = 0
    assert admin("PUT", f"{location}?digest={digest_of(BLOB)}", BLOB).status_code == 201


def test_two_requests_cannot_write_one_upload_simultaneously(admin, location):
    upload = BlobUpload.objects.get()
    with open_upload(blob_directory(), upload.pk):
        answer = admin("PATCH", location, BLOB)
    assert (answer.status_code, codes(answer)) == (409, ["BLOB_UPLOAD_INVALID"])
    assert admin("PATCH", location, BLOB).status_code == 202


def test_the_digest_is_verified_with_and_without_a_cached_hash(admin, location):
    admin("PATCH", location, BLOB[:300])
    RUNNING_HASHES.pop(
        BlobUpload.objects.get().pk, 1
    )  # as if another process had taken the first chunk
    admin("PATCH", location, BLOB[300:])
    assert admin("PUT", f"{location}?digest={digest_of(BLOB)}").status_code == 201


def test_an_abandoned_upload_is_collected(admin, location, settings):
    admin("PATCH", location, BLOB)
    BlobUpload.objects.update(created_at=timezone.now() - timedelta(days=3))
    maintain_builtin_registry()
    assert admin("GET", location).headers["Range"] == "0-999"
    collect(grace_seconds=-1)
    maintain_builtin_registry()
    assert codes(admin("GET", location)) == ["BLOB_UPLOAD_UNKNOWN"]
    assert not BlobUpload.objects.exists()
