import io
import json
import tarfile

import pytest
from django.core.management import CommandError, call_command

from registry_ui.accounts.models import Action, AuditEvent
from registry_ui.images.models import LocalImage
from registry_ui.images.services import name_image
from registry_ui.images.store import LocalStore, blob_directory
from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference
from tests.images.conftest import put
from tests.parts.images import build_image, build_index
from tests.transfers.mirrors.rows import item_row, mirror_row, run_row
from transfers.mirrors.archive import archive_images
from transfers.mirrors.models import ItemAction, ItemState, Mirror
from transfers.mirrors.services import start_run
from transfers.models import State

NAME = "registry.example.com/team/app:1.0"
MANY = "registry.example.com/team/many:2.0"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def repository(registry, image_factory) -> str:
    """Push one image of two platforms, one of one platform, and an unselected one."""
    name = registry.new_repository()
    image_factory(registry, name, "1.0", platforms=["linux/amd64", "linux/arm64"], layer_size=2000)
    image_factory(registry, name, "1.1", layer_size=2000)
    image_factory(registry, name, "nightly", layer_size=2000)
    return name


@pytest.fixture
def mirror(repository, own_registry, make_mirror) -> Mirror:
    values = {
        "selection": {"tags": ["1.*"]},
        "naming": {"kind": "prefix", "prefix": "mirror/company"},
    }
    return make_mirror(repository, target=own_registry, name="base", **values)


def test_the_command_pulls_missing_images_and_writes_complete_archives_only(
    mirror, repository, registry, own_registry, image_factory, tmp_path, capsys
):
    own_registry.stop()
    path = tmp_path / "base.tar"
    call_command("export_images", "--mirror", "base", "-o", str(path))
    assert "2 new" in capsys.readouterr().err
    assert (tmp_path / "base.tar.sha256").exists()

    bad = image_factory(registry, repository, "1.2", layer_size=2000)
    mend = registry.corrupt_blob(bad.layers[0])
    with pytest.raises(SystemExit) as ending:
        call_command("export_images", "--mirror", "base", "-o", str(tmp_path / "half.tar"))
    assert ending.value.code == 1
    assert "1 tag failed" in capsys.readouterr().err
    assert not (tmp_path / "half.tar").exists()

    mend()
    call_command("export_images", "--mirror", "base", "-o", str(tmp_path / "whole.tar"))
    assert sorted(image.tag for image in archive_images(mirror)) == ["1.0", "1.1", "1.2"]


def test_the_command_does_not_start_during_a_run(mirror, tmp_path):
    start_run(mirror=mirror, user=None, enqueue=False)
    with pytest.raises(CommandError, match="runs already"):
        call_command("export_images", "--mirror", "base", "-o", str(tmp_path / "base.tar"))


def store_image(team, name, built) -> LocalImage:
    reference, digest = Reference.parse(name), Digest.parse(built.digest)
    put(LocalStore(team, reference), built)
    return name_image(
        team=team, user=None, name=reference, digest=digest, source_digest=digest, origin=name
    )


@pytest.fixture
def image(team):
    return store_image(team, NAME, build_image(layer_size=2000))


@pytest.fixture
def several(team):
    index = build_index(platforms=["linux/amd64", "linux/arm64"], layer_size=1500)
    return store_image(team, MANY, index)


@pytest.fixture
def local_mirror(team, image, several):
    """A mirror to the local images whose last run brought both images."""
    mirror = mirror_row(team, "base")
    mirror.source_registry.host = "registry.example.com"
    mirror.source_registry.save()
    mirror.target_registry = None
    mirror.save()
    run = run_row(mirror, state=State.SUCCEEDED)
    for row in (image, several):
        item_row(
            run,
            row.tag,
            ItemAction.NEW,
            ItemState.DONE,
            target_repository=row.repository,
            copied_digest=row.digest,
        )
    return mirror


def exported_names(content: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        listed = json.load(archive.extractfile("digests.json"))
    return [entry["name"] for entry in listed["images"]]


def test_the_standard_output_has_the_archive_and_nothing_else(team, image, capsysbinary):
    call_command("export_images", NAME, "-o", "-")

    output, errors = capsysbinary.readouterr()
    assert exported_names(output) == [NAME]
    assert errors == b""
    event = AuditEvent.objects.get(action=Action.IMAGE_EXPORTED)
    assert (event.object_name, event.details["bytes"]) == (NAME, len(output))


def test_an_image_that_is_named_and_selected_by_the_mirror_is_exported_once(local_mirror, tmp_path):
    path = tmp_path / "images.tar"

    call_command("export_images", NAME, "--mirror", "base", "-o", str(path), stdout=io.StringIO())

    assert sorted(exported_names(path.read_bytes())) == [NAME, MANY]


def test_a_failed_export_leaves_the_earlier_archive(image, tmp_path):
    path = tmp_path / "images.tar"
    path.write_bytes(b"of yesterday")
    blob_directory().remove(Digest.parse(image.digest))

    with pytest.raises(CommandError):
        call_command("export_images", NAME, "-o", str(path))

    assert path.read_bytes() == b"of yesterday"
    assert list(tmp_path.iterdir()) == [path]
    assert not AuditEvent.objects.filter(action=Action.IMAGE_EXPORTED).exists()


def test_an_unknown_mirror_writes_nothing(team, image, tmp_path):
    with pytest.raises(CommandError):
        call_command("export_images", NAME, "--mirror", "x", "-o", str(tmp_path / "images.tar"))
    assert list(tmp_path.iterdir()) == []
