import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.utils import timezone

from registry_ui.images.models import LocalImage, TeamBlob
from registry_ui.images.store import LocalStore, blob_directory
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import BlobUnknown, ConnectionFailed, ContentMismatch, ManifestUnknown
from registry_ui.oci.image_copy import CopySession, PlatformChoice, copy_image
from registry_ui.oci.manifest import Descriptor, Platform
from registry_ui.oci.reference import Reference
from tests.parts.error_texts import says
from tests.parts.images import build_image, build_index

from .blob_sources import Source
from .conftest import parsed, put, write_blobs

pytestmark = pytest.mark.postgresql

NAME = Reference.parse("registry.example.com/team/app:1.0")
CONTENT = os.urandom(200_000)
BLOB = Descriptor("application/octet-stream", Digest.of(CONTENT), len(CONTENT))


@pytest.fixture
def store(team):
    return LocalStore(team, NAME)


def blob_path(digest: Digest):
    return blob_directory().root / "blobs" / digest.algorithm / digest.hex[:2] / digest.hex


def damage(digest: Digest) -> None:
    path = blob_path(digest)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_written_blob_exists(store, team):
    assert not store.has_blob(BLOB)
    store.write_blob(BLOB, Source(CONTENT))
    assert store.has_blob(BLOB)
    assert TeamBlob.objects.get().size == len(CONTENT)
    buffer = memoryview(bytearray(len(CONTENT)))
    with store.open_blob(BLOB, 1000) as reader:
        count = reader.readinto(buffer)
    assert buffer[:count] == CONTENT[1000 : 1000 + count]


def test_a_blob_of_another_size_is_another_blob(store):
    store.write_blob(BLOB, Source(CONTENT))
    assert not store.has_blob(Descriptor("", BLOB.digest, BLOB.size + 1))


def test_a_row_without_its_file_does_not_count(store):
    store.write_blob(BLOB, Source(CONTENT))
    blob_path(BLOB.digest).unlink()
    assert not store.has_blob(BLOB)
    with pytest.raises(BlobUnknown):
        store.open_blob(BLOB)


def test_nothing_is_mounted(store):
    store.write_blob(BLOB, Source(CONTENT))
    assert not store.mount_blob(BLOB, "team/other")


def test_checking_a_blob_renews_its_time_of_use(store):
    store.write_blob(BLOB, Source(CONTENT))
    TeamBlob.objects.update(used_at=timezone.now() - timezone.timedelta(days=9))
    assert store.has_blob(BLOB)
    assert timezone.now() - TeamBlob.objects.get().used_at < timezone.timedelta(minutes=1)


def test_a_failed_write_gives_no_right(store):
    with pytest.raises(ConnectionFailed):
        store.write_blob(BLOB, Source(CONTENT, fail_after=1000))
    assert not TeamBlob.objects.exists()
    assert not store.has_blob(BLOB)


# --- teams


def test_another_teams_blob_does_not_exist_for_a_team(store, other_team):
    store.write_blob(BLOB, Source(CONTENT))
    foreign = LocalStore(other_team, NAME)
    assert not foreign.has_blob(BLOB)
    with pytest.raises(BlobUnknown):
        foreign.open_blob(BLOB)


def test_another_teams_blob_takes_all_bytes(store, other_team):
    store.write_blob(BLOB, Source(CONTENT))
    foreign = LocalStore(other_team, NAME)
    source = Source(CONTENT)
    foreign.write_blob(BLOB, source)
    assert source.given == len(CONTENT)
    assert foreign.has_blob(BLOB)
    assert [digest for digest, _size in blob_directory()] == [BLOB.digest]


def test_another_teams_damaged_blob_is_written_again(store, other_team):
    store.write_blob(BLOB, Source(CONTENT))
    damage(BLOB.digest)
    LocalStore(other_team, NAME).write_blob(BLOB, Source(CONTENT))
    assert blob_directory().is_intact(BLOB.digest)


def test_another_teams_manifest_is_unknown(store, other_team):
    built = build_image(layer_size=500)
    put(store, built, "1.0")
    foreign = LocalStore(other_team, NAME)
    for reference in ("1.0", built.digest, Digest.parse(built.digest)):
        assert foreign.head_manifest(reference) is None
        with pytest.raises(ManifestUnknown):
            foreign.get_manifest(reference)
    with pytest.raises(BlobUnknown):
        foreign.put_manifest(parsed(built), "1.0")


def test_a_blob_collected_during_another_teams_write_is_written_whole(store, other_team):
    store.write_blob(BLOB, Source(CONTENT))
    source = Source(CONTENT, on_read=lambda: blob_path(BLOB.digest).unlink(missing_ok=True))
    foreign = LocalStore(other_team, NAME)
    foreign.write_blob(BLOB, source)
    assert source.given == 2 * len(CONTENT)
    assert blob_directory().is_intact(BLOB.digest)
    assert foreign.has_blob(BLOB)


# --- manifests


def test_a_manifest_is_found_by_tag_and_digest(store):
    built = build_image(layer_size=500)
    put(store, built, "2.0")

    for reference in ("2.0", built.digest, Digest.parse(built.digest)):
        assert store.get_manifest(reference).raw == built.content
        head = store.head_manifest(reference)
        assert (str(head.digest), head.size, head.media_type) == (
            built.digest,
            built.size,
            built.media_type,
        )

    assert store.head_manifest("3.0") is None

    with pytest.raises(ManifestUnknown, check=says(r"registry.example.com/team/app:3\.0")):
        store.get_manifest("3.0")


def test_a_layer_is_not_a_manifest(store):
    built = build_image(layer_size=500)
    put(store, built)
    with pytest.raises(ManifestUnknown):
        store.get_manifest(built.layers[0])


def test_a_manifest_without_its_blobs_is_refused_and_no_name_moves(store):
    first, second = build_image(layer_size=500), build_image(layer_size=500)
    put(store, first, "1.0")
    with pytest.raises(BlobUnknown):
        store.put_manifest(parsed(second), "1.0")
    assert LocalImage.objects.get().digest == first.digest


def test_an_index_without_its_manifests_is_refused(store):
    index = build_index(platforms=["linux/amd64", "linux/arm64"], layer_size=500)
    write_blobs(store, index)
    store.put_manifest(parsed(index.children[0]), Digest.parse(index.children[0].digest))
    with pytest.raises(ManifestUnknown):
        store.put_manifest(parsed(index), "1.0")
    assert not LocalImage.objects.exists()


def test_a_manifest_under_a_wrong_digest_is_refused(store):
    built = build_image(layer_size=500)
    write_blobs(store, built)
    with pytest.raises(ContentMismatch):
        store.put_manifest(parsed(built), Digest.of(b"another"))


def test_a_pull_by_digest_gets_its_row(team):
    built = build_image(layer_size=500)
    store = LocalStore(team, Reference.parse(f"registry.example.com/team/app@{built.digest}"))
    put(store, built)
    image = LocalImage.objects.get()
    assert image.tag == ""
    assert str(image.reference) == f"registry.example.com/team/app@{built.digest}"


# --- facts in the row


def test_an_image_has_its_configs_digest_as_id(store):
    built = build_image(layers=3, layer_size=500)
    put(store, built, "1.0")
    image = LocalImage.objects.get()
    assert (image.digest, image.image_id) == (built.digest, built.config)
    assert image.platforms == [
        {
            "platform": "linux/amd64",
            "digest": built.digest,
            "image_id": built.config,
            "size": image.size,
        }
    ]
    assert image.size == sum(len(content) for content in built.blobs.values())
    assert image.digests == {built.digest, *built.blobs}
    assert image.image_created_at.year == 2026


def test_an_index_of_two_platforms_is_its_own_id(store):
    index = build_index(
        platforms=["linux/amd64", "linux/arm64/v8"], layer_size=500, attestation=True
    )
    put(store, index, "1.0")
    image = LocalImage.objects.get()
    assert image.image_id == index.digest
    assert [platform["platform"] for platform in image.platforms] == [
        "linux/amd64",
        "linux/arm64/v8",
    ]
    assert image.digests == {
        index.digest,
        *(child.digest for child in index.children),
        *index.blobs,
    }


def test_an_index_of_one_platform_has_the_images_id(store):
    index = build_index(platforms=["linux/amd64"], layer_size=500, attestation=True)
    put(store, index, "1.0")
    assert LocalImage.objects.get().image_id == index.children[0].config


def test_a_config_with_wrong_types_is_accepted(store, monkeypatch):
    monkeypatch.setattr("tests.parts.images._CREATED", ["not", "a", "time"])
    put(store, build_image(layer_size=500, platform="li\x00nux/amd64"), "1.0")
    image = LocalImage.objects.get()
    assert image.image_created_at is None
    assert image.platforms[0]["platform"] == "linux/amd64"


# --- damage


def test_a_damaged_manifest_is_an_error_and_the_next_put_repairs_it(store):
    built = build_image(layer_size=500)
    put(store, built, "1.0")
    damage(Digest.parse(built.digest))
    with pytest.raises(ContentMismatch, check=says("damaged")):
        store.get_manifest("1.0")
    with pytest.raises(ManifestUnknown, check=says("missing")):
        store.get_manifest("1.0")
    put(store, built, "1.0")
    assert store.get_manifest("1.0").raw == built.content


def test_a_put_repairs_a_damaged_manifest_that_was_not_read(store):
    built = build_image(layer_size=500)
    put(store, built, "1.0")
    damage(Digest.parse(built.digest))
    put(store, built, "1.0")
    assert store.get_manifest("1.0").raw == built.content


def test_recheck_quarantines_damaged_blobs(store):
    built = build_image(layer_size=500)
    put(store, built, "1.0")
    layers = [
        Descriptor("", Digest.parse(digest), len(built.blobs[digest])) for digest in built.layers
    ]
    damage(layers[0].digest)

    for layer in layers:
        store.open_blob(layer).close()

    assert store.recheck_opened() == [layers[0].digest]
    assert [store.has_blob(layer) for layer in layers] == [False, True]

    put(store, built, "1.0")
    assert store.has_blob(layers[0])


# --- concurrency


@pytest.mark.django_db(transaction=True)
def test_threads_write_the_same_blob_once(team, redis_server):
    sources = [Source(CONTENT, chunk=10_000) for _ in range(6)]
    store = LocalStore(team, NAME)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda source: store.write_blob(BLOB, source), sources))
    assert sorted(source.given for source in sources) == [0] * 5 + [len(CONTENT)]
    assert TeamBlob.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_writer_waits_for_the_row_of_a_file_that_was_just_published(team, redis_server):
    blobs, source = blob_directory(), Source(CONTENT, chunk=10_000)
    with ThreadPoolExecutor(1) as pool:
        with blobs.locked(BLOB.digest):
            with blobs.claim(BLOB.digest, owner=str(team.pk)) as partial:
                partial.download(BLOB.size, Source(CONTENT, chunk=10_000))
                blobs.publish(partial)
            second = pool.submit(LocalStore(team, NAME).write_blob, BLOB, source)
            with pytest.raises(TimeoutError):
                second.result(0.5)
            values = {"digest": str(BLOB.digest), "size": BLOB.size, "used_at": timezone.now()}
            TeamBlob.objects.create(team=team, **values)
        second.result(20)
    assert source.given == 0


@pytest.mark.django_db(transaction=True)
def test_two_simultaneous_teams_both_get_their_row(team, other_team, redis_server):
    stores = [LocalStore(owner, NAME) for owner in (team, other_team)]
    barrier = threading.Barrier(2)

    def write(store) -> None:
        barrier.wait()
        store.write_blob(BLOB, Source(CONTENT, chunk=5_000))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, stores))
    assert TeamBlob.objects.count() == 2
    assert blob_directory().is_intact(BLOB.digest)


@pytest.mark.django_db(transaction=True)
def test_copy_image_moves_from_store_to_store_and_back(team, other_team, redis_server):
    index = build_index(
        platforms=["linux/amd64", "linux/arm64"], layers=4, layer_size=5000, attestation=True
    )
    source, target = LocalStore(team, NAME), LocalStore(other_team, NAME)
    put(source, index, "1.0")

    def copy(choice: PlatformChoice, tag: str):
        return copy_image(source, "1.0", target, tag, CopySession(), platform=choice)

    whole = copy(PlatformChoice(None), "all")
    assert str(whole.manifest.digest) == index.digest
    assert whole.moved == sum(len(content) for content in index.blobs.values())

    one = copy(PlatformChoice(Platform.parse("linux/arm64"), is_explicit=True), "arm")
    assert one.moved == 0

    rows = {image.tag: image for image in LocalImage.objects.filter(team=other_team)}
    assert rows["all"].digest == index.digest
    assert rows["arm"].image_id == index.children[1].config
