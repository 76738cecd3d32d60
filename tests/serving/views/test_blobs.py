import pytest

from tests.serving.client import content_of

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


NAME = "harbour/app"


def test_two_teams_that_push_the_same_bytes_both_have_them(admin, outsider, image):
    admin.push(NAME, "1.0", image)
    outsider.push("lighthouse/app", "1.0", image)
    outsider("DELETE", f"/v2/lighthouse/app/manifests/{image.digest}")
    assert admin("GET", f"/v2/{NAME}/manifests/1.0").content == image.content
    assert (
        content_of(admin("GET", f"/v2/{NAME}/blobs/{image.layers[0]}"))
        == image.blobs[image.layers[0]]
    )
    assert outsider("GET", f"/v2/lighthouse/app/manifests/{image.digest}").status_code == 404
