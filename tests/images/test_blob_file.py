"""An open blob stays readable, and its descriptor is closed once."""

import os

import pytest

from registry_ui.images.blob_file import BlobFile
from registry_ui.oci.errors import StorageError


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "blob"
    path.write_bytes(b"content")
    return path


def opened(path):
    return BlobFile(os.open(path, os.O_RDONLY), path)


def read(file):
    buffer = bytearray(100)
    return bytes(buffer[: file.readinto(memoryview(buffer))])


def test_it_is_read_although_it_was_removed(path):
    with opened(path) as file:
        path.unlink()
        assert (file.size, read(file), read(file)) == (7, b"content", b"")


def test_a_detached_descriptor_belongs_to_the_caller(path):
    file = opened(path)
    descriptor = file.detach()
    file.close()

    assert os.read(descriptor, 3) == b"con"
    os.close(descriptor)


def test_a_closed_file_is_closed_once_and_read_no_more(path):
    file = opened(path)
    file.close()
    file.close()

    with pytest.raises(StorageError):
        read(file)
