"""The store of an archive in a file of its own."""

import os

import pytest

from registry_ui.oci.archive.archive_file import ArchiveFile, gunzip
from registry_ui.oci.archive.archive_store import ArchiveStore
from registry_ui.oci.archive.limits import ArchiveLimits


@pytest.fixture
def open_archive(tmp_path):
    """Return the store of an archive's bytes."""
    opened = []

    def file_of(content: bytes) -> ArchiveFile:
        path = tmp_path / f"archive-{len(opened)}"
        path.write_bytes(content)
        opened.append(ArchiveFile(os.open(path, os.O_RDONLY)))
        return opened[-1]

    def make(content: bytes, **limits) -> ArchiveStore:
        file, bounds = file_of(content), ArchiveLimits(**limits)
        if file.is_gzip:
            pieces: list[bytes] = []
            gunzip(file, pieces.append, bounds)
            file = file_of(b"".join(pieces))
        return ArchiveStore(file, bounds)

    yield make
    for file in opened:
        file.close()
