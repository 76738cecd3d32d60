"""Local images in the search."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registry_ui.images.models import LocalImage
from registry_ui.images.services import tag_image
from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference
from tests.parts.images import build_index

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]
NGINX = "docker.io/library/nginx:1.27-alpine"


@pytest.fixture
def built():
    return build_index(platforms=["linux/amd64", "linux/arm64"], layer_size=2000)


@pytest.fixture
def nginx(pulled, team, alice, built):
    return pulled(team, NGINX, built, user=alice)


@pytest.fixture
def search(client_for):
    def ask(person, text):
        response = client_for(person).get(
            reverse("web:search"), {"q": text}, headers={"HX-Request": "true"}
        )
        assert response.status_code == 200
        found = [group for group in response.context["groups"] if group.title == "Local images"]
        return [(str(hit.reference), hit.facts[0]) for group in found for hit in group.hits]

    return ask


@pytest.mark.parametrize(
    "text",
    [
        "nginx",
        "nginx:1.27",
        "library nginx alpine",
        "docker.io/",
        "docker.io/library/nginx:1",
        "NGINX:1.27-ALPINE",
    ],
)
def test_a_local_image_is_found_by_its_name(search, victor, nginx, text):
    assert [name for name, _fact in search(victor, text)] == [NGINX]


@pytest.mark.parametrize("text", ["redis", "nginx:1.28", "quay.io/", "nginx%", "x" * 300])
def test_another_name_is_not_found(search, victor, nginx, text):
    assert search(victor, text) == []


def test_every_digest_of_an_image_finds_it(search, victor, nginx, built):
    intel, arm = built.children
    assert search(victor, built.digest) == [(NGINX, "its digest")]
    assert search(victor, Digest.parse(built.digest).short) == [(NGINX, "its digest")]
    assert search(victor, arm.digest) == [(NGINX, "its image for linux/arm64")]
    assert search(victor, Digest.parse(arm.digest).short) == [(NGINX, "its image for linux/arm64")]
    assert search(victor, nginx.platforms[0]["image_id"]) == [
        (NGINX, "its image id for linux/amd64")
    ]
    assert search(victor, intel.layers[0]) == [(NGINX, "a layer or config of it")]


def test_the_index_of_a_single_platform_pull_finds_the_image(search, victor, nginx):
    source = f"sha256:{'5' * 64}"
    LocalImage.objects.update(source_digest=source)
    assert search(victor, source) == [(NGINX, "the index that it was pulled from")]


def test_all_names_of_an_image_are_found_by_its_id(search, victor, team, nginx):
    tag_image(
        team=team,
        user=None,
        source=nginx.reference,
        target=Reference.parse("registry.example.com/web:1"),
    )
    assert [name for name, _fact in search(victor, nginx.image_id)] == [
        NGINX,
        "registry.example.com/web:1",
    ]


def test_a_tag_that_looks_like_a_digest_is_found_as_a_name(search, victor, pulled, team):
    pulled(team, "registry.example.com/app:202611240155")
    assert [name for name, _fact in search(victor, "202611240155")] == [
        "registry.example.com/app:202611240155"
    ]


def test_an_outsider_finds_nothing(search, charlie, pulled, other_team, nginx, built):
    pulled(other_team, "docker.io/library/redis:7")
    for text in (
        "nginx",
        NGINX,
        built.digest,
        built.children[0].digest,
        built.children[0].layers[0],
        nginx.image_id,
        Digest.parse(built.digest).short,
    ):
        assert search(charlie, text) == [], text


def test_a_digest_takes_twelve_queries_at_most(client_for, victor, nginx, built):
    client = client_for(victor)
    for text in (
        built.digest,
        built.children[0].layers[0],
        f"docker.io/nginx@{built.digest}",
        Digest.parse(built.digest).short,
    ):
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("web:search"), {"q": text}, headers={"HX-Request": "true"})
        assert len(queries) <= 12, text
