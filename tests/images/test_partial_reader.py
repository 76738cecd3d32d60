"""A blob that is read while it arrives."""

import pytest

from registry_ui.images.blobs import BlobDirectory
from registry_ui.images.partial_reader import follow, received_bytes
from registry_ui.oci.digest import Digest

from .blob_sources import Source

CONTENT = b"0123456789"
DIGEST = Digest.of(CONTENT)


@pytest.fixture
def blobs(tmp_path):
    return BlobDirectory(tmp_path / "images")


def partial(blobs, content):
    path = blobs.root / "partial" / "1" / f"{DIGEST.algorithm}-{DIGEST.hex}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def publish(blobs):
    with blobs.claim(DIGEST, owner="1") as file:
        file.download(len(CONTENT), Source(CONTENT))
        with blobs.locked(DIGEST):
            blobs.publish(file)


def test_bytes_are_counted_while_they_arrive(blobs):
    assert received_bytes(blobs, DIGEST, owner="1") == 0
    partial(blobs, CONTENT[:4])
    assert received_bytes(blobs, DIGEST, owner="1") == 4


def test_the_last_byte_comes_only_after_the_blob_was_verified(blobs):
    partial(blobs, CONTENT)
    polls = iter([False, False, True])

    def is_finished():
        finished = next(polls)
        if finished:
            publish(blobs)
        return finished

    chunks = follow(blobs, DIGEST, len(CONTENT), owner="1", is_finished=is_finished)

    assert next(chunks) == CONTENT[:-1]
    assert b"".join(chunks) == CONTENT[-1:]


def test_the_writers_error_ends_the_reader(blobs):
    partial(blobs, CONTENT[:4])
    polls = iter([False])

    def is_finished():
        for value in polls:
            return value
        raise RuntimeError("the writer failed")

    chunks = follow(blobs, DIGEST, len(CONTENT), owner="1", is_finished=is_finished)

    assert next(chunks) == CONTENT[:4]
    with pytest.raises(RuntimeError):
        next(chunks)
