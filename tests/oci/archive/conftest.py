"""Archives in files of their own."""

import os

import pytest

from registry_ui.oci.archive.archive_file import ArchiveFile, gunzip
from registry_ui.oci.archive.archive_store import ArchiveStore
from registry_ui.oci.archive.limits import ArchiveLimits


@pytest.fixture
def archive_file(tmp_path):
    """Return a function that writes bytes to a file and opens it."""
    opened = []

    def make(content: bytes) -> ArchiveFile:
        path = tmp_path / f"archive-{len(opened)}"
        path.write_bytes(content)
        opened.append(ArchiveFile(os.open(path, os.O_RDONLY)))
        return opened[-1]

    yield make
    for file in opened:
        file.close()


@pytest.fixture
def open_archive(archive_file):
    """Return the store of an archive's bytes."""

    def make(content: bytes, **limits) -> ArchiveStore:
        file, bounds = archive_file(content), ArchiveLimits(**limits)
        if file.is_gzip:
            pieces: list[bytes] = []
            gunzip(file, pieces.append, bounds)
            file = archive_file(b"".join(pieces))
        return ArchiveStore(file, bounds)

    return make
