"""The blobs of a copy: found, mounted or sent, each once."""

import threading
from dataclasses import replace

import pytest

from registry_ui.oci.blob_copy import BlobCopy, CopyTarget
from registry_ui.oci.blob_presence import BlobPresence
from registry_ui.oci.copy_tasks import CopyTasks
from registry_ui.oci.errors import BlobUnknown
from registry_ui.oci.progress import Progress
from registry_ui.oci.store import Cancellation
from registry_ui.oci.worker_pools import WorkerPools
from tests.parts.bytes_readers import descriptor_of
from tests.parts.image_copies import copy
from tests.parts.memory_store import MemoryStore
from tests.parts.slow_line import slow_line


def test_present_blobs_are_not_sent_again(registry, second_registry, image_factory, store_at):
    image = image_factory(registry)
    ends = (
        store_at(registry.host, image.repository),
        image.tag,
        store_at(second_registry.host, second_registry.new_repository()),
    )
    copy(*ends, "one")

    assert copy(*ends, "two").moved == 0


def test_every_blob_of_an_index_is_fetched_once(registry, second_registry, image_factory, store_at):
    built = image_factory.build_index(platforms=["linux/amd64", "linux/arm64/v8"])
    image = image_factory.push(registry, built, registry.new_repository(), "1")
    with slow_line(registry.port) as line:
        copy(
            store_at(line.host, image.repository),
            "1",
            store_at(second_registry.host, second_registry.new_repository()),
            "1",
        )

        assert line.count("GET", "/blobs/") == len(built.blobs)


@pytest.fixture
def run():
    """Return a function that copies blobs to the repository `team/app` of a store."""
    pools = WorkerPools.create(metadata=2, large=1)

    def copy_blobs(source, target, blobs, presence=None, mount_from=lambda digest: ()):
        progress = Progress()
        for blob in blobs:
            progress.expect(blob, kind="layer")
        to = CopyTarget(target, "team/app", presence or BlobPresence(), mount_from)
        BlobCopy(source, to, CopyTasks(pools, Cancellation()), progress).run(blobs)
        return {layer["digest"]: layer["state"] for layer in progress.snapshot()["layers"]}

    yield copy_blobs
    pools.close()


def test_only_missing_blobs_are_sent_and_the_largest_first(run):
    source, target = MemoryStore(), MemoryStore()
    small, large = source.add_blob(b"s"), source.add_blob(b"l" * 100)
    there = target.add_blob(b"there")

    states = run(source, target, [small, there, large])

    assert target.named("write_blob") == [str(large.digest), str(small.digest)]
    assert target.blobs == {**source.blobs, there.digest: b"there"}
    assert states == {
        str(small.digest): "done",
        str(large.digest): "done",
        str(there.digest): "exists",
    }


def test_a_known_blob_is_not_looked_up(run):
    target = MemoryStore()
    known = target.add_blob(b"known")
    presence = BlobPresence([("team/app", str(known.digest))])

    assert run(MemoryStore(), target, [known], presence) == {str(known.digest): "exists"}
    assert target.calls == []


def test_a_blob_is_mounted_from_the_first_repository_that_has_it(run):
    target, blob = MemoryStore(), descriptor_of(b"base")
    target.mountable["second", blob.digest] = b"base"
    presence = BlobPresence(empty=["team/app"])

    states = run(MemoryStore(), target, [blob], presence, lambda digest: ("first", "second"))

    assert states == {str(blob.digest): "mounted"}
    assert target.named("mount_blob") == ["first", "second"]
    assert target.named("has_blob") == target.named("write_blob") == []
    assert presence.contains("team/app", blob.digest)


def test_inline_content_is_sent_without_asking_the_source(run):
    source, target = MemoryStore(), MemoryStore()
    inline = replace(descriptor_of(b"inline"), data=b"inline")

    run(source, target, [inline])

    assert target.blobs == {inline.digest: b"inline"}
    assert source.calls == []


def test_a_failure_releases_every_claim(run):
    presence = BlobPresence()
    blobs = [descriptor_of(b"%d" % number) for number in range(3)]

    with pytest.raises(BlobUnknown):
        run(MemoryStore(), MemoryStore(), blobs, presence)

    assert [presence.claim(blob.digest) for blob in blobs] == [None, None, None]


def test_a_blob_that_another_copy_sends_is_waited_for(run):
    source, target, presence = MemoryStore(), MemoryStore(), BlobPresence()
    blob = source.add_blob(b"shared")
    assert presence.claim(blob.digest) is None

    def end_other_copy():
        target.add_blob(b"shared")
        presence.add("team/app", blob.digest)
        presence.release(blob.digest)

    threading.Timer(0.1, end_other_copy).start()

    assert run(source, target, [blob], presence) == {str(blob.digest): "exists"}
    assert target.named("write_blob") == []
