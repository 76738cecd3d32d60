"""Files of uploads on the disk."""

import gzip
import io
import os
import uuid

import pytest

from registry_ui.images.archives.incoming_files import IncomingFolder
from registry_ui.oci.archive.limits import ArchiveLimits
from registry_ui.oci.errors import InvalidArchive, StorageError, StorageFull
from tests.parts.error_texts import says

LIMITS = ArchiveLimits(total=1 << 20, members=100, ratio=1000)
PK = uuid.UUID(int=1)


@pytest.fixture
def folder(tmp_path):
    return IncomingFolder(tmp_path)


def append(folder, content, offset=0, size=1 << 20):
    return folder.append(PK, offset, size, io.BytesIO(content).read)


def read(folder, limits=LIMITS):
    with folder.open_tar(PK, None, limits, lambda: None) as file:
        return file.read(0, 1 << 20)


def test_bytes_are_appended_up_to_the_announced_size(folder):
    assert append(folder, b"a" * 10, size=8) == 8
    assert folder.received_bytes(PK) == 8
    assert read(folder) == b"a" * 8


def test_the_file_is_for_this_user_only(folder, tmp_path):
    append(folder, b"a")

    assert (tmp_path / "incoming" / PK.hex).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "incoming").stat().st_mode & 0o777 == 0o700


def test_gzip_is_undone_once(folder, tmp_path):
    append(folder, gzip.compress(b"content"))

    assert read(folder) == b"content"
    unpacked = tmp_path / "incoming" / f"{PK.hex}.tar"
    unpacked.write_bytes(b"changed")
    assert read(folder) == b"changed"


def test_gzip_above_the_limit_leaves_nothing(folder, tmp_path):
    append(folder, gzip.compress(b"0" * (1 << 18)))

    with pytest.raises(InvalidArchive):
        read(folder, ArchiveLimits(total=1000, members=100, ratio=1000))
    assert [path.name for path in (tmp_path / "incoming").iterdir()] == [PK.hex]


def test_a_symbolic_link_is_not_followed(folder, tmp_path):
    append(folder, b"a")
    path = tmp_path / "incoming" / PK.hex
    path.unlink()
    path.symlink_to("/etc/hostname")

    with pytest.raises(InvalidArchive):
        read(folder)
    with pytest.raises(StorageError):
        append(folder, b"b")


def test_a_file_that_is_gone_is_an_error_with_advice(folder):
    with pytest.raises(InvalidArchive, check=says("not here any more")):
        read(folder)
    assert folder.received_bytes(PK) == 0


def test_removing_takes_all_files_and_a_second_time_nothing(folder, tmp_path):
    append(folder, gzip.compress(b"content"))
    read(folder)
    folder.remove(PK)
    folder.remove(PK)

    assert list((tmp_path / "incoming").iterdir()) == []


def test_uploads_are_listed_with_their_latest_write(folder, tmp_path):
    append(folder, gzip.compress(b"content"))
    read(folder)
    os.utime(tmp_path / "incoming" / PK.hex, (1, 1))
    (tmp_path / "incoming" / "notes.txt").write_text("x")

    [(pk, written_at)] = folder
    assert pk == PK
    assert written_at > 1


def test_too_little_space_is_refused(tmp_path):
    with pytest.raises(StorageFull):
        IncomingFolder(tmp_path, min_free_bytes=1 << 60).check_free_space(1)
