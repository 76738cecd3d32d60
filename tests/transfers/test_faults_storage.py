"""A full or damaged disk, a locked database, and concurrent use of the same storage."""

import os
import subprocess
import threading
import time

import pytest
from django.db import connection

from registry_ui.images.garbage_collection import collect
from registry_ui.images.models import LocalImage, TeamBlob
from registry_ui.images.services import remove_name
from registry_ui.images.store import blob_directory
from registry_ui.jobs.reconciler import reconcile
from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe
from tests.parts.processes import wait_until
from transfers import services
from transfers.models import State, Transfer
from transfers.queues import TRANSFERS

from .conftest import blob_files, check_every_blob_hashes_to_its_name, states
from .scripted_registry import (
    check_named,
    expire_heartbeat,
    reference_via,
    times_fetched,
    wait_for_end,
)
from .scripts import flipped
from .test_runner import run_in_thread

pytestmark = pytest.mark.django_db(transaction=True)

MIB = 1 << 20


# --- the disk is full


@pytest.fixture
def small_disk(settings, tmp_path):
    """Put the images on a disk of 4 MiB."""
    if os.getuid():
        pytest.skip("mounting a small disk takes root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tests", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    settings.IMAGES_DIRECTORY = folder / "images"
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_layer_too_large_for_the_disk_is_refused_with_both_sizes(
    pull, line, registry, image_factory, small_disk
):
    transfer = pull(reference_via(line, image_factory(registry, layers=1, layer_size=6 * MIB)))

    assert (transfer.state, transfer.error["kind"]) == (State.FAILED, "StorageFull")
    assert "6 MiB are needed" in describe(transfer.error).sentence
    assert "MiB are free" in describe(transfer.error).sentence
    assert str(small_disk) in describe(transfer.error).sentence
    assert "collect_blobs" in describe(transfer.error).advice
    assert not LocalImage.objects.exists()


def test_layers_that_fill_the_disk_together_leave_nothing_behind(
    pull, line, registry, image_factory, small_disk
):
    transfer = pull(reference_via(line, image_factory(registry, layers=3, layer_size=2 * MIB)))

    assert (transfer.state, transfer.error["kind"]) == (State.FAILED, "StorageFull")
    assert str(small_disk) in describe(transfer.error).sentence
    check_every_blob_hashes_to_its_name(small_disk / "images")
    owned = {str(digest) for digest, _ in blob_directory()}
    assert set(TeamBlob.objects.values_list("digest", flat=True)) == owned
    leftovers = [path for path in (small_disk / "images" / "partial").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in leftovers) <= 4 * MIB
    assert not LocalImage.objects.exists()


def test_after_room_was_made_the_same_pull_succeeds(
    team, alice, pull, line, registry, image_factory, small_disk
):
    first = image_factory(registry, layers=1, layer_size=3 * MIB)
    second = image_factory(registry, layers=1, layer_size=2 * MIB)
    assert pull(reference_via(line, first)).state == State.SUCCEEDED
    full = pull(reference_via(line, second))
    assert full.error["kind"] == "StorageFull"
    assert LocalImage.objects.get().image_id == first.config

    remove_name(image=LocalImage.objects.get(), user=alice)
    collect(grace_seconds=0)
    again = services.run_in_process(services.retry(full, alice, enqueue=False))

    assert again.state == State.SUCCEEDED, again.error
    check_named(team, second)
    check_every_blob_hashes_to_its_name(small_disk / "images")


# --- others at work in the same store


def test_two_workers_that_pull_one_image_fetch_each_blob_once(
    team, start, manage, line, registry, image_factory, images_directory
):
    image = image_factory(registry, layers=3, layer_size=256 << 10)
    line.bytes_per_second = 256 << 10
    manage.start_worker()
    manage.start_worker()

    transfers = [start(reference_via(line, image)) for _ in range(2)]
    ended = [wait_for_end(transfer) for transfer in transfers]

    assert [transfer.state for transfer in ended] == [State.SUCCEEDED] * 2
    assert len({transfer.worker for transfer in ended}) == 2
    assert times_fetched(line, image) == [1] * len(image.layers)
    check_named(team, image)
    check_every_blob_hashes_to_its_name(images_directory)


def test_two_teams_that_pull_one_image_each_transfer_its_bytes(
    team,
    other_team,
    alice,
    charlie,
    manage,
    registry,
    add_registry,
    image_factory,
    line,
    images_directory,
):
    image = image_factory(registry, layers=2, layer_size=128 << 10)
    add_registry(other_team, registry, host=line.host)
    reference = Reference.parse(reference_via(line, image))
    manage.start_worker()
    manage.start_worker()

    transfers = [
        services.start_pull(team=owner, user=user, reference=reference)
        for owner, user in ((team, alice), (other_team, charlie))
    ]
    ended = [wait_for_end(transfer) for transfer in transfers]

    assert [transfer.state for transfer in ended] == [State.SUCCEEDED] * 2
    assert times_fetched(line, image) == [2] * len(image.layers)
    for owner in (team, other_team):
        check_named(owner, image)
        assert TeamBlob.objects.filter(team=owner).count() == len(image.blobs) + 1
    assert len(blob_files(images_directory)) == len(image.blobs) + 1
    check_every_blob_hashes_to_its_name(images_directory)


@pytest.fixture
def partial_pull(start, line, registry, image_factory):
    """Return a pull whose first layer and config are stored, and whose last layer is held."""
    image = image_factory(registry, layers=2)
    line.hold("GET", image.layers[-1])
    transfer = start(reference_via(line, image), enqueue=False)
    thread = run_in_thread(transfer)
    assert line.is_holding.wait(20)
    wait_until(lambda: TeamBlob.objects.count() == 2)

    def resume():
        line.release()
        thread.join(20)
        return Transfer.objects.get(pk=transfer.pk)

    yield image, resume
    line.release()
    thread.join(20)


def test_the_collector_leaves_a_running_pull_alone(team, line, partial_pull, images_directory):
    image, resume = partial_pull

    collected = collect()
    ended = resume()

    assert collected.count == 0
    assert ended.state == State.SUCCEEDED, ended.error
    assert times_fetched(line, image) == [1] * len(image.layers)
    check_named(team, image)


def test_a_pull_fetches_again_the_blobs_that_a_collector_without_grace_deleted(
    team, partial_pull, images_directory
):
    image, resume = partial_pull

    assert collect(grace_seconds=0).count == 2
    ended = resume()

    assert ended.state == State.SUCCEEDED, ended.error
    check_named(team, image)
    assert len(blob_files(images_directory)) == len(image.blobs) + 1
    check_every_blob_hashes_to_its_name(images_directory)


# --- the disk lost or changed something


def delete_file(path):
    path.unlink()


def flip_bit(path):
    path.chmod(0o600)
    path.write_bytes(flipped(path.read_bytes()))


def truncate(path):
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("part", ["layer", "config", "manifest"])
@pytest.mark.parametrize("damage", [delete_file, flip_bit, truncate])
def test_a_push_of_a_damaged_image_says_so_and_a_pull_repairs_it(
    team,
    pull,
    publish,
    line,
    registry,
    second_registry,
    add_registry,
    image_factory,
    images_directory,
    part,
    damage,
):
    image = image_factory(registry)
    reference = reference_via(line, image)
    pull(reference)
    digest = {"layer": image.layers[0], "config": image.config, "manifest": image.digest}[part]
    hexadecimal = Digest.parse(digest).hex
    damage(next(path for path in blob_files(images_directory) if path.name == hexadecimal))
    # On another registry, so that nothing is mounted there in place of being sent.
    add_registry(team, second_registry)
    repository = second_registry.new_repository()
    target = f"{second_registry.host}/{repository}:1.0"

    failed = publish(reference, target)

    assert failed.state == State.FAILED
    assert failed.error["kind"] in ("BlobUnknown", "ManifestUnknown", "ContentMismatch")
    assert "local store" in describe(failed.error).sentence
    assert "Pull" in describe(failed.error).advice
    assert second_registry.tags(repository) == []
    repaired = pull(reference)
    assert repaired.state == State.SUCCEEDED, repaired.error
    check_every_blob_hashes_to_its_name(images_directory)
    pushed = publish(reference, target)
    assert pushed.state == State.SUCCEEDED, pushed.error
    assert second_registry.digest_of(repository, "1.0") == image.digest


# --- the database is locked


@pytest.fixture
def lock_database():
    """Return a function that locks the whole database and returns the one that unlocks it."""
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite locks the whole database")
    locked, ended = threading.Event(), threading.Event()

    def hold():
        with connection.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            locked.set()
            ended.wait(60)
            cursor.execute("ROLLBACK")
        connection.close()

    thread = threading.Thread(target=hold)

    def lock():
        thread.start()
        assert locked.wait(20)
        return unlock

    def unlock():
        ended.set()
        thread.join()

    yield lock
    ended.set()


@pytest.fixture
def short_lock_timeout(monkeypatch):
    """Let new connections wait one second for a lock instead of half a minute."""
    monkeypatch.setitem(
        connection.settings_dict["OPTIONS"], "init_command", "PRAGMA busy_timeout=1000;"
    )


@pytest.fixture
def held_pull(start, line, registry, image_factory):
    """Return a pull whose blobs wait for `line.release()`."""
    image = image_factory(registry, layers=3)
    line.hold("GET", "/blobs/")
    transfer = start(reference_via(line, image), enqueue=False)
    thread = run_in_thread(transfer)
    assert line.is_holding.wait(20)
    yield transfer, thread, image
    line.release()
    thread.join(20)


def test_a_database_locked_for_seconds_only_delays_a_transfer(team, line, lock_database, held_pull):
    transfer, thread, image = held_pull

    unlock = lock_database()
    line.release()
    time.sleep(5)
    assert thread.is_alive()
    unlock()
    thread.join(30)

    ended = Transfer.objects.get(pk=transfer.pk)
    assert ended.state == State.SUCCEEDED, ended.error
    assert states(ended) == ["done"] * 3
    check_named(team, image)


def test_a_database_locked_for_too_long_is_named_as_the_cause(
    line, short_lock_timeout, lock_database, held_pull, caplog
):
    transfer, thread, _ = held_pull

    unlock = lock_database()
    line.release()
    wait_until(lambda: f"{transfer.pk} failed" in caplog.text)
    unlock()
    thread.join(20)

    ended = Transfer.objects.get(pk=transfer.pk)
    assert (ended.state, ended.error["kind"]) == (State.FAILED, "DatabaseFailed")
    assert "database" in describe(ended.error).sentence
    assert "finished work is kept" in describe(ended.error).advice
    assert not LocalImage.objects.exists()


def test_a_transfer_whose_end_could_not_be_written_is_reconciled(
    team, line, short_lock_timeout, lock_database, held_pull, images_directory
):
    transfer, thread, image = held_pull

    unlock = lock_database()
    line.release()
    thread.join(20)
    unlock()
    assert Transfer.objects.get(pk=transfer.pk).state == State.RUNNING
    expire_heartbeat(transfer)
    assert reconcile(TRANSFERS).requeued == 1
    ended = services.run_in_process(transfer)

    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 2), ended.error
    check_named(team, image)
    check_every_blob_hashes_to_its_name(images_directory)
