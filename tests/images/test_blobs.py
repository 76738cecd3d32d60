import errno
import multiprocessing
import os
import resource
import signal
import stat
import subprocess
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry_ui.images.blobs import BlobDirectory
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import (
    BlobUnknown,
    Cancelled,
    ConnectionFailed,
    ContentMismatch,
    StorageError,
    StorageFull,
)
from registry_ui.oci.store import Cancellation
from registry_ui.web.errors import describe
from tests.parts.error_texts import says

from .blob_sources import Source

CONTENT = os.urandom(3 << 20)


@pytest.fixture
def blobs(tmp_path):
    return BlobDirectory(tmp_path / "images")


def write(
    blobs: BlobDirectory, source: Source, *, digest=None, size=None, owner="1", cancellation=None
) -> Digest:
    digest = digest or source.digest
    with blobs.claim(digest, owner=owner, cancellation=cancellation) as partial:
        if blobs.size(digest) is None:
            partial.download(len(source.content) if size is None else size, source)
            with blobs.locked(digest):
                blobs.publish(partial)
    return digest


def partial_path(blobs: BlobDirectory, digest: Digest, owner="1") -> Path:
    return blobs.root / "partial" / owner / f"{digest.algorithm}-{digest.hex}"


def blob_path(blobs: BlobDirectory, digest: Digest) -> Path:
    return blobs.root / "blobs" / digest.algorithm / digest.hex[:2] / digest.hex


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "locks"]


def read(blobs: BlobDirectory, digest: Digest, offset: int = 0) -> bytes:
    buffer, content = memoryview(bytearray(100_000)), b""
    with blobs.open(digest, offset) as file:
        while count := file.readinto(buffer):
            content += buffer[:count]
    return content


def test_a_blob_is_read_from_any_offset(blobs):
    digest = write(blobs, Source(CONTENT))
    assert blobs.size(digest) == len(CONTENT)
    assert read(blobs, digest) == CONTENT
    assert read(blobs, digest, 1_234_567) == CONTENT[1_234_567:]
    assert read(blobs, digest, len(CONTENT)) == b""
    assert files_below(blobs.root) == [blob_path(blobs, digest)]


def test_folders_and_files_are_private(blobs):
    digest = write(blobs, Source(b"private"))
    paths = [blobs.root, *blobs.root.rglob("*"), blob_path(blobs, digest)]
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in paths)


@given(content=st.binary(max_size=5000), chunk=st.integers(1, 3000), kept_size=st.integers(0, 5000))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_size_in_any_chunks_can_be_resumed(tmp_path_factory, content, chunk, kept_size):
    blobs = BlobDirectory(tmp_path_factory.mktemp("any"))
    kept_size = min(kept_size, len(content))
    path = partial_path(blobs, Digest.of(content))
    path.parent.mkdir(parents=True)
    path.write_bytes(content[:kept_size])
    source = Source(content, chunk=chunk)
    digest = write(blobs, source)
    assert read(blobs, digest) == content
    assert source.given == len(content) - kept_size


def test_sha512_has_its_own_folder(blobs):
    digest = Digest.of(b"long", "sha512")
    write(blobs, Source(b"long"), digest=digest)
    assert read(blobs, digest) == b"long"
    assert list(blobs) == [(digest, 4)]


def test_a_lost_connection_leaves_a_partial_that_the_next_writer_continues(blobs):
    broken = Source(CONTENT, chunk=1 << 19, fail_after=1 << 20)
    with pytest.raises(ConnectionFailed):
        write(blobs, broken)
    assert blobs.size(broken.digest) is None
    assert list(blobs) == []
    source = Source(CONTENT)
    write(blobs, source)
    assert source.offsets == [1 << 20]
    assert read(blobs, source.digest) == CONTENT


def test_another_owner_does_not_continue_a_partial(blobs):
    with pytest.raises(ConnectionFailed):
        write(blobs, Source(CONTENT, fail_after=1 << 20), owner="1")
    source = Source(CONTENT)
    write(blobs, source, owner="2")
    assert source.offsets == [0]


def test_wrong_bytes_become_invisible_and_leave_nothing(blobs):
    digest = Digest.of(b"promised")
    with pytest.raises(ContentMismatch) as failure:
        write(blobs, Source(b"deliver!"), digest=digest)
    assert describe(failure.value).advice
    assert files_below(blobs.root) == []


@pytest.mark.parametrize("content", [b"promised and more", CONTENT])
def test_too_many_bytes_are_refused_and_leave_nothing(blobs, content):
    with pytest.raises(ContentMismatch):
        write(blobs, Source(content), digest=Digest.of(b"promised"), size=8)
    assert files_below(blobs.root) == []


def test_too_few_bytes_are_kept_for_a_retry(blobs):
    digest = Digest.of(CONTENT)
    with pytest.raises(ContentMismatch) as failure:
        write(blobs, Source(CONTENT[:1000]), digest=digest, size=len(CONTENT))
    assert failure.value.temporary
    assert partial_path(blobs, digest).stat().st_size == 1000
    assert blobs.size(digest) is None


def test_a_damaged_partial_is_downloaded_again(blobs):
    digest = Digest.of(CONTENT)
    path = partial_path(blobs, digest)
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(1 << 20))
    source = Source(CONTENT)
    write(blobs, source)
    assert source.offsets == [1 << 20, 0]
    assert read(blobs, digest) == CONTENT


def test_a_whole_partial_is_published_without_asking_the_source(blobs):
    path = partial_path(blobs, Digest.of(CONTENT))
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    source = Source(CONTENT)
    write(blobs, source)
    assert source.offsets == []


def test_cancellation_stops_between_chunks_and_keeps_received_bytes(blobs):
    cancellation = Cancellation()
    source = Source(
        CONTENT, chunk=1 << 18, on_read=lambda: source.given >= 1 << 20 and cancellation.request()
    )
    with pytest.raises(Cancelled):
        write(blobs, source, cancellation=cancellation)
    assert partial_path(blobs, source.digest).stat().st_size >= 1 << 20
    assert blobs.size(source.digest) is None


def test_the_second_writer_waits_and_finds_the_blob(blobs):
    arrived = threading.Event()
    slow = Source(CONTENT, chunk=1 << 19, on_read=lambda: (arrived.set(), time.sleep(0.05)))
    first = threading.Thread(target=write, args=(blobs, slow))
    first.start()
    arrived.wait()
    second = Source(CONTENT)
    write(BlobDirectory(blobs.root), second)
    first.join()
    assert second.offsets == []
    assert slow.offsets == [0]


def test_a_waiting_writer_wakes_on_cancellation(blobs):
    cancellation = Cancellation()
    digest = Digest.of(CONTENT)
    with blobs.claim(digest, owner="1"):
        threading.Timer(0.2, cancellation.request).start()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            write(BlobDirectory(blobs.root), Source(CONTENT), cancellation=cancellation)
    assert time.monotonic() - started < 10


def test_the_second_writer_takes_over_when_the_first_fails(blobs):
    arrived = threading.Event()
    failing = Source(
        CONTENT,
        chunk=1 << 19,
        fail_after=1 << 20,
        on_read=lambda: (arrived.set(), time.sleep(0.05)),
    )

    def fail() -> None:
        with pytest.raises(ConnectionFailed):
            write(blobs, failing)

    first = threading.Thread(target=fail)
    first.start()
    arrived.wait()
    second = Source(CONTENT)
    write(BlobDirectory(blobs.root), second)
    first.join()
    assert second.offsets == [1 << 20]


def _write_in_process(root: Path, content: bytes, results) -> None:
    source = Source(content, chunk=1 << 18, on_read=lambda: time.sleep(0.01))
    write(BlobDirectory(root), source)
    results.put(source.given)


@pytest.mark.processes
def test_simultaneous_processes_fetch_a_blob_once(blobs):
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    processes = [
        context.Process(target=_write_in_process, args=(blobs.root, CONTENT, results))
        for _ in range(4)
    ]

    for process in processes:
        process.start()

    given = sorted(results.get(timeout=60) for _ in processes)
    for process in processes:
        process.join()

    assert given == [0, 0, 0, len(CONTENT)]
    assert files_below(blobs.root) == [blob_path(blobs, Digest.of(CONTENT))]


@pytest.mark.processes
def test_a_killed_writer_leaves_nothing_visible_and_is_resumed(blobs):
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    content = os.urandom(8 << 20)

    def hang(source=None) -> None:
        stalling = Source(
            content,
            chunk=1 << 20,
            on_read=lambda: stalling.given >= 4 << 20 and (ready.set(), time.sleep(600)),
        )
        write(BlobDirectory(blobs.root), stalling)

    process = context.Process(target=hang)
    process.start()
    assert ready.wait(30)

    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert list(blobs) == []
    assert blobs.size(Digest.of(content)) is None

    source = Source(content)
    write(blobs, source)
    assert source.offsets == [4 << 20]
    assert blobs.is_intact(source.digest)


def test_a_flipped_bit_is_detected(blobs):
    digest = write(blobs, Source(CONTENT))
    path = blob_path(blobs, digest)
    damaged = bytearray(CONTENT)
    damaged[1_000_000] ^= 1
    path.write_bytes(damaged)
    assert not blobs.is_intact(digest)

    with pytest.raises(ContentMismatch, check=says("damaged")) as failure:
        blobs.read(digest, limit=1 << 23)
    assert "Pull the image again" in describe(failure.value).advice

    with blobs.locked(digest):
        blobs.quarantine(digest)
    assert blobs.size(digest) is None

    write(blobs, Source(CONTENT))
    assert blobs.is_intact(digest)


def test_read_refuses_a_blob_above_its_limit(blobs):
    digest = write(blobs, Source(CONTENT))
    with pytest.raises(ContentMismatch):
        blobs.read(digest, limit=1000)


def test_an_absent_blob_is_unknown(blobs):
    digest = Digest.of(b"absent")
    assert blobs.size(digest) is None
    for ask in (blobs.open, blobs.is_intact, lambda wanted: blobs.read(wanted, limit=10)):
        with pytest.raises(BlobUnknown) as failure:
            ask(digest)
        assert describe(failure.value).advice


def test_a_reader_finishes_although_the_blob_is_removed(blobs):
    digest = write(blobs, Source(CONTENT))
    with blobs.open(digest) as file:
        with blobs.locked(digest):
            assert blobs.remove(digest) == len(CONTENT)
        buffer = memoryview(bytearray(len(CONTENT)))
        assert file.readinto(buffer) == len(CONTENT)
        assert buffer == CONTENT
    with blobs.locked(digest):
        assert blobs.remove(digest) == 0


# --- symbolic links in place of files


def test_a_symlink_in_place_of_a_blob_is_not_followed(blobs, tmp_path):
    digest = write(blobs, Source(b"content"))
    target = tmp_path / "secret"
    target.write_bytes(b"content")
    blob_path(blobs, digest).unlink()
    blob_path(blobs, digest).symlink_to(target)
    assert blobs.size(digest) is None

    with pytest.raises(StorageError) as failure:
        blobs.open(digest)
    assert "symbolic link" in describe(failure.value).advice

    write(blobs, Source(b"content"))
    assert not blob_path(blobs, digest).is_symlink()
    assert target.read_bytes() == b"content"


def test_a_symlink_in_place_of_a_partial_is_refused(blobs, tmp_path):
    digest = Digest.of(b"content")
    victim = tmp_path / "victim"
    victim.write_bytes(b"untouched")
    path = partial_path(blobs, digest)
    path.parent.mkdir(parents=True)
    path.symlink_to(victim)
    with pytest.raises(StorageError):
        write(blobs, Source(b"content"))
    assert victim.read_bytes() == b"untouched"


@pytest.mark.parametrize("folder", ["blobs", "blobs/sha256", "partial", "locks"])
def test_a_symlink_in_place_of_a_folder_is_refused(blobs, tmp_path, folder):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = blobs.root / folder
    path.parent.mkdir(parents=True)
    path.symlink_to(elsewhere)
    with pytest.raises(StorageError) as failure:
        write(blobs, Source(b"content"))
    assert "symbolic link" in describe(failure.value).advice
    assert list(elsewhere.iterdir()) == []


# --- full and failing disks


def test_minimum_free_space_is_kept_and_the_error_has_the_numbers(tmp_path):
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    blobs = BlobDirectory(tmp_path / "images", min_free_bytes=free + (1 << 30))
    source = Source(CONTENT)

    with pytest.raises(
        StorageFull, check=says(r"3 MiB are needed, .* are free, and .* have to stay free")
    ) as failure:
        write(blobs, source)

    assert "collect_blobs" in describe(failure.value).advice
    assert source.offsets == []
    assert files_below(blobs.root) == []
    assert blobs.free_bytes() == 0


def test_a_file_size_limit_is_an_error_and_leaves_nothing(blobs):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(StorageError, check=says("too large")) as failure:
            write(blobs, Source(CONTENT))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "ulimit -f" in describe(failure.value).advice
    assert files_below(blobs.root) == []


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(
            f"mounting a small disk is not permitted here: {mounted.stderr.decode().strip()}"
        )

    yield disk
    subprocess.run(["umount", disk], check=True)


def test_too_little_space_is_refused_before_a_byte_is_fetched(small_disk):
    source = Source(CONTENT)
    with pytest.raises(StorageFull, check=says(r"3 MiB are needed")):
        write(BlobDirectory(small_disk / "images"), source)
    assert source.offsets == []


def test_a_disk_that_fills_up_gives_a_clear_error_and_frees_its_space(small_disk):
    blobs = BlobDirectory(small_disk / "images")
    content = os.urandom(3 << 19)
    other = small_disk / "other"

    def fill_disk() -> None:
        if not other.exists():
            other.write_bytes(bytes(1 << 20))

    source = Source(content, chunk=1 << 18, on_read=fill_disk)
    with pytest.raises(StorageFull, check=says("is full")):
        write(blobs, source)
    assert files_below(blobs.root) == []

    other.unlink()
    write(blobs, Source(content))
    assert blobs.is_intact(Digest.of(content))


@pytest.mark.processes
def test_a_read_only_disk_has_its_own_advice(small_disk):
    blobs = BlobDirectory(small_disk / "images")
    write(blobs, Source(b"first"))
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    try:
        with pytest.raises(StorageError, check=says("Read-only")) as failure:
            write(blobs, Source(b"second"))
        assert "remount" in describe(failure.value).advice
        assert read(blobs, Digest.of(b"first")) == b"first"
    finally:
        subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)


@pytest.mark.parametrize("number", [errno.EIO, errno.EDQUOT, errno.ENOSPC])
def test_disk_errors_have_advice(blobs, monkeypatch, number):
    def fail(descriptor, chunk):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("registry_ui.images.partial_blobs.os.write", fail)
    with pytest.raises(StorageError) as failure:
        write(blobs, Source(CONTENT))
    assert isinstance(failure.value, StorageFull) == (number != errno.EIO)
    assert describe(failure.value).advice
    assert files_below(blobs.root) == []


# --- leftovers


def test_stale_partials_are_removed_and_used_ones_kept(blobs):
    idle, used = Digest.of(b"idle"), Digest.of(b"used")
    for digest in (idle, used):
        path = partial_path(blobs, digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
        os.utime(path, (1, 1))

    young = partial_path(blobs, Digest.of(b"young"))
    young.write_bytes(b"half")

    with blobs.claim(used, owner="1"):
        assert blobs.remove_stale(time.time() - 3600) == (1, 4)
    assert not partial_path(blobs, idle).exists()
    assert partial_path(blobs, used).exists()
    assert young.exists()


def test_files_that_are_no_blobs_are_ignored_and_reported(blobs):
    digest = write(blobs, Source(b"content"))
    stranger = blob_path(blobs, digest).with_name("notes.txt")
    stranger.write_text("hello")
    assert list(blobs) == [(digest, 7)]
    assert list(blobs.foreign_files()) == [stranger]
