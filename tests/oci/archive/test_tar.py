"""The members of a tar, and what is no member of an archive of images."""

import io
import tarfile

import pytest

from registry_ui.oci.archive.limits import ArchiveLimits
from registry_ui.oci.archive.tar import members_of
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


def test_members_have_the_position_of_their_content(archive_file):
    content = archives.tar(
        archives.entry("folder/", type=tarfile.DIRTYPE),
        archives.entry("folder/a", b"first"),
        archives.entry("./b", b"second" * 200),
        archives.entry("empty"),
    )

    members = members_of(archive_file(content), ArchiveLimits())

    assert {
        name: content[member.offset : member.offset + member.size]
        for name, member in members.items()
    } == {"folder/a": b"first", "b": b"second" * 200, "empty": b""}


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_names_in_extended_headers_are_valid_for_one_member(archive_file, kind):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=kind) as archive:
        for name in ("long/" + "n" * 300, "short"):
            info = tarfile.TarInfo(name)
            info.size = 3
            archive.addfile(info, io.BytesIO(b"abc"))

    members = members_of(archive_file(packed.getvalue()), ArchiveLimits())

    assert list(members) == ["long/" + "n" * 300, "short"]


def test_a_name_of_more_than_a_kibibyte_is_refused(archive_file):
    name = archives.entry("x", b"n" * 1025, type=tarfile.GNUTYPE_LONGNAME)

    with pytest.raises(InvalidArchive, match=r"^archive_member_unsafe_name "):
        members_of(archive_file(archives.tar(name, archives.entry("x"))), ArchiveLimits())
