"""The archive of a mirror's images."""

import hashlib
import io
import tarfile

import pytest
from django.core.management import call_command
from django.urls import reverse

from registry_ui.accounts.models import Action, AuditEvent
from registry_ui.images.models import LocalImage
from registry_ui.oci.errors import InvalidReference, ManifestUnknown
from registry_ui.registries.models import Registry
from tests.parts.error_texts import says
from transfers.mirrors.archive import archive_images
from transfers.mirrors.services import create_mirror, run_in_process, run_plan

from .conftest import registry_row


@pytest.fixture
def mirror(team, registry, image_factory, transactional_db):
    repository = registry.new_repository()
    for tag in ("1.0", "2.0"):
        image_factory(registry, repository, tag, layer_size=2000)
    values = {
        "source_registry": registry_row(team, registry.host, "Source"),
        "target_registry": None,
    }
    return create_mirror(
        team=team, user=None, values={"name": "base", **values, "repositories": [repository]}
    )


def test_all_images_of_a_mirror_are_one_archive(mirror, run_mirror, tmp_path):
    run_mirror(mirror)
    path = tmp_path / "base.tar"
    call_command("export_images", "--mirror", "base", "-o", str(path))
    with tarfile.open(path) as archive:
        assert all(
            image.digest.removeprefix("sha256:") in "".join(archive.getnames())
            for image in LocalImage.objects.all()
        )
    assert sorted(image.tag for image in archive_images(mirror)) == ["1.0", "2.0"]


def test_an_image_removed_since_is_named(mirror, run_mirror):
    run_mirror(mirror)
    LocalImage.objects.filter(tag="2.0").delete()
    with pytest.raises(ManifestUnknown, check=says("is not here any more")):
        archive_images(mirror)


def test_a_mirror_without_local_images_has_no_archive(mirror, team):
    with pytest.raises(InvalidReference, check=says("has brought images yet")):
        archive_images(mirror)
    mirror.target_registry = Registry.objects.create(
        team=team, name="Elsewhere", host="elsewhere.example.com"
    )
    mirror.save(update_fields=["target_registry"])
    with pytest.raises(InvalidReference, check=says("have not been brought here yet")):
        archive_images(mirror)


def test_only_team_members_download_the_archive(client_for, victor, charlie, mirror, run_mirror):
    run_mirror(mirror)
    addresses = [
        reverse("mirrors:archive", args=[mirror.pk]),
        reverse("mirrors:archive_checksum", args=[mirror.pk]),
    ]
    client = client_for(victor)
    assert addresses[0] in client.get(reverse("mirrors:detail", args=[mirror.pk])).text

    answer = client.get(addresses[0])
    content = b"".join(answer.streaming_content)

    assert answer["Content-Length"] == str(len(content))
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert "index.json" in archive.getnames()
    assert client.get(addresses[1]).text.split()[0] == hashlib.sha256(content).hexdigest()
    assert AuditEvent.objects.filter(action=Action.IMAGE_EXPORTED, actor_name="victor").count() == 1
    assert [client_for(charlie).get(address).status_code for address in addresses] == [404, 404]
    assert client.post(addresses[0]).status_code == 405


def test_a_mirror_without_an_archive_redirects_with_the_reason(client_for, victor, mirror):
    answer = client_for(victor).get(reverse("mirrors:archive", args=[mirror.pk]), follow=True)
    assert "has brought images yet" in answer.text


def test_a_partial_run_is_no_archive(mirror, run_mirror, plan_mirror, image_factory, registry):
    run_mirror(mirror)
    plan = plan_mirror(mirror)
    run_in_process(run_plan(plan=plan, user=None, enqueue=False))
    run_mirror(mirror, limited_to=[{"repository": mirror.repositories[0], "tag": "1.0"}])
    assert sorted(image.tag for image in archive_images(mirror)) == ["1.0", "2.0"]
