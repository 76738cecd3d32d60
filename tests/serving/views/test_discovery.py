import json

import pytest

from tests.parts.images import build_image
from tests.serving.client import codes

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


NAME = "harbour/app"


def test_another_teams_blob_is_neither_mounted_nor_probed_nor_named(admin, outsider, image):
    admin.push(NAME, "1.0", image)
    digest = image.layers[0]

    for source in (NAME, "lighthouse/app", ""):
        mounted = outsider(
            "POST", f"/v2/lighthouse/app/blobs/uploads/?mount={digest}&from={source}"
        )
        assert mounted.status_code == 202

    for method in ("GET", "HEAD"):
        assert outsider(method, f"/v2/lighthouse/app/blobs/{digest}").status_code == 404
        assert outsider(method, f"/v2/lighthouse/app/manifests/{image.digest}").status_code == 404

    refused = outsider.put_manifest("lighthouse/app", "1.0", image.content, image.media_type)
    assert codes(refused) == ["MANIFEST_BLOB_UNKNOWN"]

    listed = outsider("GET", f"/v2/lighthouse/app/referrers/{image.digest}")
    assert json.loads(listed.content)["manifests"] == []


def test_the_catalog_has_only_repositories_of_ones_teams(admin, outsider, image):
    admin.push(NAME, "1.0", image)
    outsider.push("lighthouse/app", "1.0", build_image(layer_size=300))
    for calls, name in ((admin, NAME), (outsider, "lighthouse/app")):
        assert json.loads(calls("GET", "/v2/_catalog").content) == {"repositories": [name]}
