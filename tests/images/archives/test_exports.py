import hashlib
import io
import json
import os
import tarfile

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from registry_ui.accounts.models import Action, AuditEvent, Membership, Role
from registry_ui.images.archives.exports import export_images
from registry_ui.images.models import LocalImage, TeamBlob
from registry_ui.images.store import blob_directory
from registry_ui.oci.archive.archive_file import ArchiveFile
from registry_ui.oci.archive.archive_store import ArchiveStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import BlobUnknown, ContentMismatch, InvalidReference
from tests.parts.images import build_index

pytestmark = pytest.mark.django_db(transaction=True)


NAME = "registry.example.com/team/app:1.0"


@pytest.fixture
def image(team, pulled):
    return pulled(team, NAME)


@pytest.fixture
def several(team, pulled):
    return pulled(
        team,
        "registry.example.com/team/many:2.0",
        build_index(platforms=["linux/amd64", "linux/arm64"], layer_size=1500),
    )


def download(client, *images, **more):
    headers = more.pop("headers", {})
    return client.get(
        reverse("images:export_archive"),
        {"image": [image.pk for image in images], **more},
        headers=headers,
    )


def content_of(response) -> bytes:
    return b"".join(response.streaming_content)


def images_in(content: bytes, tmp_path) -> dict[str, str]:
    path = tmp_path / "downloaded.tar"
    path.write_bytes(content)
    file = ArchiveFile(os.open(path, os.O_RDONLY))
    store = ArchiveStore(file)
    store.verify()
    file.close()
    return {str(name): str(image.digest) for image in store.images for name in image.names}


def test_the_page_checks_every_name_of_the_selected_images(client_for, victor, image, several):
    page = (
        client_for(victor)
        .get(reverse("images:export"), {"image": [image.pk, several.pk]})
        .content.decode()
    )
    assert page.count('name="image"') == 2
    assert page.count('name="platform"') == 2
    assert (
        "No image was chosen" in client_for(victor).get(reverse("images:export")).content.decode()
    )


def test_a_download_has_its_length_and_contains_the_images(
    client_for, victor, image, several, tmp_path
):
    response = download(client_for(victor), image, several)
    content = content_of(response)
    assert int(response.headers["Content-Length"]) == len(content)
    assert (
        response.headers["Content-Disposition"] == 'attachment; filename="app-1.0-and-1-more.tar"'
    )
    assert images_in(content, tmp_path) == {
        NAME: image.digest,
        "registry.example.com/team/many:2.0": several.digest,
    }

    event = AuditEvent.objects.get(action=Action.IMAGE_EXPORTED)
    assert (event.actor_name, event.details["bytes"]) == ("victor", len(content))


def test_an_interrupted_download_is_resumed(client_for, victor, image):
    client = client_for(victor)
    whole = download(client, image)
    content, entity_tag = content_of(whole), whole.headers["ETag"]

    rest = download(client, image, headers={"Range": "bytes=2000-", "If-Range": entity_tag})
    assert (rest.status_code, content_of(rest)) == (206, content[2000:])
    assert rest.headers["Content-Range"] == f"bytes 2000-{len(content) - 1}/{len(content)}"

    part = download(client, image, headers={"Range": "bytes=100-199"})
    assert (content_of(part), part.headers["Content-Length"]) == (content[100:200], "100")
    assert content_of(download(client, image, headers={"Range": "bytes=-512"})) == content[-512:]
    # Parts of one download are one event.
    assert AuditEvent.objects.filter(action=Action.IMAGE_EXPORTED).count() == 1


def test_a_range_of_another_archive_is_not_sent(client_for, victor, image):
    client = client_for(victor)
    response = download(client, image, headers={"Range": "bytes=2000-", "If-Range": '"another"'})
    assert response.status_code == 200
    for odd in ("bytes=-", "bytes=x-", "lines=1-2", "bytes=1-2,4-5"):
        assert download(client, image, headers={"Range": odd}).status_code == 200
    beyond = download(client, image, headers={"Range": "bytes=99999999-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (
        416,
        f"bytes */{response.headers['Content-Length']}",
    )


def test_head_gives_the_length_without_the_bytes(client_for, victor, image):
    response = client_for(victor).head(reverse("images:export_archive"), {"image": image.pk})
    assert int(response.headers["Content-Length"]) > 1000
    assert not AuditEvent.objects.filter(action=Action.IMAGE_EXPORTED).exists()


def test_the_checksum_is_that_of_the_download(client_for, victor, image):
    client = client_for(victor)
    content = content_of(download(client, image))
    answer = client.get(reverse("images:export_checksum"), {"image": image.pk})
    assert answer.content.decode() == f"{hashlib.sha256(content).hexdigest()}  app-1.0.tar\n"


def test_fewer_platforms_make_a_smaller_archive(client_for, victor, several, tmp_path):
    client = client_for(victor)
    arm = images_in(content_of(download(client, several, platform="linux/arm64")), tmp_path)
    assert list(arm.values()) == [
        next(entry["digest"] for entry in several.platforms if entry["platform"] == "linux/arm64")
    ]
    both = images_in(
        content_of(download(client, several, platform=["linux/arm64", "linux/amd64"])), tmp_path
    )
    assert list(both.values()) == [several.digest]


def test_a_missing_platform_is_an_error_on_the_page(client_for, victor, image, several):
    client = client_for(victor)
    response = client.get(
        reverse("images:export_archive"),
        {"image": [image.pk, several.pk], "platform": "linux/arm64"},
        follow=True,
    )
    assert "not built for linux/arm64" in response.content.decode()
    assert "Download" in response.content.decode()


def test_an_outsider_gets_nothing_of_another_team(client_for, charlie, image):
    client = client_for(charlie)
    assert NAME not in client.get(reverse("images:export"), {"image": image.pk}).content.decode()
    response = download(client, image)
    assert (response.status_code, response.headers["Location"].partition("?")[0]) == (
        302,
        reverse("images:export"),
    )
    assert client.get(reverse("images:export_checksum"), {"image": image.pk}).status_code == 302


def test_images_of_two_teams_are_never_in_one_archive(
    client_for, alice, other_team, pulled, image, tmp_path
):
    Membership.objects.create(team=other_team, user=alice, role=Role.VIEWER)
    theirs = pulled(other_team, "registry.example.com/other/x:1")
    assert len(images_in(content_of(download(client_for(alice), image, theirs)), tmp_path)) == 1


def test_an_incomplete_image_is_an_error_before_the_first_byte(client_for, victor, image):
    TeamBlob.objects.filter(digest=image.blobs[-1]["digest"]).delete()
    with pytest.raises(BlobUnknown):
        export_images(images=[image])
    response = client_for(victor).get(
        reverse("images:export_archive"), {"image": image.pk}, follow=True
    )
    assert "Pull the image again" in response.content.decode()


def test_a_damaged_blob_ends_the_download_and_is_quarantined(client_for, victor, image):
    layer = Digest.parse(max(image.blobs, key=lambda blob: blob["size"])["digest"])
    path = blob_directory().root / "blobs" / "sha256" / layer.hex[:2] / layer.hex
    path.chmod(0o600)
    path.write_bytes(b"\0" * path.stat().st_size)
    response = download(client_for(victor), image)
    with pytest.raises(ContentMismatch):
        content_of(response)
    assert blob_directory().size(layer) is None


def test_an_empty_selection_is_an_error():
    with pytest.raises(InvalidReference):
        export_images(images=[])


def test_the_command_writes_the_file_and_its_checksum(team, image, several, tmp_path):
    out, path = io.StringIO(), tmp_path / "images.tar"
    call_command(
        "export_images", NAME, "registry.example.com/team/many:2.0", "-o", str(path), stdout=out
    )
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    assert checksum in out.getvalue()
    assert (tmp_path / "images.tar.sha256").read_text() == f"{checksum}  images.tar\n"

    with tarfile.open(path) as archive:
        listed = json.load(archive.extractfile("digests.json"))
    assert {entry["name"]: entry["digest"] for entry in listed["images"]} == {
        str(row.reference): row.digest for row in LocalImage.objects.filter(team=team)
    }
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["missing:1"],
        [NAME, "--platform", "linux/s390x"],
        [NAME, "--platform", "nonsense"],
        ["Not A Name"],
    ],
)
def test_a_failed_export_command_writes_nothing(team, image, tmp_path, arguments):
    with pytest.raises(CommandError):
        call_command("export_images", *arguments, "-o", str(tmp_path / "images.tar"))
    assert list(tmp_path.iterdir()) == []


def test_the_command_names_a_file_that_it_cannot_write(team, image, tmp_path):
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_images", NAME, "-o", str(tmp_path / "missing" / "images.tar"))
