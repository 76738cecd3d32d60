"""Archives are read in place, and accepted or refused as a whole (HARDENING 13, 17 to 22)."""

import gzip
import os
import resource
import tarfile
import time
import tracemalloc

import pytest

from registry_ui.oci.archive.archive_file import ArchiveFile, gunzip
from registry_ui.oci.archive.archive_plan import ArchivePlan, PlannedArchive
from registry_ui.oci.archive.archive_store import ArchiveStore
from registry_ui.oci.archive.limits import ArchiveLimits
from registry_ui.oci.archive.platform_filter import PlatformFilter
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ContentMismatch, InvalidArchive, PlatformMissing
from registry_ui.oci.image_copy import PlatformChoice, copy_image
from registry_ui.oci.manifest import Platform
from registry_ui.oci.progress import Progress
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import Cancellation
from tests.parts import archives
from tests.parts.images import build_image, build_index, digest_of

MIB = 1024 * 1024


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


def exported(store: ArchiveStore, platforms: tuple[str, ...] = ()) -> PlannedArchive:
    """Return a new archive with everything of another one."""
    plan = ArchivePlan(Platform("linux", "amd64"))
    source = PlatformFilter(store, [Platform.parse(text) for text in platforms])
    for image in store.images:
        for name in image.names:
            target = plan.store_for(name)
            # By its text: only that asks for the whole index.
            options = {
                "platform": PlatformChoice(None),
                "progress": Progress(),
                "cancellation": Cancellation(),
            }
            copy_image(source, str(image.digest), target, name.identifier, **options)
    return plan.build()


def written(planned: PlannedArchive, store: ArchiveStore) -> bytes:
    return b"".join(planned.read(store.open_blob))


# --- what is read


def test_an_oci_layout_is_read_with_its_names_and_digests(open_archive):
    store = open_archive(archives.layout(archives.GOOD))
    store.verify()
    (image,) = store.images
    assert (str(image.digest), str(image.image_id)) == (archives.GOOD.digest, archives.GOOD.config)
    assert ([str(name) for name in image.names], image.platforms, image.is_rebuilt) == (
        [archives.NAME],
        ("linux/amd64",),
        False,
    )


def test_an_index_of_several_platforms_keeps_its_digest(open_archive):
    built = build_index(
        platforms=["linux/amd64", "linux/arm64/v8"], attestation=True, layer_size=1000
    )
    (image,) = open_archive(archives.layout(built)).images
    assert (str(image.digest), image.platforms) == (built.digest, ("linux/amd64", "linux/arm64/v8"))


def test_a_docker_archive_keeps_the_image_id_and_always_gets_the_same_digest(open_archive):
    content = archives.tar(*archives.docker_members(archives.GOOD, "app:1.0", "example.com/app:2"))
    first, second = open_archive(content), open_archive(gzip.compress(content))
    first.verify()
    (image,) = first.images
    assert (str(image.image_id), image.is_rebuilt) == (archives.GOOD.config, True)
    assert [name.familiar for name in image.names] == ["app:1.0", "example.com/app:2"]
    assert image.digest == second.images[0].digest
    assert [layer.digest for layer in first.get_manifest(image.digest).layers] == [
        Digest.parse(digest_of(gzip.decompress(archives.GOOD.blobs[layer])))
        for layer in archives.GOOD.layers
    ]


def test_a_layer_that_docker_saves_as_a_link_to_another_images_is_read(open_archive):
    members = archives.docker_members(archives.GOOD, "app:1.0")
    path = next(info.name for info, _content in members if info.name.endswith("layer.tar"))
    alias = f"{'e' * 64}/layer.tar"
    moved = [
        (
            archives.entry(info.name, content.replace(path.encode(), alias.encode()))
            if info.name == "manifest.json"
            else (info, content)
        )
        for info, content in members
    ]
    store = open_archive(
        archives.tar(archives.entry(alias, type=tarfile.SYMTYPE, linkname=f"../{path}"), *moved)
    )
    store.verify()
    assert str(store.images[0].image_id) == archives.GOOD.config


def test_compressed_layers_in_a_docker_archive_stay_unchanged(open_archive):
    members = [
        (
            archives.entry(info.name, gzip.compress(content, mtime=0))
            if info.name.endswith("layer.tar")
            else (info, content)
        )
        for info, content in archives.docker_members(archives.GOOD, "app:1.0")
    ]
    store = open_archive(archives.tar(*members))
    store.verify()
    layers = store.get_manifest(store.images[0].digest).layers
    assert {layer.media_type for layer in layers} == {"application/vnd.oci.image.layer.v1.tar+gzip"}


def test_an_index_of_which_only_a_part_was_saved_becomes_that_part(open_archive):
    built = build_index(platforms=["linux/amd64", "linux/arm64"], layer_size=1000)
    lacking = [
        f"blobs/{digest.replace(':', '/')}"
        for digest in (built.children[1].digest, *built.children[1].blobs)
    ]
    members = [
        member
        for member in archives.layout_members([(built, archives.NAME)])
        if member[0].name not in lacking
    ]
    (image,) = open_archive(archives.tar(*members)).images
    assert (str(image.digest), image.platforms, image.is_rebuilt) == (
        built.children[0].digest,
        ("linux/amd64",),
        True,
    )


def test_a_tag_alone_is_no_name(open_archive):
    (image,) = open_archive(archives.layout(archives.GOOD, "1.0")).images
    assert (image.names, image.tag) == ((), "1.0")


def test_long_names_and_dots_before_names_are_read(open_archive):
    members = [
        archives.entry(f"./{info.name}", content)
        for info, content in archives.layout_members([(archives.GOOD, archives.NAME)])
    ]
    assert open_archive(archives.tar(archives.entry("./", type=tarfile.DIRTYPE), *members)).images


# --- what is refused, HARDENING 19 to 22


@pytest.mark.parametrize("what", archives.HOSTILE)
def test_a_hostile_or_damaged_archive_is_refused_within_a_second(open_archive, what):
    started = time.thread_time()
    with pytest.raises(InvalidArchive) as caught:
        open_archive(archives.HOSTILE[what]).verify()
    assert time.thread_time() - started < 1
    assert caught.value.message
    assert caught.value.advice


def test_every_place_at_which_an_archive_is_cut_off_is_noticed(open_archive):
    content = archives.layout(archives.GOOD)
    whole = len(content) - 1024
    for end in range(0, whole + 1, 256):
        with pytest.raises(InvalidArchive):
            open_archive(content[:end]).verify()


def test_every_flipped_byte_in_a_blob_is_noticed(open_archive):
    content = bytearray(archives.layout(archives.GOOD))
    location = bytes(content).index(archives.GOOD.blobs[archives.GOOD.layers[1]]) + 700
    content[location] ^= 1
    store = open_archive(bytes(content))
    with pytest.raises(InvalidArchive, match="not what that digest names"):
        store.verify()


def test_more_members_images_or_bytes_than_the_limits_are_refused(open_archive):
    content = archives.layout(archives.GOOD)
    for limits in ({"members": 3}, {"images": 0}, {"total": len(content) - 1}, {"document": 200}):
        with pytest.raises(InvalidArchive):
            open_archive(content, **limits)


def test_a_decompression_bomb_is_stopped_early(tmp_path):
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(bytes(300 * MIB), 9))
    file, sizes = ArchiveFile(os.open(path, os.O_RDONLY)), []
    tracemalloc.start()
    try:
        with pytest.raises(InvalidArchive, match="times its size"):
            gunzip(file, lambda piece: sizes.append(len(piece)), ArchiveLimits(ratio_from=MIB))
        assert sum(sizes) <= 2 * MIB
        with pytest.raises(InvalidArchive, match="limit"):
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


# --- what is written


def test_an_export_is_the_same_bytes_each_time_and_knows_their_number(open_archive):
    built = build_index(platforms=["linux/amd64", "linux/arm64"], attestation=True, layer_size=5000)
    store = open_archive(
        archives.tar(
            *archives.layout_members([(built, "a.example.com/x:1"), (archives.GOOD, archives.NAME)])
        )
    )
    first, second = exported(store), exported(store)
    content = written(first, store)
    assert (len(content), first.tag) == (first.size, second.tag)
    assert content == written(second, store)

    again = open_archive(content)
    again.verify()
    assert {(str(image.names[0]), str(image.digest)) for image in again.images} == {
        ("a.example.com/x:1", built.digest),
        (archives.NAME, archives.GOOD.digest),
    }
    assert exported(again).tag == first.tag


def test_any_part_of_an_export_can_be_read(open_archive):
    store = open_archive(archives.layout(archives.GOOD))
    planned = exported(store)
    content = written(planned, store)
    for start in range(0, planned.size, 1777):
        for end in (start + 1, start + 600, planned.size):
            assert b"".join(planned.read(store.open_blob, start, end)) == content[start:end]


def test_python_reads_an_export_too(open_archive, tmp_path):
    store = open_archive(archives.layout(archives.GOOD))
    path = tmp_path / "export.tar"
    path.write_bytes(written(exported(store), store))
    with tarfile.open(path) as archive:
        assert archive.getnames()[:4] == [
            "oci-layout",
            "index.json",
            "manifest.json",
            "digests.json",
        ]


def test_one_platform_of_an_index_is_that_image_itself(open_archive):
    built = build_index(platforms=["linux/amd64", "linux/arm64"], attestation=True, layer_size=1000)
    store = open_archive(archives.layout(built))
    (image,) = open_archive(written(exported(store, ("linux/arm64",)), store)).images
    assert str(image.digest) == built.children[1].digest


def test_some_platforms_of_an_index_become_an_index_of_their_own(open_archive):
    built = build_index(
        platforms=["linux/amd64", "linux/arm64", "linux/s390x"], attestation=True, layer_size=1000
    )
    store = open_archive(archives.layout(built))
    again = open_archive(written(exported(store, ("linux/amd64", "linux/s390x")), store))
    (image,) = again.images
    children = {str(child.digest) for child in again.get_manifest(image.digest).children}
    assert image.platforms == ("linux/amd64", "linux/s390x")
    assert str(image.digest) != built.digest
    # Each image with what is attested of it.
    assert children == {built.children[number].digest for number in (0, 2, 3, 5)}


def test_a_platform_that_an_image_lacks_is_named(open_archive):
    store = open_archive(archives.layout(archives.GOOD))
    with pytest.raises(PlatformMissing, match="linux/s390x"):
        exported(store, ("linux/s390x",))


def test_a_blob_that_turns_out_damaged_ends_the_export(open_archive):
    store = open_archive(archives.layout(archives.GOOD))
    planned = exported(store)
    broken = archives.layout(archives.GOOD).replace(
        archives.GOOD.blobs[archives.GOOD.layers[0]][500:600], bytes(100)
    )
    with pytest.raises(ContentMismatch):
        written(planned, open_archive(broken))


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


def test_a_name_by_digest_is_exported_and_read_again(open_archive):
    store = open_archive(archives.layout(archives.GOOD))
    name = Reference.parse(f"registry.example.com/team/app@{archives.GOOD.digest}")
    plan = ArchivePlan()
    options = {
        "platform": PlatformChoice(None),
        "progress": Progress(),
        "cancellation": Cancellation(),
    }
    copy_image(store, store.images[0].digest, plan.store_for(name), name.identifier, **options)
    (image,) = open_archive(written(plan.build(), store)).images
    assert image.names == (name,)
