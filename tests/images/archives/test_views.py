import gzip
import hashlib
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registry_ui.accounts.models import Action, AuditEvent, Outcome
from registry_ui.images.archives import archive_uploads
from registry_ui.images.models import ArchiveUpload, TeamBlob
from registry_ui.oci.errors import InvalidArchive, StorageFull
from tests.parts import archives

pytestmark = pytest.mark.django_db


CONTENT = archives.layout(archives.GOOD)


def files_below(folder) -> list[str]:
    return (
        sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        if folder.exists()
        else []
    )


def begin(client, content=CONTENT, **values):
    return client.post(
        reverse("images:import_begin"),
        {"name": "app.tar", "size": len(content), "modified": 7, **values},
    )


def send(client, address, content, offset):
    headers = {"Upload-Offset": str(offset)}
    return client.patch(address, content, content_type="application/octet-stream", headers=headers)


def as_form(client, content=CONTENT, name="app.tar", **values):
    return client.post(
        reverse("images:import"), {"archive": SimpleUploadedFile(name, content), **values}
    )


def test_chunks_make_an_archive_that_is_inspected(client_for, bob, team):
    client = client_for(bob)
    begun = begin(client).json()
    assert begun["received"] == 0

    for offset in range(0, len(CONTENT), 3000):
        answer = send(client, begun["content"], CONTENT[offset : offset + 3000], offset)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (
            204,
            str(min(offset + 3000, len(CONTENT))),
        )

    finished = client.post(begun["finish"])

    upload = ArchiveUpload.objects.get()
    assert finished.headers["Location"] == reverse("transfers:import_archive", args=[upload.pk])
    assert (upload.team, upload.created_by, upload.images[0]["digest"]) == (
        team,
        bob,
        archives.GOOD.digest,
    )

    event = AuditEvent.objects.get(action=Action.ARCHIVE_RECEIVED)
    assert (event.object_name, event.actor_name) == ("app.tar", "bob")


def test_an_interrupted_upload_continues(client_for, bob):
    client = client_for(bob)
    begun = begin(client).json()
    send(client, begun["content"], CONTENT[:5000], 0)

    again = begin(client).json()

    assert (again["content"], again["received"]) == (begun["content"], 5000)
    assert client.get(begun["content"]).json() == {"received": 5000, "size": len(CONTENT)}
    assert (
        "are here. Choose the same file again"
        in client.get(reverse("images:import")).content.decode()
    )

    send(client, begun["content"], CONTENT[5000:], 5000)
    assert client.post(begun["finish"]).headers["Location"].startswith("/transfers/import/")


def test_another_file_of_the_same_name_is_a_new_upload(client_for, bob, alice):
    first = begin(client_for(bob)).json()["content"]
    others = {
        begin(client_for(bob), modified=8).json()["content"],
        begin(client_for(bob), CONTENT + b"x").json()["content"],
        begin(client_for(alice)).json()["content"],
        begin(client_for(bob), modified=0).json()["content"],
        begin(client_for(bob), modified=0).json()["content"],
    }
    assert len(others - {first}) == 5


def test_a_chunk_at_a_wrong_offset_gets_the_right_one(client_for, bob):
    client = client_for(bob)
    begun = begin(client).json()
    send(client, begun["content"], CONTENT[:1000], 0)
    for offset in (0, 999, 1001, 10**9):
        answer = send(client, begun["content"], b"x", offset)
        assert (answer.status_code, answer.json()) == (409, {"received": 1000})


def test_bytes_above_the_announced_size_are_not_written(client_for, bob):
    client = client_for(bob)
    begun = begin(client, CONTENT[:100]).json()
    assert send(client, begun["content"], CONTENT, 0).headers["Upload-Offset"] == "100"


@pytest.mark.parametrize("offset", ["", "-1", "1x", "9" * 30])
def test_a_chunk_without_an_offset_is_refused(client_for, bob, offset):
    client = client_for(bob)
    assert send(client, begin(client).json()["content"], b"x", offset).status_code == 400


def test_an_unfinished_upload_is_not_inspected(client_for, bob):
    client = client_for(bob)
    begun = begin(client).json()
    send(client, begun["content"], CONTENT[:-100], 0)
    assert client.post(begun["finish"]).headers["Location"] == reverse("images:import")
    assert ArchiveUpload.objects.get().images is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 0}, "empty"),
        ({"size": 10**15}, "larger than"),
        ({"size": "x"}, "missing"),
        ({"name": ""}, "missing"),
        ({"sha256": "abc"}, "not a SHA-256"),
    ],
)
def test_an_impossible_upload_is_refused_at_once(client_for, bob, values, message):
    answer = begin(client_for(bob), **values)
    assert (answer.status_code, message in answer.content.decode()) == (422, True)
    assert not ArchiveUpload.objects.exists()


def test_a_full_disk_is_reported_before_the_first_byte(client_for, bob, settings):
    settings.FREE_SPACE_FLOOR = 10**18
    answer = begin(client_for(bob))
    assert (answer.status_code, "too little room" in answer.content.decode()) == (507, True)
    assert not ArchiveUpload.objects.exists()


def test_the_name_of_the_file_is_only_shown(client_for, bob, images_directory):
    client = client_for(bob)
    begun = begin(client, name="../../<b>x\x00\N{RIGHT-TO-LEFT OVERRIDE}.tar")
    assert begun.status_code == 422 or ArchiveUpload.objects.get().name == "<b>x.tar"
    begin(client, name="../../<b>x.tar")
    assert ArchiveUpload.objects.latest("created_at").name == "<b>x.tar"
    assert "<b>x" not in client.get(reverse("images:import")).content.decode()
    assert {"incoming"} >= {path.split("/")[0] for path in files_below(images_directory)}


def test_files_are_for_this_user_only(client_for, bob, images_directory):
    client = client_for(bob)
    send(client, begin(client).json()["content"], b"x", 0)
    (file,) = (images_directory / "incoming").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_browser_without_a_script_sends_the_file_itself(client_for, bob):
    checksum = hashlib.sha256(CONTENT).hexdigest()
    answer = as_form(client_for(bob), sha256=f"{checksum}  app.tar\n")
    upload = ArchiveUpload.objects.get()
    assert answer.headers["Location"] == reverse("transfers:import_archive", args=[upload.pk])
    assert (upload.name, upload.size, upload.sha256) == ("app.tar", len(CONTENT), checksum)


def test_the_form_is_written_in_chunks_and_not_held_in_memory(
    client_for, bob, images_directory, monkeypatch
):
    pieces = []
    real = archive_uploads.IncomingFolder.append
    monkeypatch.setattr(
        archive_uploads.IncomingFolder,
        "append",
        lambda self, *rest: pieces.append(rest[2] - rest[1]) or real(self, *rest),
    )
    as_form(
        client_for(bob),
        archives.tar(
            *archives.layout_members([(archives.GOOD, "")]),
            archives.entry("filler", bytes(5 << 20)),
        ),
    )
    assert len(pieces) >= 5
    assert max(pieces) <= 1 << 20


def test_a_form_without_a_file_or_with_a_wrong_checksum_leaves_nothing(
    client_for, bob, images_directory
):
    client = client_for(bob)
    assert client.post(reverse("images:import"), {}).status_code == 422
    assert as_form(client, sha256="nonsense").status_code == 422
    assert not ArchiveUpload.objects.exists()
    assert files_below(images_directory) == []


def test_a_form_without_the_csrf_token_leaves_nothing(bob, images_directory):
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    assert as_form(client).status_code == 403
    assert not ArchiveUpload.objects.exists()
    assert files_below(images_directory) == []


def test_a_form_above_the_limit_leaves_nothing(client_for, bob, images_directory, settings):
    settings.ARCHIVE_LIMIT = 2048
    answer = as_form(client_for(bob))
    assert (answer.status_code, "larger than" in answer.content.decode()) == (422, True)
    assert files_below(images_directory) == []


@pytest.mark.parametrize("what", archives.HOSTILE)
def test_a_hostile_archive_leaves_nothing_behind(client_for, bob, images_directory, what):
    """The transfer finds wrong bytes of a blob: tests/transfers/test_importing.py."""
    client = client_for(bob)
    answer = as_form(client, archives.HOSTILE[what])
    if answer.headers["Location"].startswith("/transfers/import/"):
        upload = ArchiveUpload.objects.get()
        with archive_uploads.open_archive(upload) as store, pytest.raises(InvalidArchive):
            store.verify()
        return

    assert answer.headers["Location"] == reverse("images:import")
    assert "notice" in client.get(reverse("images:import")).content.decode()
    assert not ArchiveUpload.objects.exists()
    assert not TeamBlob.objects.exists()
    assert files_below(images_directory) == []
    assert AuditEvent.objects.get(action=Action.ARCHIVE_RECEIVED).outcome == Outcome.REFUSED


def test_a_compressed_archive_that_fills_the_disk_leaves_nothing(
    client_for, bob, images_directory, settings, monkeypatch
):
    def full(*arguments):
        raise StorageFull("The disk is full.")

    content = gzip.compress(
        archives.tar(
            *archives.layout_members([(archives.GOOD, "")]),
            archives.entry("filler", bytes(70 << 20)),
        )
    )
    monkeypatch.setattr("registry_ui.images.archives.incoming_files.check_free_space", full)
    as_form(client_for(bob), content)
    assert not [name for name in files_below(images_directory) if ".tar" in name]


def test_an_outsider_finds_no_upload(client_for, bob, charlie):
    begun = begin(client_for(bob)).json()
    outsider = client_for(charlie)
    assert outsider.get(begun["content"]).status_code == 404
    assert send(outsider, begun["content"], b"x", 0).status_code == 404
    assert outsider.post(begun["finish"]).status_code == 404
    assert outsider.post(begun["finish"].replace("finish", "discard")).status_code == 404
    assert archive_uploads.received_bytes(ArchiveUpload.objects.get()) == 0


def test_a_viewer_cannot_import(client_for, bob, victor, images_directory):
    begun = begin(client_for(bob)).json()
    reader = client_for(victor)
    assert reader.get(reverse("images:import")).status_code == 403
    assert as_form(reader).status_code == 403
    assert begin(reader).status_code == 403
    assert send(reader, begun["content"], b"x", 0).status_code == 403
    assert files_below(images_directory) == []


def test_pages_do_not_touch_files_of_the_command_line(client_for, bob, team, tmp_path):
    path = tmp_path / "app.tar"
    path.write_bytes(CONTENT)
    upload = archive_uploads.register_file(team=team, path=path)
    client = client_for(bob)
    for name in ("images:import_content", "transfers:import_archive"):
        assert client.get(reverse(name, args=[upload.pk])).status_code == 404
    assert client.post(reverse("images:import_discard", args=[upload.pk])).status_code == 404
    assert path.exists()


def test_discarding_leaves_nothing(client_for, bob, images_directory):
    client = client_for(bob)
    as_form(client, gzip.compress(CONTENT))
    assert len(files_below(images_directory)) == 2
    answer = client.post(
        reverse("images:import_discard", args=[ArchiveUpload.objects.get().pk]), follow=True
    )
    assert "app.tar was discarded." in answer.content.decode()
    assert (ArchiveUpload.objects.count(), files_below(images_directory)) == (0, [])


def test_abandoned_uploads_are_collected(client_for, bob, images_directory, settings):
    client = client_for(bob)
    begin(client)
    send(client, begin(client, CONTENT, modified=9).json()["content"], CONTENT, 0)
    assert archive_uploads.collect_uploads() == 0
    ArchiveUpload.objects.update(used_at=timezone.now() - timedelta(hours=25))
    assert archive_uploads.collect_uploads() == 2
    assert (ArchiveUpload.objects.count(), files_below(images_directory)) == (0, [])


def test_files_without_a_row_are_collected_once_they_are_old(team, images_directory, settings):
    upload = ArchiveUpload(team=team)
    archive_uploads.incoming_folder().append(upload.pk, 0, 10, io.BytesIO(b"x").read)
    assert archive_uploads.collect_uploads() == 0
    settings.ARCHIVE_KEEP_SECONDS = -1
    assert archive_uploads.collect_uploads() == 1
    assert files_below(images_directory) == []
