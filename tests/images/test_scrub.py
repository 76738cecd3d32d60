import pytest

from registry_ui.images.models import TeamBlob
from registry_ui.images.scrub import scrub
from registry_ui.images.store import LocalStore, blob_directory
from registry_ui.oci.digest import Digest
from registry_ui.oci.manifest import Descriptor
from registry_ui.oci.reference import Reference
from tests.images.blob_sources import Source
from tests.images.test_store import blob_path, damage
from tests.parts.images import build_image

pytestmark = pytest.mark.postgresql


NAME = Reference.parse("registry.example.com/team/app:1.0")


def write(team, content: bytes) -> Descriptor:
    blob = Descriptor("", Digest.of(content), len(content))
    LocalStore(team, NAME).write_blob(blob, Source(content))
    return blob


def test_scrub_quarantines_a_damaged_blob_and_names_the_images(pulled, team):
    built = build_image(layer_size=500)
    image = pulled(team, str(NAME), built)
    layer = Digest.parse(built.layers[0])
    damage(layer)
    report = scrub()
    assert (report.damaged, report.affected) == ([layer], {layer: [image]})
    assert not LocalStore(team, NAME).has_blob(Descriptor("", layer, len(built.blobs[str(layer)])))

    later = scrub()
    assert (later.damaged, later.missing) == ([], [layer])

    pulled(team, str(NAME), built)
    assert scrub().is_clean


def test_a_repair_removes_file_and_row(pulled, team):
    built = build_image(layer_size=500)
    pulled(team, str(NAME), built)
    layer = Digest.parse(built.layers[0])
    damage(layer)
    scrub(repair=True)
    assert not list((blob_directory().root / "quarantine").iterdir())
    assert not TeamBlob.objects.filter(digest=str(layer)).exists()
    pulled(team, str(NAME), built)
    assert scrub().is_clean


def test_scrub_reports_differences_between_files_and_rows(pulled, team):
    built = build_image(layer_size=500)
    image = pulled(team, str(NAME), built)
    lost = Digest.parse(built.layers[1])
    blob_path(lost).unlink()
    extra = write(team, b"nobody's")
    TeamBlob.objects.filter(digest=str(extra.digest)).delete()
    report = scrub()
    assert (report.missing, report.orphaned, report.affected) == (
        [lost],
        [extra.digest],
        {lost: [image]},
    )
    assert not report.is_clean
