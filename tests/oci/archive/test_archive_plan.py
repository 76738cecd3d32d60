import tarfile

import pytest

from registry_ui.oci.archive.archive_plan import ArchivePlan
from registry_ui.oci.errors import ContentMismatch
from registry_ui.oci.reference import Reference
from tests.parts import archives
from tests.parts.image_copies import copy, export_archive, read_archive
from tests.parts.images import build_index


def test_an_export_is_the_same_bytes_each_time_and_knows_their_number(open_archive):
    built = build_index(platforms=["linux/amd64", "linux/arm64"], attestation=True, layer_size=5000)
    store = open_archive(
        archives.tar(
            *archives.layout_members([(built, "a.example.com/x:1"), (archives.GOOD, archives.NAME)])
        )
    )
    first, second = export_archive(store), export_archive(store)
    content = read_archive(first, store)
    assert (len(content), first.tag) == (first.size, second.tag)
    assert content == read_archive(second, store)

    again = open_archive(content)
    again.verify()
    assert {(str(image.names[0]), str(image.digest)) for image in again.images} == {
        ("a.example.com/x:1", built.digest),
        (archives.NAME, archives.GOOD.digest),
    }
    assert export_archive(again).tag == first.tag


def test_any_part_of_an_export_can_be_read(open_archive):
    store = open_archive(archives.layout(archives.GOOD))
    planned = export_archive(store)
    content = read_archive(planned, store)
    for start in range(0, planned.size, 1777):
        for end in (start + 1, start + 600, planned.size):
            assert b"".join(planned.read(store.open_blob, start, end)) == content[start:end]


def test_python_reads_an_export_too(open_archive, tmp_path):
    store = open_archive(archives.layout(archives.GOOD))
    path = tmp_path / "export.tar"
    path.write_bytes(read_archive(export_archive(store), store))
    with tarfile.open(path) as archive:
        assert archive.getnames()[:4] == [
            "oci-layout",
            "index.json",
            "manifest.json",
            "digests.json",
        ]


def test_a_blob_that_turns_out_damaged_ends_the_export(open_archive):
    store = open_archive(archives.layout(archives.GOOD))
    planned = export_archive(store)
    broken = archives.layout(archives.GOOD).replace(
        archives.GOOD.blobs[archives.GOOD.layers[0]][500:600], bytes(100)
    )
    with pytest.raises(ContentMismatch):
        read_archive(planned, open_archive(broken))


def test_a_name_by_digest_is_exported_and_read_again(open_archive):
    store = open_archive(archives.layout(archives.GOOD))
    name = Reference.parse(f"registry.example.com/team/app@{archives.GOOD.digest}")
    plan = ArchivePlan()
    copy(store, store.images[0].digest, plan.store_for(name), name.identifier)
    (image,) = open_archive(read_archive(plan.build(), store)).images
    assert image.names == (name,)
