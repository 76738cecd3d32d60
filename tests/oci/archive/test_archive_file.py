import gzip
import os
import tracemalloc

import pytest

from registry_ui.oci.archive.archive_file import ArchiveFile, gunzip
from registry_ui.oci.archive.limits import ArchiveLimits
from registry_ui.oci.errors import InvalidArchive
from tests.parts import archives

MIB = 1024 * 1024


def test_a_decompression_bomb_is_stopped_early(tmp_path):
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(bytes(300 * MIB), 9))
    file, sizes = ArchiveFile(os.open(path, os.O_RDONLY)), []
    tracemalloc.start()
    try:
        with pytest.raises(InvalidArchive, match=r"^archive_bomb ratio="):
            gunzip(file, lambda piece: sizes.append(len(piece)), ArchiveLimits(ratio_from=MIB))
        assert sum(sizes) <= 2 * MIB
        with pytest.raises(InvalidArchive, match=r"^archive_too_large limit_bytes="):
            gunzip(file, lambda piece: None, ArchiveLimits(total=MIB))
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()
        file.close()


def test_gzip_of_several_members_with_padding_is_undone(open_archive):
    content = archives.layout(archives.GOOD)
    packed = (
        gzip.compress(content[:5000])
        + gzip.compress(b"")
        + gzip.compress(content[5000:])
        + bytes(700)
    )
    assert open_archive(packed).images
