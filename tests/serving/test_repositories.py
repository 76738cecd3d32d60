import json

import pytest

from registry_ui.images.garbage_collection import collect
from registry_ui.images.models import ImmutableTagRule, LocalImage, TeamBlob
from registry_ui.images.store import blob_directory
from tests.parts.images import build_image, build_index
from tests.serving.client import codes

pytestmark = pytest.mark.postgresql


NAME = "harbour/app"


def names():
    return sorted(LocalImage.objects.values_list("tag", flat=True))


@pytest.mark.django_db
def test_the_manifests_of_an_index_have_no_names_of_their_own(admin):
    index = build_index(platforms=["linux/amd64", "linux/arm64"], attestation=True, layer_size=500)
    admin.push(NAME, "1.0", index)
    assert names() == ["1.0"]
    admin.put_manifest(NAME, index.children[0].digest, index.children[0].content)
    assert names() == ["1.0"]


@pytest.mark.django_db
def test_a_referrer_is_kept_as_long_as_its_subject(admin, image):
    admin.push(NAME, "1.0", image)
    subject = {"mediaType": image.media_type, "digest": image.digest, "size": image.size}
    content, _answer = admin.push_artifact(NAME, artifact_type="a/b", subject=subject)
    assert names() == ["1.0"]

    listed = json.loads(admin("GET", f"/v2/{NAME}/referrers/{image.digest}").content)["manifests"]
    collect(grace_seconds=0)
    assert (
        json.loads(admin("GET", f"/v2/{NAME}/referrers/{image.digest}").content)["manifests"]
        == listed
    )
    assert admin("GET", f"/v2/{NAME}/manifests/{listed[0]['digest']}").content == content

    admin("DELETE", f"/v2/{NAME}/manifests/1.0")
    collect(grace_seconds=0)
    collect(grace_seconds=0)
    assert not TeamBlob.objects.exists()
    assert list(blob_directory()) == []


@pytest.mark.django_db
def test_a_damaged_manifest_is_unknown_until_it_is_pushed_again(admin, image, images_directory):
    admin.push(NAME, "1.0", image)
    hexed = image.digest.removeprefix("sha256:")
    (images_directory / "blobs" / "sha256" / hexed[:2] / hexed).write_bytes(b"\0" * image.size)
    assert codes(admin("GET", f"/v2/{NAME}/manifests/1.0")) == ["MANIFEST_UNKNOWN"]
    admin.push(NAME, "1.0", image)
    assert admin("GET", f"/v2/{NAME}/manifests/1.0").content == image.content


@pytest.fixture
def rule(team):
    return ImmutableTagRule.objects.create(team=team, repository_pattern="app", tag_pattern="v*")


@pytest.mark.django_db
def test_an_immutable_tag_is_written_once(admin, operator, image, rule):
    other = build_image(layer_size=300)
    assert admin.push(NAME, "v1", image).status_code == 201

    admin.push(NAME, "latest", image)
    admin.push(NAME, "latest", other)

    for calls in (admin, operator):
        answer = calls.put_manifest(NAME, "v1", other.content)
        assert (answer.status_code, codes(answer)) == (403, ["DENIED"])

    assert admin.put_manifest(NAME, "v1", image.content).status_code == 201

    for reference in ("v1", image.digest):
        assert codes(admin("DELETE", f"/v2/{NAME}/manifests/{reference}")) == ["DENIED"]

    assert admin("GET", f"/v2/{NAME}/manifests/v1").content == image.content

    admin.push("harbour/other", "v1", image)
    admin.push("harbour/other", "v1", other)
