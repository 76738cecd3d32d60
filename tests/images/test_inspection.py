"""The contents of a local image for its page; damage is named and the rest shown."""

import pytest

from registry_ui.images.inspection import inspect_image
from registry_ui.images.store import blob_directory
from registry_ui.oci.digest import Digest
from tests.parts.images import build_index

pytestmark = pytest.mark.django_db

NAME = "registry.example.com/team/app:1.0"


def remove_file(digest):
    digest = Digest.parse(digest)
    path = blob_directory().root / "blobs" / digest.algorithm / digest.hex[:2] / digest.hex
    path.unlink()


def test_an_image_has_its_layers_and_facts(team, pulled):
    inspected = inspect_image(pulled(team, NAME))

    assert (inspected.problem, inspected.missing, inspected.platform_name) == (None, 0, "")
    assert inspected.kind == "OCI image"
    assert inspected.diagram.count == 2


def test_one_image_of_an_index_is_chosen(team, pulled):
    platforms = ["linux/amd64", "linux/arm64"]
    image = pulled(team, NAME, build_index(platforms=platforms, layer_size=1500))
    arm = next(row for row in image.platforms if row["platform"] == "linux/arm64")

    assert inspect_image(image, arm["digest"]).platform_name == "linux/arm64"
    assert inspect_image(image, "sha256:unknown").platform_name in platforms


def test_a_lost_layer_is_counted_and_the_rest_is_shown(team, pulled):
    image = pulled(team, NAME)
    layer = next(blob["digest"] for blob in image.blobs if blob["digest"] != image.image_id)
    remove_file(layer)

    inspected = inspect_image(image)

    assert (inspected.missing, inspected.problem) == (1, None)
    assert inspected.diagram.count == 2


def test_a_lost_manifest_is_the_pages_problem(team, pulled):
    image = pulled(team, NAME)
    remove_file(image.digest)

    inspected = inspect_image(image)

    assert inspected.problem is not None
    assert inspected.manifest is None


def test_images_that_share_a_layer_are_named_in_the_same_team_only(team, other_team, pulled):
    base = ["base"]
    first = pulled(team, NAME, shared_layers=base)
    pulled(team, "registry.example.com/team/other:1.0", shared_layers=base)
    pulled(other_team, "registry.example.com/their/app:1.0", shared_layers=base)

    sharers = [
        str(sharer)
        for layer in inspect_image(first).diagram.layers
        for sharer in (layer.sharing.sharers if layer.sharing else ())
    ]

    assert any("team/other" in text for text in sharers)
    assert not any("their/app" in text for text in sharers)
