import hashlib
import io
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from registry_ui.images.archives import archive_uploads
from registry_ui.images.models import ArchiveUpload, LocalImage, TeamBlob
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference
from registry_ui.registries.builtin_registry import builtin_registry_host
from registry_ui.web.errors import describe
from tests.parts import archives
from tests.parts.error_texts import says
from tests.parts.images import build_image, build_index
from transfers import services
from transfers.models import Kind, State, Transfer
from transfers.services import ImportedName

pytestmark = pytest.mark.django_db(transaction=True)


INDEX = build_index(
    seed="imported", platforms=["linux/amd64", "linux/arm64"], attestation=True, layer_size=2000
)


OTHER = build_image(seed="other", layer_size=2000)


TWO = archives.tar(
    *archives.layout_members(
        [(INDEX, "docker.io/library/many:2.0"), (archives.GOOD, archives.NAME), (OTHER, "")]
    )
)


@pytest.fixture
def inspected_upload(team, bob):
    """Return an inspected upload."""

    def make(content: bytes = TWO, **values) -> ArchiveUpload:
        upload = archive_uploads.begin_upload(
            team=team, user=bob, name="images.tar", size=len(content), **values
        )
        archive_uploads.receive_chunk(upload, 0, io.BytesIO(content).read)
        archive_uploads.inspect_upload(upload)
        return upload

    return make


def run(upload, user, *pairs, **more) -> Transfer:
    names = [ImportedName(built.digest, Reference.parse(name)) for built, name in pairs]
    return services.run_in_process(
        services.start_import(upload=upload, user=user, names=names, enqueue=False, **more)
    )


def blobs_on_disk(folder) -> list[str]:
    return sorted(
        path.name for path in folder.rglob("*") if path.is_file() and "locks" not in path.parts
    )


def test_the_selected_images_are_imported_with_the_given_names(
    inspected_upload, bob, team, images_directory
):
    upload = inspected_upload()

    transfer = run(
        upload,
        bob,
        (INDEX, "a.example.com/many:2"),
        (INDEX, "a.example.com/many:latest"),
        (OTHER, "other:1"),
    )

    assert (transfer.state, transfer.digest, transfer.error) == (
        State.SUCCEEDED,
        INDEX.digest,
        None,
    )
    assert {str(row.reference): row.digest for row in LocalImage.objects.filter(team=team)} == {
        "a.example.com/many:2": INDEX.digest,
        "a.example.com/many:latest": INDEX.digest,
        "docker.io/library/other:1": OTHER.digest,
    }
    assert [step["state"] for step in transfer.progress["steps"]] == ["done", "done"]
    assert transfer.bytes_done == transfer.bytes_total > 0
    # What was not chosen stays out, and the archive is gone.
    assert not TeamBlob.objects.filter(digest=archives.GOOD.digest).exists()
    assert not ArchiveUpload.objects.exists()
    assert list((images_directory / "incoming").iterdir()) == []


def test_the_form_lists_the_images_of_the_archive_and_starts_the_job(
    inspected_upload, bob, client_for
):
    upload, client = inspected_upload(), client_for(bob)
    address = reverse("transfers:import_archive", args=[upload.pk])
    page = client.get(address).content.decode()
    assert 'value="many:2.0"' in page
    assert f'value="{archives.NAME}"' in page
    assert "without a name" in page

    response = client.post(
        address,
        {
            "name_0": "many:2.0",
            "name_1": "",
            "name_2": "other:1",
            "name_prefix": "b.example.com/air/",
        },
    )

    transfer = Transfer.objects.get()
    assert response.headers["Location"] == reverse("transfers:detail", args=[transfer.pk])
    assert (transfer.kind, transfer.state, transfer.target) == (
        Kind.IMPORT,
        State.QUEUED,
        "b.example.com/air/many:2.0",
    )
    assert [image["names"] for image in transfer.options["images"]] == [
        ["b.example.com/air/many:2.0"],
        ["b.example.com/air/other:1"],
    ]
    services.run_in_process(transfer)
    page = client.get(response.headers["Location"]).content.decode()
    assert "The images are here" in page
    assert "images.tar" in page


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"name_0": "", "name_1": ""}, "No image was chosen."),
        ({"name_0": "x:1", "name_1": "x:1"}, "stands there for two images"),
        ({"name_0": "Not A Name"}, "spaces"),
        ({"name_0": f"x@sha256:{'a' * 64}"}, "has no tag, or a digest"),
        ({"name_0": "x:1", "name_prefix": "not a place"}, "spaces"),
        ({"name_0": f"{builtin_registry_host()}/lighthouse/x:1"}, "have names that begin with"),
    ],
)
def test_names_that_cannot_be_are_said_in_the_form(
    inspected_upload, bob, client_for, values, expected
):
    response = client_for(bob).post(
        reverse("transfers:import_archive", args=[inspected_upload().pk]), values
    )
    assert (response.status_code, expected in response.content.decode()) == (422, True)
    assert not Transfer.objects.exists()


def test_outsiders_and_readers_choose_nothing(inspected_upload, bob, victor, charlie, client_for):
    address = reverse("transfers:import_archive", args=[inspected_upload().pk])
    for person, status in ((charlie, 404), (victor, 403)):
        assert client_for(person).get(address).status_code == status
        assert client_for(person).post(address, {"name_0": "x:1"}).status_code == status
    assert not Transfer.objects.exists()


def test_one_archive_is_imported_once_at_a_time(inspected_upload, bob):
    upload = inspected_upload()
    names = [ImportedName(INDEX.digest, Reference.parse("x:1"))]
    services.start_import(upload=upload, user=bob, names=names, enqueue=False)
    with pytest.raises(InvalidReference, check=says("already")):
        services.start_import(upload=upload, user=bob, names=names, enqueue=False)


DAMAGED = {
    "a wrong layer": archives.HOSTILE["a wrong layer"],
    "a docker layer that is another": archives.HOSTILE["a docker layer that is another"],
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_wrong_byte_in_the_last_layer_leaves_nothing_behind(
    inspected_upload, bob, images_directory, damage, client_for
):
    upload = inspected_upload(DAMAGED[damage])
    names = [ImportedName(upload.images[0]["digest"], Reference.parse("x:1"))]

    transfer = services.run_in_process(
        services.start_import(upload=upload, user=bob, names=names, enqueue=False)
    )

    assert (transfer.state, transfer.error["kind"]) == (State.FAILED, "InvalidArchive")
    assert not LocalImage.objects.exists()
    assert not TeamBlob.objects.exists()
    assert not ArchiveUpload.objects.exists()
    assert blobs_on_disk(images_directory) == []
    page = client_for(bob).get(reverse("transfers:detail", args=[transfer.pk])).content.decode()
    assert "Import another file" in page
    assert "Retry" not in page


def test_another_checksum_than_the_persons_leaves_nothing_behind(
    inspected_upload, bob, images_directory
):
    checksum = hashlib.sha256(TWO).hexdigest()
    assert run(inspected_upload(sha256=checksum), bob, (OTHER, "other:1")).state == State.SUCCEEDED
    before = blobs_on_disk(images_directory)
    transfer = run(inspected_upload(sha256="0" * 64), bob, (INDEX, "many:1"))
    assert (transfer.state, "SHA-256" in describe(transfer.error).sentence) == (State.FAILED, True)
    assert blobs_on_disk(images_directory) == before


def test_a_person_who_lost_the_role_imports_nothing(inspected_upload, bob, team):
    upload = inspected_upload()
    transfer = services.start_import(
        upload=upload,
        user=bob,
        names=[ImportedName(OTHER.digest, Reference.parse("x:1"))],
        enqueue=False,
    )
    bob.memberships.all().delete()
    ended = services.run_in_process(transfer)
    assert (ended.state, ended.error["kind"]) == (State.FAILED, "Denied")
    assert not LocalImage.objects.exists()


def test_a_cancelled_import_can_be_tried_again(inspected_upload, bob):
    upload = inspected_upload()
    transfer = services.start_import(
        upload=upload,
        user=bob,
        names=[ImportedName(OTHER.digest, Reference.parse("x:1"))],
        enqueue=False,
    )
    services.cancel(transfer, bob)
    transfer.refresh_from_db()
    again = services.run_in_process(services.retry(transfer, bob, enqueue=False))
    assert again.state == State.SUCCEEDED
    transfer.refresh_from_db()
    late = services.run_in_process(services.retry(transfer, bob, enqueue=False))
    assert (late.state, describe(late.error).sentence) == (
        State.FAILED,
        "The archive is not here any more.",
    )


def test_another_teams_archive_is_not_imported(inspected_upload, other_team, charlie):
    upload = inspected_upload()
    forged = Transfer.objects.create(
        team=other_team,
        user=charlie,
        requested_by="charlie",
        kind=Kind.IMPORT,
        source="x:1",
        target="x:1",
        source_is_local=True,
        target_is_local=True,
        options={
            "upload": str(upload.pk),
            "archive": "x",
            "images": [{"digest": OTHER.digest, "names": ["x:1"]}],
        },
    )
    assert (
        describe(services.run_in_process(forged).error).sentence
        == "The archive is not here any more."
    )
    assert ArchiveUpload.objects.filter(pk=upload.pk).exists()


def test_an_import_under_way_keeps_the_collector_away(inspected_upload, bob):
    upload = inspected_upload()
    ArchiveUpload.objects.update(used_at=timezone.now() - timedelta(hours=30))
    archive_uploads.touch_upload(upload)
    assert archive_uploads.collect_uploads() == 0
