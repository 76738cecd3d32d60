"""The body of an upload, which gives out its last piece only when all bytes were right."""

import pytest

from registry_ui.oci.errors import BlobUnknown, ContentMismatch, StorageError
from registry_ui.oci.upload_body import HashedBody, UploadSource
from tests.parts.bytes_readers import BytesReader, descriptor_of, source_of

BLOB = bytes(range(256)) * 4000
WHOLE = descriptor_of(BLOB)


def pieces_of(body, size):
    """Return the pieces that were given out, and the fault at the end."""
    pieces = []
    try:
        while piece := bytes(body.read(size)):
            pieces.append(piece)
    except ContentMismatch as exc:
        return pieces, exc
    return pieces, None


@pytest.mark.parametrize("size", [-1, 1000, 1 << 20])
@pytest.mark.parametrize("step", [1 << 20, 999])
def test_a_right_blob_comes_whole_in_pieces_of_any_size(size, step):
    body = HashedBody(BytesReader(BLOB, step), WHOLE, pytest.fail)

    pieces, fault = pieces_of(body, size)

    assert fault is None
    assert b"".join(pieces) == BLOB
    assert len(body) == len(BLOB)
    assert size < 0 or all(len(piece) <= size for piece in pieces)


@pytest.mark.parametrize("content", [BLOB[:-1], BLOB + b"x", b"!" + BLOB[1:]])
def test_the_last_piece_of_a_wrong_blob_is_held_back(content):
    faults = []

    pieces, fault = pieces_of(HashedBody(BytesReader(content), WHOLE, faults.append), 1000)

    assert sum(map(len, pieces)) < len(BLOB)
    assert faults == [fault]


def test_a_disk_error_of_the_source_is_a_storage_error():
    class Broken(BytesReader):
        def readinto(self, buffer, /):
            raise OSError(5, "Input/output error")

    faults = []
    with pytest.raises(
        StorageError, match=r"^blob_unreadable .*reason=Input/output error"
    ) as caught:
        HashedBody(Broken(BLOB), WHOLE, faults.append).read()
    assert faults == [caught.value]


def test_each_try_opens_the_source_at_its_start_and_closes_the_last_one():
    readers = []

    def open_source(offset):
        readers.append((offset, BytesReader(BLOB[offset:])))
        return readers[-1][1]

    source = UploadSource(open_source, WHOLE)
    source.open().read(1000)
    assert bytes(source.open().read(10)) == BLOB[:10]
    source.close()
    source.close()

    assert [(offset, reader.is_closed) for offset, reader in readers] == [(0, True), (0, True)]


def test_a_failed_source_is_told_from_a_failed_request():
    source = UploadSource(source_of(BLOB[:-1]), WHOLE)
    body = source.open()
    assert not source.has_failed
    pieces_of(body, -1)
    assert source.has_failed

    source.open()
    assert not source.has_failed


def test_a_source_that_does_not_open_has_failed():
    def open_source(offset):
        raise BlobUnknown("It is gone.")

    source = UploadSource(open_source, WHOLE)
    with pytest.raises(BlobUnknown):
        source.open()
    assert source.has_failed


def test_only_the_digest_of_no_bytes_is_that_of_an_empty_blob():
    assert UploadSource(source_of(b""), descriptor_of(b"")).empty_body() == b""
    with pytest.raises(ContentMismatch, match=r"^blob_not_empty digest="):
        UploadSource(source_of(b""), WHOLE).empty_body()
