import tarfile

import pytest

from registry_ui.oci.errors import InvalidArchive
from tests.parts import archives


def test_long_names_and_dots_before_names_are_read(open_archive):
    members = [
        archives.entry(f"./{info.name}", content)
        for info, content in archives.layout_members([(archives.GOOD, archives.NAME)])
    ]
    assert open_archive(archives.tar(archives.entry("./", type=tarfile.DIRTYPE), *members)).images


def test_every_place_at_which_an_archive_is_cut_off_is_noticed(open_archive):
    content = archives.layout(archives.GOOD)
    whole = len(content) - 1024
    for end in range(0, whole + 1, 256):
        with pytest.raises(InvalidArchive):
            open_archive(content[:end]).verify()
