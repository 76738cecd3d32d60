import pytest

from registry_ui.images.garbage_collection import collect
from registry_ui.images.models import LocalImage
from tests.parts.images import build_image

pytestmark = pytest.mark.postgresql


NAME = "harbour/app"


def names():
    return sorted(LocalImage.objects.values_list("tag", flat=True))


@pytest.mark.django_db
def test_a_manifest_pushed_by_digest_is_an_image_without_a_tag(admin, image):
    for digest, content in image.blobs.items():
        admin.push_blob(NAME, content, digest)
    admin.put_manifest(NAME, image.digest, image.content)
    assert names() == [""]
    collect(grace_seconds=0)
    assert admin("GET", f"/v2/{NAME}/manifests/{image.digest}").content == image.content
    admin.put_manifest(NAME, "1.0", image.content)
    assert names() == ["1.0"]


@pytest.mark.django_db
def test_an_image_without_a_name_is_collected_after_the_grace_period(admin, image):
    admin.push(NAME, "1.0", image)
    admin.push(NAME, "1.0", build_image(layer_size=300))
    collect(grace_seconds=3600)
    assert admin("GET", f"/v2/{NAME}/manifests/{image.digest}").status_code == 200
    collect(grace_seconds=0)
    assert admin("GET", f"/v2/{NAME}/manifests/{image.digest}").status_code == 404
    assert admin("GET", f"/v2/{NAME}/manifests/1.0").status_code == 200
