import os
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from registry_ui.images.garbage_collection import collect
from registry_ui.images.models import TeamBlob
from registry_ui.images.scrub import scrub
from registry_ui.images.services import remove_name, tag_image
from registry_ui.images.store import LocalStore, blob_directory
from registry_ui.oci.digest import Digest
from registry_ui.oci.manifest import Descriptor
from registry_ui.oci.reference import Reference
from tests.parts.images import build_image, build_index

from .blob_sources import Source
from .test_store import blob_path

pytestmark = pytest.mark.postgresql

NAME = Reference.parse("registry.example.com/team/app:1.0")
HOUR = 3600


def age(hours: float, **which) -> None:
    """Make blobs look unused for some hours."""
    timestamp = timezone.now() - timedelta(hours=hours)
    for blob in TeamBlob.objects.filter(**which):
        path = blob_path(Digest.parse(blob.digest))
        if path.exists():
            os.utime(path, (timestamp.timestamp(), timestamp.timestamp()))
    TeamBlob.objects.filter(**which).update(used_at=timestamp)


def digests_on_disk() -> set[str]:
    return {str(digest) for digest, _size in blob_directory()}


def write(team, content: bytes) -> Descriptor:
    blob = Descriptor("", Digest.of(content), len(content))
    LocalStore(team, NAME).write_blob(blob, Source(content))
    return blob


def test_old_blobs_that_images_need_are_kept(pulled, team):
    index = build_index(platforms=["linux/amd64", "linux/arm64"], layer_size=500, attestation=True)
    pulled(team, str(NAME), index)
    age(1000)
    assert collect(grace_seconds=HOUR).count == 0
    assert digests_on_disk() == {
        index.digest,
        *(child.digest for child in index.children),
        *index.blobs,
    }


def test_unneeded_blobs_are_removed_after_the_grace_period(pulled, team, bob):
    built = build_image(layer_size=500)
    image = pulled(team, str(NAME), built)
    remove_name(image=image, user=bob)
    size = built.size + sum(map(len, built.blobs.values()))
    assert collect(grace_seconds=HOUR).count == 0

    age(2)
    collected = collect(grace_seconds=HOUR)
    assert (collected.count, collected.bytes) == (1 + len(built.blobs), size)
    assert digests_on_disk() == set()
    assert not TeamBlob.objects.exists()


def test_another_name_keeps_everything(pulled, team, bob):
    image = pulled(team, str(NAME))
    tag_image(team=team, user=bob, source=NAME, target=NAME.with_tag("2.0"))
    remove_name(image=image, user=bob)
    age(2)
    assert collect(grace_seconds=HOUR).count == 0


def test_layers_that_another_image_needs_are_kept(pulled, team, bob):
    first = build_image(seed="a", layers=1, layer_size=500, shared_layers=["base"])
    second = build_image(seed="b", layers=1, layer_size=500, shared_layers=["base"])
    image = pulled(team, "app:1", first)
    pulled(team, "app:2", second)
    remove_name(image=image, user=bob)
    age(2)
    collect(grace_seconds=HOUR)
    assert digests_on_disk() == {second.digest, *second.blobs}


def test_a_file_is_kept_while_another_team_has_it(team, other_team):
    blob = write(team, b"shared by teams")
    write(other_team, b"shared by teams")
    age(2, team=team)
    assert collect(grace_seconds=HOUR).count == 0
    assert not LocalStore(team, NAME).has_blob(blob)
    assert LocalStore(other_team, NAME).has_blob(blob)


def test_protected_digests_are_kept(team):
    blob = write(team, b"precious")
    age(2)
    assert collect(grace_seconds=HOUR, protect={str(blob.digest)}).count == 0
    assert LocalStore(team, NAME).has_blob(blob)


def test_checking_an_old_blob_keeps_it(team):
    blob = write(team, b"wanted again")
    age(2)
    assert LocalStore(team, NAME).has_blob(blob)
    assert collect(grace_seconds=HOUR).count == 0


def test_the_blobs_of_a_deleted_team_are_removed(pulled, team):
    pulled(team, str(NAME))
    age(2)
    team.delete()
    collect(grace_seconds=HOUR)
    assert digests_on_disk() == set()


def test_a_young_file_without_a_row_is_kept_for_the_grace_period(team):
    write(team, b"from a newer database")
    TeamBlob.objects.all().delete()
    assert collect(grace_seconds=HOUR).count == 0
    os.utime(blob_path(Digest.of(b"from a newer database")), (1, 1))
    assert collect(grace_seconds=HOUR).count == 1


def test_stale_partials_are_counted_separately(team):
    folder = blob_directory().root / "partial" / str(team.pk)
    folder.mkdir(parents=True)
    (folder / f"sha256-{'a' * 64}").write_bytes(b"half")
    os.utime(folder / f"sha256-{'a' * 64}", (1, 1))
    collected = collect(grace_seconds=HOUR)
    assert (collected.count, collected.leftovers, collected.leftover_bytes) == (0, 1, 4)


def test_an_empty_store_can_be_collected(db):
    assert collect().count == 0
    assert scrub().is_clean


# --- running transfers


def test_a_blob_used_between_mark_and_sweep_is_kept(team, monkeypatch):
    from registry_ui.images import garbage_collection

    blob = write(team, b"just in time")
    age(2)
    marked = garbage_collection.marked_digests

    def mark_then_use():
        found = marked()
        assert LocalStore(team, NAME).has_blob(blob)
        return found

    monkeypatch.setattr(garbage_collection, "marked_digests", mark_then_use)
    assert collect(grace_seconds=HOUR).count == 0
    assert LocalStore(team, NAME).has_blob(blob)


def test_a_blob_that_gets_an_owner_before_its_file_is_removed_is_kept(
    team, other_team, monkeypatch
):
    content = b"taken over by another team"
    blob = write(team, content)
    age(2)
    directory = type(blob_directory())
    listed = directory.__iter__

    def list_then_take_over(self):
        yield from listed(self)

    def written_at(self, digest, original=directory.written_at):
        timestamp = original(self, digest)
        monkeypatch.setattr(directory, "written_at", original)
        LocalStore(other_team, NAME).write_blob(blob, Source(content))
        return timestamp

    monkeypatch.setattr(directory, "__iter__", list_then_take_over)
    monkeypatch.setattr(directory, "written_at", written_at)
    assert collect(grace_seconds=HOUR).count == 0
    assert LocalStore(other_team, NAME).has_blob(blob)


@pytest.mark.django_db(transaction=True)
def test_simultaneous_pulls_and_collections_never_lose_a_named_blob(pulled, team, redis_server):
    stop, pause = threading.Event(), threading.Lock()
    failures: list[BaseException] = []

    def collect_for_ever() -> None:
        try:
            while not stop.is_set():
                with pause:
                    collect(grace_seconds=60)
                time.sleep(0.01)
        except BaseException as exc:
            failures.append(exc)
        finally:
            connection.close()

    collector = threading.Thread(target=collect_for_ever)
    collector.start()

    try:
        builts = [
            build_image(seed=str(number), layers=1, layer_size=500, shared_layers=["base"])
            for number in range(4)
        ]
        for round_number in range(6):
            images = [pulled(team, f"app:{number}", built) for number, built in enumerate(builts)]
            # Blobs are aged only between collections, because a running one would see the change.
            with pause:
                age(
                    1, digest__in=[entry["digest"] for image in images[:2] for entry in image.blobs]
                )

            for image in images:
                missing = {
                    digest
                    for digest in image.digests
                    if blob_directory().size(Digest.parse(digest)) is None
                }
                assert missing == set(), round_number
                remove_name(image=image, user=None)
    finally:
        stop.set()
        collector.join()

    assert failures == []
    assert all(blob_directory().is_intact(digest) for digest, _size in blob_directory())


# --- scrub


def test_scrub_of_an_intact_store_is_clean(pulled, team):
    built = build_image(layer_size=500)
    pulled(team, str(NAME), built)
    report = scrub()
    assert report.is_clean
    assert report.checked == 1 + len(built.blobs)
