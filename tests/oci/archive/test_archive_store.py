"""Archives are read in place, and accepted or refused as a whole (HARDENING 13, 17 to 22)."""

import os
import resource
import tarfile
import time

import pytest

from registry_ui.oci.archive.archive_file import ArchiveFile
from registry_ui.oci.archive.archive_store import ArchiveStore
from registry_ui.oci.errors import InvalidArchive
from registry_ui.web.errors import describe
from tests.parts import archives
from tests.parts.images import build_image

MIB = 1024 * 1024


@pytest.mark.parametrize("what", archives.HOSTILE)
def test_a_hostile_or_damaged_archive_is_refused_within_a_second(open_archive, what):
    started = time.thread_time()
    with pytest.raises(InvalidArchive) as caught:
        open_archive(archives.HOSTILE[what]).verify()
    assert time.thread_time() - started < 1
    text = describe(caught.value)
    assert text.sentence
    assert text.advice


def test_every_flipped_byte_in_a_blob_is_noticed(open_archive):
    content = bytearray(archives.layout(archives.GOOD))
    location = bytes(content).index(archives.GOOD.blobs[archives.GOOD.layers[1]]) + 700
    content[location] ^= 1
    store = open_archive(bytes(content))
    with pytest.raises(InvalidArchive, match=r"^archive_content_damaged "):
        store.verify()


def test_more_members_images_or_bytes_than_the_limits_are_refused(open_archive):
    content = archives.layout(archives.GOOD)
    for limits in ({"members": 3}, {"images": 0}, {"total": len(content) - 1}, {"document": 200}):
        with pytest.raises(InvalidArchive):
            open_archive(content, **limits)


def test_a_large_file_needs_little_memory(open_archive, tmp_path):
    size = 256 * MIB
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    built = build_image(layers=1, layer_size=1000)
    members = [*archives.layout_members([(built, archives.NAME)])]
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.write(archives.tar(*members, end=b""))
        file.write(archives.entry("filler", size=size)[0].tobuf(tarfile.GNU_FORMAT))
        for _piece in range(size // MIB):
            file.write(os.urandom(MIB))
        file.write(bytes(1024))
    opened = ArchiveFile(os.open(path, os.O_RDONLY))
    ArchiveStore(opened).verify()
    opened.close()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024
