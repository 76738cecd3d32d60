"""Errors of the disk in words, free space, and locks."""

import errno
import os
import threading

import pytest

from registry_ui.images.disk import (
    check_free_space,
    free_bytes,
    is_same_file,
    lock,
    open_folder,
    storage_error,
    storage_errors,
    try_lock,
)
from registry_ui.oci.errors import Cancelled, StorageError, StorageFull
from registry_ui.oci.store import Cancellation
from registry_ui.web.errors import describe
from tests.parts.error_texts import says


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_has_an_error_of_its_own(tmp_path, number):
    error = storage_error(OSError(number, ""), tmp_path)

    assert isinstance(error, StorageFull)
    assert "collect_blobs" in describe(error).advice


def test_other_errors_have_the_systems_reason(tmp_path):
    with pytest.raises(StorageError, check=says("Permission denied")), storage_errors(tmp_path):
        raise OSError(errno.EACCES, "")


def test_the_minimum_stays_free(tmp_path):
    free = free_bytes(tmp_path)
    check_free_space(tmp_path, 0, 0)

    with pytest.raises(StorageFull, check=says("have to stay free")):
        check_free_space(tmp_path, 0, free + (1 << 30))


def test_a_link_in_place_of_a_folder_is_refused_below_the_root(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    root = open_folder(None, tmp_path / "link", create=False)
    os.close(root)

    parent = open_folder(None, tmp_path, create=False)
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        open_folder(parent, "link", create=False)
    os.close(parent)


def test_a_lock_is_waited_for_until_a_cancellation(tmp_path):
    path = tmp_path / "lock"
    path.touch()
    first, second = (os.open(path, os.O_RDWR) for _number in range(2))
    cancellation = Cancellation()
    lock(first)

    assert not try_lock(second)
    threading.Timer(0.1, cancellation.request).start()
    with pytest.raises(Cancelled):
        lock(second, cancellation)
    os.close(first)
    assert try_lock(second)
    os.close(second)


def test_a_replaced_file_is_another_one(tmp_path):
    path = tmp_path / "file"
    path.touch()
    folder = open_folder(None, tmp_path, create=False)
    descriptor = os.open(path, os.O_RDWR)

    assert is_same_file(descriptor, "file", folder)
    (tmp_path / "new").touch()
    (tmp_path / "new").rename(path)
    assert not is_same_file(descriptor, "file", folder)
    path.unlink()
    assert not is_same_file(descriptor, "file", folder)
    os.close(descriptor)
    os.close(folder)
