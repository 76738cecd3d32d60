"""Archives exchanged with docker, podman and skopeo, in both directions."""

import json
import shutil
from pathlib import Path

import pytest
from django.core.management import call_command

from registry_ui.images.models import LocalImage
from tests.parts import archives
from tests.parts.images import build_index

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "registry.example.com/team/app:1.0"
MANY = "registry.example.com/team/many:2.0"


@pytest.fixture
def exported(team, pulled, tmp_path) -> Path:
    """One file with two images, one of them for two platforms."""
    pulled(team, NAME)
    pulled(team, MANY, build_index(platforms=["linux/amd64", "linux/arm64"], layer_size=1500))
    path = tmp_path / "exported.tar"
    call_command("export_images", NAME, MANY, "-o", str(path))
    return path


def image_ids() -> dict[str, str]:
    """Return the id of each name on this machine's platform: an index has several."""
    rows = LocalImage.objects.all()
    return {
        str(row.reference): next(
            entry["image_id"] for entry in row.platforms if entry["platform"] == "linux/amd64"
        )
        for row in rows
    }


def digests() -> dict[str, str]:
    return {str(row.reference): row.digest for row in LocalImage.objects.all()}


@pytest.mark.engine
def test_docker_loads_an_export_and_its_archive_is_imported(exported, docker_engine, tmp_path):
    docker_engine.docker("load", "-i", exported)
    for name, image_id in image_ids().items():
        assert docker_engine.image_id(name) == image_id

    saved = tmp_path / "saved.tar"
    before = image_ids()
    docker_engine.docker("save", "-o", saved, NAME, MANY)
    LocalImage.objects.all().delete()
    call_command("import_images", str(saved))
    # docker 20.10 keeps image ids, but no manifests.
    assert image_ids() == before


def test_podman_loads_an_export_and_its_archive_is_imported(exported, podman, tmp_path):
    podman("load", "-i", exported)
    for name, image_id in image_ids().items():
        assert podman(
            "image", "inspect", "--format", "{{.Id}}", name
        ).strip() == image_id.removeprefix("sha256:")

    for kind in ("oci-archive", "docker-archive"):
        saved = tmp_path / f"{kind}.tar"
        podman("save", "--format", kind, "-o", saved, NAME)
        call_command("import_images", str(saved), "--name", f"x.example.com/{kind}:1")

    assert {"x.example.com/oci-archive:1", "x.example.com/docker-archive:1"} <= image_ids().keys()


def test_skopeo_reads_both_formats_of_an_export_with_every_digest(exported, skopeo, tmp_path):
    for name, digest in digests().items():
        layout = tmp_path / f"layout-{digest[7:19]}"
        skopeo("copy", "--all", f"oci-archive:{exported}:{name}", f"oci:{layout}:x")
        assert json.loads((layout / "index.json").read_text())["manifests"][0]["digest"] == digest
        skopeo("copy", f"docker-archive:{exported}:{name}", f"dir:{tmp_path / 'dir'}")
        shutil.rmtree(tmp_path / "dir")


def test_an_archive_of_skopeo_is_imported_with_the_same_digest(team, skopeo, tmp_path):
    source, written = tmp_path / "source.tar", tmp_path / "written.tar"
    source.write_bytes(archives.layout(archives.GOOD, "x"))
    skopeo("copy", "--preserve-digests", f"oci-archive:{source}:x", f"oci-archive:{written}:{NAME}")
    call_command("import_images", str(written))
    assert digests() == {NAME: archives.GOOD.digest}


def test_store_to_archive_to_store_keeps_every_digest(exported, other_team, team):
    before = digests()
    LocalImage.objects.filter(team=team).delete()
    call_command("import_images", str(exported), "--team", other_team.slug)
    assert {
        str(row.reference): row.digest for row in LocalImage.objects.filter(team=other_team)
    } == before
