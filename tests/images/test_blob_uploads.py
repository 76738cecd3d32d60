"""Blobs in chunks: bytes are kept, one request writes at a time, a wrong digest is refused."""

import hashlib
import io
import uuid

import pytest

from registry_ui.images.blob_uploads import (
    UploadBusy,
    UploadTooLarge,
    UploadUnknown,
    create_upload,
    open_upload,
    publish_upload,
    upload_size,
)
from registry_ui.images.blobs import BlobDirectory
from registry_ui.images.models import TeamBlob
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ContentMismatch

KEY = uuid.UUID(int=1)
CONTENT = b"content of a layer"


@pytest.fixture
def blobs(tmp_path):
    blobs = BlobDirectory(tmp_path / "images")
    create_upload(blobs, KEY)
    return blobs


def append(upload, content, limit=1000, **options):
    upload.append(io.BytesIO(content).read, limit=limit, **options)


def test_chunks_are_appended(blobs):
    for chunk in (CONTENT[:7], CONTENT[7:]):
        with open_upload(blobs, KEY) as upload:
            append(upload, chunk)

    assert upload_size(blobs, KEY) == len(CONTENT)


def test_bytes_above_the_limit_are_refused_and_the_others_kept(blobs):
    with open_upload(blobs, KEY) as upload:
        append(upload, CONTENT)
        with pytest.raises(UploadTooLarge):
            append(upload, b"x", limit=len(CONTENT))

    assert upload_size(blobs, KEY) == len(CONTENT)


def test_a_second_request_at_the_same_time_is_refused(blobs):
    with open_upload(blobs, KEY), pytest.raises(UploadBusy), open_upload(blobs, KEY):
        pass


def test_an_unknown_or_discarded_upload_is_unknown(blobs):
    with pytest.raises(UploadUnknown):
        upload_size(blobs, uuid.uuid4())
    with open_upload(blobs, KEY) as upload:
        upload.discard()
        upload.discard()
    with pytest.raises(UploadUnknown), open_upload(blobs, KEY):
        pass


@pytest.mark.parametrize("hasher", [None, hashlib.sha256(CONTENT)])
def test_a_wrong_digest_is_refused(blobs, hasher):
    with open_upload(blobs, KEY) as upload:
        append(upload, CONTENT)
        with pytest.raises(ContentMismatch):
            upload.verify(Digest.of(b"another"), hasher)
        upload.verify(Digest.of(CONTENT), hasher)


@pytest.mark.django_db
def test_a_verified_upload_becomes_a_blob_of_the_team(blobs, team):
    digest = Digest.of(CONTENT)
    with open_upload(blobs, KEY) as upload:
        append(upload, CONTENT)
        upload.verify(digest)
        assert publish_upload(team, blobs, upload) == len(CONTENT)

    assert blobs.read(digest, limit=1000) == CONTENT
    assert TeamBlob.objects.get().digest == str(digest)
    with pytest.raises(UploadUnknown):
        upload_size(blobs, KEY)
